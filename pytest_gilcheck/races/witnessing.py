"""Failures that are shown again: the same schedule fails each time, and one with fewer switches does, too."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.exploration import Failure
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.oracles import JUDGED
from pytest_gilcheck.races.schedule import Schedule
from pytest_gilcheck.races.schedulers.replaying import Replaying
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.shrink import shrunk
from pytest_gilcheck.races.sites import Site
from pytest_gilcheck.races.story import Story
from pytest_gilcheck.races.telling import tell
from pytest_gilcheck.verdict import Race

# So often in a row has a failing schedule to fail again: once may be chance, where addresses of objects decide an order.
_CONFIRMATIONS = 3
# ... and more often if that takes less than so many seconds.
_MOST_CONFIRMATIONS = 8
_CONFIRMING_SECONDS = 0.1
# So much of its limit may an execution that does not end take when it is only told: how it began is soon seen. It is not
# told when that is less than so many seconds.
_STORY_SHARE = 0.1
_LEAST_STORY = 0.3
# So often the plain order runs again when another schedule failed: a test that fails by chance may fail there as well.
_PLAIN_AGAIN = 3
# A shorter schedule may leave a thread in a loop that waits for what never comes then. So many times as long as the failure
# took may an attempt take, and so many seconds at least.
_PATIENCE = 10.0
_LEAST_PATIENCE = 0.1
_ENDLESS = frozenset({"livelock", "timeout"})
# What ends an execution that does not end by itself.
_CUT_SHORT = _ENDLESS | {"spin"}
_HANGS = frozenset({"lost-wakeup", "livelock", "timeout", "thread-left"})
_DEADLOCKS = frozenset({"deadlock", "self-deadlock", "lock-left-held", "lock-held"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What ``schedule`` showed in its last repetition: a failure or none, and the execution, which took ``seconds``."""

    schedule: Schedule
    failure: Failure | None
    result: Result
    seconds: float = 0.0


class Witnessing:
    """Repeats schedules in ``laboratory``; ``failed`` tells what failed in an execution, ``limit`` how long one may take."""

    def __init__(self, laboratory: Laboratory, limit: float, failed: Callable[[Result], Failure | None]) -> None:
        self._lab = laboratory
        self._limit = limit
        self._failed = failed

    def repeated(self, schedule: Schedule, failure: Failure) -> Witness:
        """The failure that the schedule shows each time, or what it shows when it does not show that one.

        What is judged by events shows nothing if threads do not do the same each time: a thread that goes by chance may
        well come to the same lines a few times in a row. The first time may differ, as it fills caches.
        """
        least = _CONFIRMATIONS if failure.kind != "timeout" else 1
        end = time.monotonic() + _CONFIRMING_SECONDS
        before: list[tuple[int, Act, Site | None]] | None = None
        for number in range(_MOST_CONFIRMATIONS):
            if number >= least and time.monotonic() > end:
                break
            witness = self.once(schedule, failure)
            if not same(witness.failure, failure):
                break
            if failure.kind in JUDGED and number:
                did = [(event.thread, event.act, event.site) for event in witness.result.events]
                if before is not None and did != before:
                    return replace(witness, failure=None)
                before = did
        return witness

    def plain_failure(self) -> str | None:
        """What fails in the plain order, in which nothing failed: then it is not the interleaving that decides."""
        for _ in range(_PLAIN_AGAIN):
            result = self._lab.settle(Serial(), self._limit)
            plain = self._failed(result)
            if plain is not None and not result.trace:
                return plain.text
            if plain is not None:  # a long loop had to give way, which made it another order
                said = self.uncontrolled_failure()
                if said is not None:
                    return said
        return None

    def uncontrolled_failure(self) -> str | None:
        """What the scenario raises when nobody controls it, its threads one after another."""
        error = self._lab.plain()
        return None if error is None else f"{type(error).__name__}: {error}"

    def shortest(self, witness: Witness, failure: Failure) -> Witness:
        """The same with as few switches as can be found; a failure of which each execution takes long stays as it is."""
        if failure.kind == "timeout":
            return witness
        limit = min(self._limit, max(_LEAST_PATIENCE, _PATIENCE * witness.seconds))

        def attempt(schedule: Schedule) -> Schedule | None:
            found = self.once(schedule, failure, limit)
            return found.result.schedule if same(found.failure, failure) and not found.result.uncontrolled else None

        schedule = shrunk(witness.schedule, attempt)
        if len(schedule) == len(witness.schedule):
            return witness
        shorter = self.repeated(schedule, failure)
        return shorter if same(shorter.failure, failure) else witness

    def story(self, witness: Witness) -> Story | None:
        """What led to the failure, if one more execution shows the same; one that does not end is not waited for again."""
        failure = witness.failure
        if failure is None:
            return None
        ends = failure.kind not in _ENDLESS
        limit = self._limit * (1 if ends else _STORY_SHARE)
        if limit < _LEAST_STORY and not ends:
            return None
        result = self._lab.recount(witness.schedule, limit, observed=True)
        if result.observed is None or not (same(self._failed(result), failure) if ends else result.reason in _CUT_SHORT):
            return None
        return tell(result.observed, ends=ends)

    def is_serial(self, witness: Witness) -> bool:
        """Whether nothing runs at once in it, in another order than the plain one: each thread begins when the one before
        it has done all that others can see."""
        if not witness.schedule:
            return False
        events = self._lab.recount(witness.schedule, self._limit).events
        turns = [event.thread for event in events if event.site is not None and event.thread]
        kept = [thread for thread, before in zip(turns, [0, *turns], strict=False) if thread != before]
        return len(kept) > 1 and len(kept) == len(set(kept))

    def once(self, schedule: Schedule, failure: Failure, limit: float | None = None) -> Witness:
        """What the schedule shows now, within ``limit`` seconds instead of what any execution may take."""
        judged = failure.kind in JUDGED or failure.kind == "livelock"  # which shows only where threads meet
        before = time.monotonic()
        result = self._lab.confirm(Replaying(schedule, judged=judged), limit or self._limit)
        seconds = time.monotonic() - before
        return Witness(schedule=schedule, failure=self._failed(result), result=result, seconds=seconds)


def same(one: Failure | None, other: Failure) -> bool:
    """Whether both are failures of the same sort. Classes go by name: an execution may define them anew."""
    return one is not None and (one.kind, type(one.error).__name__) == (other.kind, type(other.error).__name__)


def doubt(number: int, failure: Failure, again: Failure | None, *, controlled: bool) -> tuple[Race, str]:
    """The verdict on schedule ``number``, which failed, when the same schedule then did not, or otherwise."""
    failed = f"schedule {number} failed ({failure.text[:200]})"
    if not controlled:
        return Race.UNCONTROLLED, f"{failed} but could not be controlled: it did not fail again"
    then = "passed" if again is None else f"failed otherwise ({again.text[:200]})"
    return Race.NONDETERMINISTIC, f"{failed}, and the same schedule again {then}"


def verdict_of(kind: str) -> Race:
    """The verdict on a failure of this kind."""
    if kind in _DEADLOCKS:
        return Race.DEADLOCK
    return Race.HANG if kind in _HANGS else Race.RACE
