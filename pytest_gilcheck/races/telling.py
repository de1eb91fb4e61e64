"""From what was seen of an execution to its story: moments become lines of source, those around the switches are told."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from types import CellType

from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.naming import Name
from pytest_gilcheck.races.observing import Held, Moment, Observed, Plight
from pytest_gilcheck.races.peeking import plain
from pytest_gilcheck.races.sites import Kind
from pytest_gilcheck.races.stale import Stale, stale
from pytest_gilcheck.races.story import ABSENT, Doing, Hold, Line, Place, Story, Stuck

#: So many lines before and after a switch are told; what lies between is left out.
_AROUND = 4
#: No more lines than these are told: the first ones, and the last ones, which are closest to the failure.
_FIRST, _LAST = 8, 32
# A line that does more than this, such as one that goes over a long list, is told by the last things that it did.
_MOST_ACTS = 6
# So many moments are the beginning of an execution that does not end: they are seen in time on a busy machine, too.
_BEGINNING = 400
_LONGEST_SOURCE = 200
# Of more threads that are stuck nobody wants to read.
_MOST_STUCK = 16

_OF_LOCKS = {Act.TAKE: "takes", Act.FREE: "releases", Act.BLOCK: "waits for"}
_DELETES = frozenset({Kind.DELETE_ATTR, Kind.DELETE_ITEM, Kind.DELETE_GLOBAL, Kind.DELETE_CELL})


def tell(seen: Observed, *, ends: bool = True) -> Story:
    """The story of what was seen. What the standard library does for itself is told as one call of it.

    ``ends`` is false for an execution that does not: then it is told how it began, as what is seen of the rest of it is
    a matter of time.
    """
    first = _without_paths(seen.first if ends else seen.first[:_BEGINNING])
    last = _without_paths(list(seen.last) if ends else [])
    moments = [*first, *last]
    conflicts = stale(moments, seen.switches)
    labels = _labels(_names(moments, seen))
    teller = _Teller(labels, {number: each for each in conflicts for number in each.moments})
    lines = teller.lines(moments, 0, len(first))
    if last:
        following = teller.lines(moments, len(first), len(moments))
        lines += [replace(line, left_out=0 if number else seen.dropped) for number, line in enumerate(following)]
    return Story(
        lines=_around_switches(_with_exceptions(lines, seen), first_only=not ends),
        stuck=tuple(teller.stuck(plight) for plight in seen.plights[:_MOST_STUCK]) if ends else (),
        cause=_cause(seen, next((labels[moments[each.noted].name] for each in conflicts if each.lost), None)),
    )


def _without_paths(moments: list[Moment]) -> list[Moment]:
    """Without the reads of attributes that nobody writes and that only lead to a container, of which an item is used."""
    written = {moment.name for moment in moments if moment.event.act is Act.WRITE}
    containers = {
        (owner, number, rest.partition("[")[0]) for owner, number, rest in {m.name for m in moments} if "[" in rest
    }
    return [
        moment
        for moment in moments
        if moment.event.act is not Act.READ
        or type(moment.event.key) is not str
        or moment.name in written
        or moment.name not in containers
    ]


def _cause(seen: Observed, lost: str | None) -> str | None:
    """What the first of the threads that raised something did; a lost update says more than that an assertion failed."""
    raised = next((f"{text.partition('(')[0]} in thread {thread}" for thread, text, _ in seen.raised), None)
    if lost is None or (raised is not None and not raised.startswith("AssertionError ")):
        return raised
    return f"lost update of {lost}"


def _names(moments: Iterable[Moment], seen: Observed) -> Iterator[Name]:
    for moment in moments:
        yield moment.name
        yield from (held.name for held in moment.held)
    for plight in seen.plights:
        yield from (held.name for held in plight.held)
        if plight.lock is not None:
            yield plight.lock


def _labels(names: Iterable[Name]) -> dict[Name, str]:
    """A text for each name; where several objects go by the same, they are numbered in the order of their appearance."""
    alike: dict[str, list[int]] = {}
    every = dict.fromkeys(names)
    for owner, number, _ in every:
        numbers = alike.setdefault(owner, [])
        if number and number not in numbers:
            numbers.append(number)

    def label(name: Name) -> str:
        owner, number, rest = name
        numbers = alike[owner]
        return f"{owner}#{numbers.index(number) + 1}{rest}" if number and len(numbers) > 1 else f"{owner}{rest}"

    return {name: label(name) for name in every}


class _Teller:
    """Makes lines of moments. ``conflicts`` are those that are part of one, by number."""

    def __init__(self, labels: dict[Name, str], conflicts: dict[int, Stale]) -> None:
        self._labels = labels
        self._conflicts = conflicts

    def lines(self, moments: Sequence[Moment], begin: int, end: int) -> list[Line]:
        """What each thread did from one moment to another, what it did on one line together."""
        lines: list[Line] = []
        for number in range(begin, end):
            moment = moments[number]
            doing = self._doing(number, moment)
            if doing is None:
                continue
            last = lines[-1] if lines else None
            if last is None or (last.thread, last.at.file, last.at.line) != (moment.event.thread, moment.file, moment.line):
                lines.append(Line(thread=moment.event.thread, at=place(moment.file, moment.line), acts=(doing,)))
            elif doing not in last.acts[-2:]:
                acts = (*last.acts, doing)
                lines[-1] = replace(last, acts=acts if len(acts) <= _MOST_ACTS else (acts[0], *acts[2:]))
            if doing.conflict:
                lines[-1] = replace(lines[-1], holds=self._holds(moment.held))
        return lines

    def stuck(self, plight: Plight) -> Stuck:
        """The thread that was in this plight."""
        what = plight.what
        if plight.lock is not None:
            what = self._labels[plight.lock]
        elif what is not None and plight.call is not None:
            what = _named(what, plight.call)
        return Stuck(
            thread=plight.thread,
            name=plain(str(plight.name)),
            what=what,
            at=place(plight.file, plight.line),
            holder=plight.holder,
            holds=self._holds(plight.held),
        )

    def _holds(self, held: Iterable[Held]) -> tuple[Hold, ...]:
        return tuple(Hold(what=self._labels[each.name], at=place(each.file, each.line)) for each in held)

    def _doing(self, number: int, moment: Moment) -> Doing | None:
        act = moment.event.act
        if moment.via is not None:
            return Doing(verb=moment.via[0], what=moment.via[1])
        what = self._labels[moment.name]
        if act in _OF_LOCKS:
            return Doing(verb=_OF_LOCKS[act], what=what)
        if act not in {Act.READ, Act.WRITE}:
            return None
        conflict = self._conflicts.get(number)
        note = conflict.note if conflict is not None and conflict.noted == number else None
        verb, what, before, after = _told(moment, what)
        return Doing(verb=verb, what=what, before=before, after=after, conflict=conflict is not None, note=note)


_THINGS = ("a condition", "a queue", "an event", "a semaphore", "a barrier", "a future")


def _named(what: str, call: str) -> str:
    """What is waited for in a call of the library, with the name of what it is called on."""
    owner = call.rpartition(".")[0]
    thing = next((thing for thing in _THINGS if thing in what), None)
    return f"{what}, in {call}" if thing is None or not owner else what.replace(thing, owner)


def _told(moment: Moment, what: str) -> tuple[str, str, str | None, str | None]:
    """The verb, and of what, and the values: of all of an object only what has changed, if that can be told."""
    event, before, after = moment.event, moment.before, moment.after
    deletes = event.site is not None and event.site.kind in _DELETES
    whole = moment.key is None and not issubclass(event.kind, CellType)
    if event.act is Act.READ:
        return "reads", what, None if whole and before is not None and before.startswith("<") else before, None
    if deletes and moment.key is not None and before == ABSENT:
        return "deletes", what, before, None
    if not whole:
        return "deletes" if deletes else "writes", what, before, ABSENT if deletes and after is None else after
    if moment.changed is not None:
        key, before, after = moment.changed
        return "deletes" if after == ABSENT else "writes", f"{what}[{key}]", before, after
    if before is None or before.startswith("<"):
        return "uses", what, None, None
    if before == after:
        return "deletes from" if deletes else "uses", what, before, None
    return "changes", what, before, after


def place(file: str, line: int) -> Place:
    """A line with its source as it is now, in printable ASCII; without, where there is none."""
    source = linecache.getline(file, line).strip().expandtabs(1) if not file.startswith("<") else ""
    return Place(file=file, line=line, source=plain(source[:_LONGEST_SOURCE]))


def _with_exceptions(lines: list[Line], seen: Observed) -> list[Line]:
    """The exceptions that ended threads, each after the last that its thread did."""
    for thread, text, (file, number) in seen.raised:
        doing = Doing(verb="raises", what=text)
        last = max((index for index, line in enumerate(lines) if line.thread == thread), default=None)
        if last is None:
            continue
        if (lines[last].at.file, lines[last].at.line) == (file, number):
            lines[last] = replace(lines[last], acts=(*lines[last].acts, doing))
        else:
            lines.insert(last + 1, Line(thread=thread, at=place(file, number), acts=(doing,)))
    return lines


def _around_switches(lines: list[Line], *, first_only: bool) -> tuple[Line, ...]:
    switches = [number for number, (one, other) in enumerate(pairwise(lines), 1) if one.thread != other.thread]
    near = sorted(
        {number for switch in switches for number in range(switch - _AROUND, switch + _AROUND)} or range(len(lines))
    )
    near = [number for number in near if 0 <= number < len(lines)]
    if first_only:
        near = near[: _FIRST + _LAST // 2]
    elif len(near) > _FIRST + _LAST:
        near = near[:_FIRST] + near[-_LAST:]
    kept: list[Line] = []
    for before, number in pairwise([-1, *near]):
        untold = sum(line.left_out for line in lines[before + 1 : number + 1]) + number - before - 1
        kept.append(replace(lines[number], left_out=untold))
    return tuple(kept)
