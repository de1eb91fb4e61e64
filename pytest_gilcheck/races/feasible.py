"""Can a failure happen on an interpreter with the GIL? The same failure is searched for with switches only where it may
hand over the GIL."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.exploration import Budget, Exploration, Failure
from pytest_gilcheck.races.handover import HandoverLaboratory
from pytest_gilcheck.races.oracles import Rules
from pytest_gilcheck.races.planning import IN_TURN, Plan
from pytest_gilcheck.races.schedule import Schedule
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.schedulers.systematic import Systematic
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.search import Search
from pytest_gilcheck.races.witnessing import same
from pytest_gilcheck.verdict import Race

#: What is spent on it: enough to try all interleavings of a small program, and not more than a user would notice.
SECONDS = 0.5
SCHEDULES = 3_000
#: The longest that one execution may take, in seconds, if others took no longer than the second of these.
LIMIT = 2.0
LONG = 0.25

YES = "yes"
NO = "no: free-threaded builds only, today"
# These are never said to be impossible: a thread lets go of the GIL where it waits for a lock, and it takes no more for that
# than somebody else, or the same code once more, that holds the lock for a moment.
_CONTENDED = frozenset({"deadlock"})
# So many directed and random schedules come for each so many of the systematic search.
_SYSTEMATIC = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Feasible:
    """``answer`` is ``True`` if a schedule showed it, ``False`` if all ran and none did; ``None``: neither, or the question
    does not arise, and ``said`` is empty. ``schedules`` ran for it."""

    answer: bool | None
    said: str
    schedules: int = 0


def with_gil(
    scenario: Callable[[], object],
    scope: Scope,
    failure: Failure,
    *,
    rules: Rules | None = None,
    execution: float = 0.0,
    budget: Budget | None = None,
) -> Feasible:
    """Whether ``failure``, which was witnessed, can happen on this interpreter.

    To be used inside of ``quiet()``. ``rules`` are those under which it counts, and ``execution`` is what one takes, in
    seconds: if that is long, none is made.
    """
    if not holds_gil():
        return Feasible(answer=None, said="")
    if all(switch.place is None for switch in failure.schedule.switches):
        return Feasible(answer=True, said=YES)  # where a thread waits or ends, any other may go on
    if failure.kind in {"timeout", "livelock"} or execution > LONG:
        return Feasible(answer=None, said="not searched for: a schedule takes too long")
    budget = budget or Budget(seconds=SECONDS, schedules=SCHEDULES, limit=LIMIT)
    laboratory = HandoverLaboratory(scenario, scope)
    with laboratory.open():
        search = _Search(laboratory, failure, budget, rules)
        found = search.look()
        return _answer(search, failure, found, doubted=search.unsure or laboratory.doubted or laboratory.broken_off)


def holds_gil() -> bool:
    """Whether only one thread at a time runs on this interpreter."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def _answer(search: _Search, failure: Failure, found: Exploration, *, doubted: bool) -> Feasible:
    if search.found:
        return Feasible(answer=True, said=YES, schedules=search.schedules)
    everything = found.coverage == "exhausted" and found.preemption_bound is None
    if everything and not doubted and failure.kind not in _CONTENDED:
        return Feasible(answer=False, said=NO, schedules=search.schedules)
    count = f"{search.schedules:,} schedule{'s' * (search.schedules != 1)}"
    return Feasible(answer=None, said=f"not found in {count}", schedules=search.schedules)


class _Plan(Plan):
    """First what is directed, then everything, with other schedules in between.

    Nothing is left out as equivalent: what the reduction takes for one step ends at each place where threads meet, and here
    steps are longer.
    """

    @staticmethod
    def systematic(bound: int | None) -> Systematic:
        """See :meth:`Plan.systematic`."""
        return Systematic(bound, reduced=False)

    def _mixture(self) -> Iterator[Scheduler]:
        chance = self._samples(IN_TURN)
        for number, scheduler in enumerate(self._systematic(iter((None,)))):
            yield scheduler
            if number % _SYSTEMATIC == 0 and not self.everything:
                yield from islice(self._directed(), 1)
                yield from islice(chance, 1)
        if not self.everything:
            yield from chance


class _Search(Search):
    """Looks for ``failure`` and no other; ``found`` it, or was ``unsure``: it was seen, and not seen again."""

    def __init__(self, laboratory: HandoverLaboratory, failure: Failure, budget: Budget, rules: Rules | None) -> None:
        super().__init__(laboratory, name="", strategy="auto", budget=budget, seed=0, bound=None, rules=rules)
        self._plan = _Plan(laboratory, strategy="auto", budget=budget, seed=0, bound=None, count=lambda: self.schedules)
        self._laboratory = laboratory
        # Which orders are serial is looked at only when a failure has been shown again.
        self._wanted = replace(failure, kind="exception") if failure.kind == "order" else failure
        self._limit = budget.limit
        self.found = False
        self.unsure = False

    def look(self) -> Exploration:
        """Try the schedule that is known to fail, then search."""
        ended = self._before_the_search(None)
        if ended is not None:
            return ended
        self.schedules += 1
        return self._again(self._wanted.schedule) or self._search()

    def _again(self, schedule: Schedule) -> Exploration | None:
        """Whether ``schedule`` shows it, as far as it can be followed."""
        result = self._laboratory.shown(schedule, self._limit)
        if result is None or not same(self.failed(result), self._wanted):
            return None
        self.found = True
        return self.conclude(Race.RACE, YES)

    def _witness(self, result: Result, failure: Failure, number: int) -> Exploration | None:  # noqa: ARG002
        if not same(failure, self._wanted):
            return None
        shown = self._again(result.schedule)
        self.unsure = self.unsure or shown is None
        return shown

    def _first_failed(self, reference: Result, failure: Failure) -> Exploration:
        return self._witness(reference, failure, self.schedules) or self.conclude(Race.NONDETERMINISTIC, failure.text)
