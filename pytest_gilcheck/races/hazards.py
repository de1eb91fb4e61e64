"""Hazards: what may go wrong by the order of events in some executions, whether it was seen to or not.

See :mod:`compound` and :mod:`lock_order` for what they are. Of two events that no lock, start, join or hand-over orders it
has to be seen, too, that they come in both orders, or that the one comes into the other: what a program orders by the
values that threads pass to one another is no hazard.
"""

from __future__ import annotations

import linecache
from collections.abc import Iterator, Sequence
from typing import cast

from pytest_gilcheck.races.compound import Compounds, Intrusion, key_of
from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.excused import excused
from pytest_gilcheck.races.holding import Holding
from pytest_gilcheck.races.lock_order import Edge, cycles
from pytest_gilcheck.races.operations import Location
from pytest_gilcheck.races.sites import Site
from pytest_gilcheck.verdict import Hazard, HazardPlace

__all__ = ["Hazard", "HazardPlace", "Hazards"]

#: So many executions are judged: the first, other orders of whole threads, those in which a read saw what none had before,
#: and those in which threads did more or less than in others.
MOST_JUDGED = 8
#: So many are remembered for the order that events came in.
MOST_REMEMBERED = 24
#: No more events of an execution are looked at, and of all that are judged: a thousand take about 3 ms.
MOST_EVENTS = 3_000
MOST_IN_ALL = 6_000
#: No more hazards are told.
MOST_TOLD = 20

_LONGEST_NAME = 40

_Moment = tuple[int, Site, int, Act]


class Hazards:
    """Remembers the events of some executions, and judges them when :meth:`found` is called."""

    def __init__(self) -> None:
        self._judged: list[Sequence[Event]] = []
        self._remembered: list[Sequence[Event]] = []

    def learn(self, events: Sequence[Event], *, promising: bool) -> None:
        """Take note of an execution; it is judged if it is ``promising``, or longer or shorter than all before."""
        if len(self._remembered) < MOST_REMEMBERED:
            new = promising or all(len(events) != len(other) for other in self._remembered)
            self._remembered.append(events)
            if new and len(self._judged) < MOST_JUDGED:
                self._judged.append(events)

    def found(self, *, locks: bool = True) -> tuple[Hazard, ...]:
        """The hazards, by file and line; the same lines once. ``locks``: also locks that are taken in opposite orders.

        None has a line that is excused.
        """
        found: dict[object, Hazard] = {}
        orders = _Orders([events[:MOST_EVENTS] for events in self._remembered])
        left = MOST_IN_ALL
        for whole in self._judged:
            events = whole[: min(MOST_EVENTS, left)]
            left -= len(events)
            for hazard in _of(events, orders, locks=locks):
                lines = sorted({(place.file, place.line) for place in hazard.places})
                found.setdefault((hazard.kind, *lines), hazard)
        hazards = [hazard for hazard in found.values() if not any(excused(p.file, p.line) for p in hazard.places)]
        hazards.sort(key=lambda hazard: [(place.file, place.line, place.thread) for place in hazard.places])
        return tuple(hazards[:MOST_TOLD])


class _Orders:
    """In which order two moments of different threads came."""

    def __init__(self, executions: list[Sequence[Event]]) -> None:
        self._executions = executions
        self._numbers: list[dict[_Moment, int]] = []

    def differ(self, one: Event, other: Event) -> bool:
        """Whether there are executions in which the one came first, and executions in which the other did."""
        first = _moment(one), _moment(other)
        seen = set()
        for numbers in self._indexed():
            before, after = (numbers.get(moment) if moment is not None else None for moment in first)
            if before is not None and after is not None:
                seen.add(before < after)
            if len(seen) > 1:
                return True
        return False

    def _indexed(self) -> Iterator[dict[_Moment, int]]:
        for number, events in enumerate(self._executions):
            if number == len(self._numbers):
                index: dict[_Moment, int] = {}
                for position, event in enumerate(events):
                    moment = _moment(event)
                    if moment is not None:
                        index.setdefault(moment, position)
                self._numbers.append(index)
            yield self._numbers[number]


def _moment(event: Event) -> _Moment | None:
    """What an event is called in other executions."""
    return None if event.site is None else (event.thread, event.site, event.passage, event.act)


