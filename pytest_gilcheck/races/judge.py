"""What executions show that raise nothing and hang nowhere: lost updates, and outcomes that no serial order gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from fnmatch import fnmatchcase
from typing import NamedTuple

from pytest_gilcheck.races.events import Event
from pytest_gilcheck.races.excused import excused
from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.hazards import hazard_place
from pytest_gilcheck.races.oracles import Rules, lost_updates
from pytest_gilcheck.races.oracles.addresses import new_addresses
from pytest_gilcheck.races.oracles.outcome import Outcome
from pytest_gilcheck.races.oracles.serial import Mismatch, Orders, SerialOutcomes
from pytest_gilcheck.races.oracles.steps import Conduct, conduct
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.sites import Site
from pytest_gilcheck.verdict import Hazard


class Finding(NamedTuple):
    """A kind of failure, and what happened in words."""

    kind: str
    text: str


class Judge:
    """Judges executions of one exploration.

    ``in_order`` runs the operations one after another, in the orders given. ``hazards`` are what was found and may be
    right, or is somebody else's affair.
    """

    def __init__(self, *, scope: Scope, rules: Rules, in_order: Callable[[Orders], Result], seed: int) -> None:
        self._scope = scope
        self._rules = rules
        self._updates = None if "lost-update" in rules.ignored else lost_updates.Updates()
        self._serial = None if "unserialisable" in rules.ignored else SerialOutcomes(self._outcomes, seed)
        self._in_order = in_order
        self._hot: set[Site] | None = None
        self._worth = False
        self._hazards: dict[object, Hazard] = {}
        self._excused: set[str] = set()  # what in the state is called that may lose updates

    @property
    def hazards(self) -> tuple[Hazard, ...]:
        """See above; the same places once."""
        return tuple(self._hazards.values())

    def learn(self, plain: Result) -> None:
        """``plain`` is an execution in which the operations had the order in which they are written."""
        if self._serial is not None and plain.outcomes:
            self._serial.add(plain.outcomes)

    def suspects(self, result: Result, hot: set[Site]) -> bool:
        """Whether ``result`` is worth another look, at its values. ``hot`` are the sites that are watched."""
        if result.reason is not None:
            return False
        if self._updates is not None:
            if hot is not self._hot:
                self._hot, self._worth = hot, self._updates.among(iter(hot))
            if self._worth and any(True for _ in self._updates.suspects(result.events)):
                return True
        return (
            self._serial is not None
            and bool(result.outcomes)
            and self._serial.judge(result.outcomes, self._excused) is not None
        )

    def findings(self, result: Result) -> Iterator[Finding]:
        """The failures that ``result`` shows; none if its values were not noted."""
        values, events = result.values, result.events
        if values is None or result.reason is not None:
            return
        if self._updates is not None:
            for each in self._updates.found(events, values):
                write = events[each.write]
                site, name = write.site, lost_updates.name(write)
                assert site is not None
                meant = any(fnmatchcase(name, pattern) for pattern in self._rules.approximate)
                if meant or excused(site.code.co_filename, site.line or 0):
                    self._excused.add(lost_updates.part(write))
                elif self._scope.answerable(site.code):
                    yield Finding("lost-update", lost_updates.said(each, events, values))
                else:
                    acts = ((each.read, "reads it"), (each.lost, "writes it meanwhile"), (each.write, "writes over that"))
                    self._note("lost-update", f"an update of {name} was lost", [(events[n], act) for n, act in acts])
        mismatch = self._mismatch(result)
        if mismatch is not None and self._at_once(result):
            if not mismatch.sampled:
                yield Finding("unserialisable", mismatch.text)
            else:
                text = "the operations came out as in none of the serial orders that were run, which were not all"
                threads = {thread for outcome in result.outcomes for thread in outcome.threads}
                first = {event.thread: event for event in reversed(events) if event.site and event.thread in threads}
                self._note("unserialisable", text, [(event, "takes part") for _, event in sorted(first.items())])

    def _note(self, kind: str, text: str, acts: Sequence[tuple[Event, str]]) -> None:
        places = tuple(place for event, act in acts if (place := hazard_place(event, act)) is not None)
        if places:
            key = (kind, *sorted((place.file, place.line) for place in places))
            self._hazards.setdefault(key, Hazard(kind=kind, text=text, places=places))

    def _mismatch(self, result: Result) -> Mismatch | None:
        if self._serial is None or not result.outcomes:
            return None
        return self._serial.judge(result.outcomes, self._excused)

    def _at_once(self, result: Result) -> bool:
        """Whether it may be expected of the operations of ``result`` that they come out as in some serial order."""
        if self._rules.atomic:
            return True
        if any(outcome.weak or outcome.unfinished for outcome in result.outcomes) or not _are_alone(result):
            return False
        assert self._serial is not None
        threads = [thread for outcome in result.outcomes for thread in outcome.threads]
        conducts = {thread: conduct(result.events, thread) for thread in threads}
        if not all(each.at_once for each in conducts.values()):
            return False
        glances = {thread for thread, each in conducts.items() if _is_glance(each)}
        spread = any(each.spread for each in conducts.values())
        # Who only glances at what others change without a lock, one thing after another, sees how far they have come.
        return not (glances and spread) or self._serial.judge(result.outcomes, self._excused, glances) is not None

    def mask(self, one: Result, other: Result) -> None:
        """Both had the same schedule: what differs in their outcomes decides nothing."""
        if self._serial is not None:
            self._serial.mask(one.outcomes, other.outcomes)

    def _outcomes(self, orders: Orders, *, elsewhere: bool) -> tuple[Outcome, ...] | None:
        with new_addresses() if elsewhere else nullcontext():
            result = self._in_order(orders)
        return None if result.reason is not None else result.outcomes


def _is_glance(conduct: Conduct) -> bool:
    return not (conduct.wrote or conduct.guarded)


def _are_alone(result: Result) -> bool:
    """Whether nobody else, such as a pool of threads that the operations use, did anything that they had to do with until
    their end: what others do takes its own time."""
    threads = {thread for outcome in result.outcomes for thread in outcome.threads}
    numbers = [number for number, event in enumerate(result.events) if event.thread in threads]
    during = result.events[numbers[0] : numbers[-1]] if numbers else ()
    return threads.union((0,)).issuperset(event.thread for event in during)