def _of(events: Sequence[Event], orders: _Orders, *, locks: bool) -> Iterator[Hazard]:
    holding = Holding(events)
    telling = _Telling(events, holding)
    for intrusion in Compounds(events, holding).intrusions():
        if intrusion.happened or orders.differ(events[intrusion.between], events[intrusion.last]):
            yield telling.of_intrusion(intrusion)
    for cycle in cycles(events, holding) if locks else ():
        takes = [events[holding.near[edge.take]] for edge in cycle]
        if all(orders.differ(one, other) for one, other in zip(takes, [*takes[1:], takes[0]], strict=True)):
            yield telling.of_cycle(cycle)


class _Telling:
    """Says what was found in ``events``."""

    def __init__(self, events: Sequence[Event], holding: Holding) -> None:
        self._events = events
        self._holding = holding

    def of_intrusion(self, intrusion: Intrusion) -> Hazard:
        """Of a read and a write, or a step of an iteration, and what may come between."""
        first, between, last = (self._events[n] for n in (intrusion.first, intrusion.between, intrusion.last))
        name, other = _named(last), between.thread
        places = [self._place(intrusion.first, "reads"), self._place(intrusion.last, "writes")]
        if intrusion.first == intrusion.last:
            places = [self._place(intrusion.first, "iterates over")]
            text = (
                f"thread {first.thread} iterates over {name}, and no order keeps thread {other} from changing it meanwhile"
            )
        elif intrusion.split:
            text = (
                f"thread {first.thread} reads {name} and writes it in another section of the same lock, which was free in "
                f"between: thread {other} may have written it"
            )
        else:
            text = (
                f"thread {first.thread} reads {name} and then writes what depends on that, and no order keeps thread "
                f"{other} from writing it in between"
            )
        kind = "split" if intrusion.split else "unordered"
        return Hazard(kind=kind, text=text, places=(*places, self._place(intrusion.between, "writes")))

    def of_cycle(self, cycle: tuple[Edge, ...]) -> Hazard:
        """Of locks that are taken in opposite orders."""
        places = [self._at(edge.take, "takes a lock", self._taken(edge.take)) for edge in cycle]
        threads = [f"thread {edge.thread}" for edge in cycle]
        text = (
            f"{', '.join(threads[:-1])} and {threads[-1]} each take a lock while they hold one that the next of them takes"
        )
        return Hazard(kind="lock-order", text=f"{text}: they may wait for one another for ever", places=tuple(places))

    def _place(self, number: int, verb: str) -> HazardPlace:
        event = self._events[number]
        site = event.site
        assert site is not None
        return self._at(number, f"{verb} {_named(event, whose=False)}", _place_of(site))

    def _at(self, number: int, act: str, where: tuple[str, int, str]) -> HazardPlace:
        locks = tuple("{}:{}".format(*self._taken(since)) for since in self._holding.held[number].values())
        return _at_place(where, self._events[number].thread, act, locks)

    def _taken(self, take: int) -> tuple[str, int, str]:
        """Where a lock was taken; of one that the library takes, who called that."""
        where = self._events[take].part
        return _place_of(where) if isinstance(where, Site) else cast("tuple[str, int, str]", where)


def hazard_place(event: Event, act: str) -> HazardPlace | None:
    """Where ``event`` happened, if that is known; its thread does ``act`` there."""
    return None if event.site is None else _at_place(_place_of(event.site), event.thread, act, ())


def _at_place(where: tuple[str, int, str], thread: int, act: str, locks: tuple[str, ...]) -> HazardPlace:
    file, line, function = where
    source = linecache.getline(file, line).strip()
    return HazardPlace(thread=thread, file=file, line=line, function=function, source=source, act=act, locks=locks)


def _place_of(site: Site) -> tuple[str, int, str]:
    return site.code.co_filename, site.line or 0, site.code.co_qualname


def _named(event: Event, *, whose: bool = True) -> str:
    """A location in words, without asking any object of the user's for its ``repr``."""
    kind = type.__dict__["__name__"].__get__(event.kind)
    key = key_of(event)
    if issubclass(event.kind, Location):
        return "state of the whole process"
    if key is None:
        return f"a {kind}"[:_LONGEST_NAME]
    part = key[0] if isinstance(key, tuple) and key else None
    if isinstance(key, str):
        name = f".{key}"
    elif type(part) in {str, int, bool, bytes}:
        name = f"[{part!r}]"
    else:
        return f"an item of a {kind}"
    return f"{name[:_LONGEST_NAME]} of a {kind}" if whose else name[:_LONGEST_NAME]
