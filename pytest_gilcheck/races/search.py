"""The search: run a scenario under one schedule after another until one fails, all have run, or the budget is spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

from pytest_gilcheck.errors import Misuse, unknown
from pytest_gilcheck.races.comparing import Step, difference
from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.exploration import Budget, Exploration, Failure
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.planning import STRATEGIES, Plan
from pytest_gilcheck.races.schedule import Schedule, Token
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.schedulers.guarded import Guarded, Strategies
from pytest_gilcheck.races.schedulers.replaying import Replaying
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.story import Line
from pytest_gilcheck.races.witnessing import Witness, Witnessing, doubt, same, verdict_of
from pytest_gilcheck.verdict import Race

# So many runs of the plain order in a row have to go the same way, after so many that may not: first ones warm caches up.
_ALIKE = 3
_WARM_UPS = 3
# Runs that are compared once there is reason to doubt.
_SUSPICION = 8
# The part of all executions that may be lost to something uncontrolled before that is the verdict.
_LOST_SHARE = 0.02
# Executions that could not be controlled, in a row from the first, after which the search gives up.
_HOPELESS = 3
# So often the plain order runs again when another schedule failed: a test that fails by chance may fail there as well.
_PLAIN_AGAIN = 3
# Schedules that failed and did not fail again, after which the search gives up.
_MOST_DOUBTS = 20
# An execution that reached its limit says nothing if a plain one takes more than this share of it.
_LONG = 0.2

Observer = Callable[[int], None]


class Search:
    """One exploration. ``observer`` is told the number of executions after each."""

    def __init__(  # noqa: PLR0913 - keywords of the public call
        self, lab: Laboratory, *, name: str, strategy: str, budget: Budget, seed: int, bound: int | None, added: Strategies
    ) -> None:
        if strategy not in (known := [*STRATEGIES, *added]):
            raise Misuse(unknown("strategy", strategy, known))
        self._lab = lab
        self._lab.deadline = time.monotonic() + budget.seconds
        self._name = name
        self._budget = budget
        self._plan = Plan(
            lab, strategy=strategy, budget=budget, seed=seed, bound=bound, added=added, count=lambda: self.schedules
        )
        self._begin = time.perf_counter()
        self.schedules = 0
        self.observer: Observer | None = None
        self._uncontrolled: list[str] = []
        self._lost = 0
        self._longest = 0.0
        self._excused: set[str] = set()
        self._deadlines = False
        self._curtailed = False
        self._retries = 2
        self._doubts: list[tuple[Race, str]] = []  # verdicts on failures that were not seen again
        self._reference = Result()
        self._witnessing = Witnessing(lab, budget.limit, self.failed)
        self.threads = 1

    def explore(self, first: Token | None = None) -> Exploration:
        """Search; ``first`` is a schedule to begin with."""
        return self._before_the_search(first) or self._search()

    def follow(self, schedulers: Iterator[Scheduler], first: Token | None = None) -> Exploration | None:
        """The failure that the plain order, ``first`` or one of ``schedulers`` shows, or why there can be no search."""
        return self._before_the_search(first) or self._try_all(schedulers)

    def _before_the_search(self, first: Token | None) -> Exploration | None:
        """The plain order, and the schedule to begin with."""
        scheduler = Serial()
        reference, elapsed = self._timed(scheduler, thorough=True)
        self._longest = elapsed
        self._excused = {type(error).__name__ for error in reference.thread_errors}
        failure = self.failed(reference)
        if failure is not None:
            return self._first_failed(reference, failure)
        if reference.reason is not None:
            return self._hopeless(reference)
        if first is not None:
            failed = self._try_first(first)
            if failed is not None:
                return failed
        self._plan.learn(reference, scheduler)
        self._reference = reference
        return None

    def _search(self) -> Exploration:
        failed = self._try_all(self._plan.first(self._reference.threads))
        if failed is not None:
            return failed
        different = self._nondeterministic()
        failed = self._try_all(self._plan.schedulers(sampling_only=different is not None))
        if failed is not None:
            return failed
        if self._doubts:
            return self._conclude(*self._doubts[0])
        if self._lost > _LOST_SHARE * self.schedules:
            return self._conclude(Race.UNCONTROLLED, f"{self._lost} of {self.schedules} executions could not be controlled")
        if different is None and self._plan.diverged:
            different = self._still_deterministic()
        if different is not None:
            return self._conclude(Race.NONDETERMINISTIC, different)
        return self._clean()

    def _try_all(self, schedulers: Iterator[Scheduler]) -> Exploration | None:
        for scheduler in schedulers:
            failed = self._try(scheduler)
            if failed is not None:
                return failed
            if len(self._doubts) >= _MOST_DOUBTS:
                break
            if self._lost >= _HOPELESS and self._lost == self.schedules:
                break
        return None

    def _timed(self, scheduler: Scheduler, *, thorough: bool = False) -> tuple[Result, float]:
        result = self._lab.settle(scheduler, self._budget.limit, thorough=thorough)
        if result.reason == "uncontrolled" and self.schedules and self._retries:
            self._retries -= 1  # the machine may have been busy with something else
            self._lab.restart(scheduler)
            result = self._lab.settle(scheduler, self._budget.limit)
        self.schedules += 1
        if self.observer is not None:
            self.observer(self.schedules)
        self.threads = max(self.threads, result.threads)
        self._uncontrolled += [line for line in result.uncontrolled if line not in self._uncontrolled]
        self._deadlines = self._deadlines or result.timed
        self._curtailed = self._curtailed or result.curtailed
        if result.reason == "uncontrolled" or result.stranded:
            self._lost += 1
        return result, self._lab.seconds

    def _try(self, scheduler: Scheduler) -> Exploration | None:
        result, _ = self._timed(scheduler, thorough=isinstance(scheduler, Serial))
        if isinstance(scheduler, Guarded):
            scheduler.check()
        failure = self.failed(result)
        self._plan.learn(result, scheduler)
        return None if failure is None else self._witness(result, failure)

    def _try_first(self, first: Token) -> Exploration | None:
        """The schedule that failed last time, if the code is still the same."""
        self.schedules += 1
        result = self._lab.confirm(Replaying(first.schedule), self._budget.limit)
        failure = self.failed(result)
        return None if failure is None or result.code != first.code else self._witness(result, failure)

    def failed(self, result: Result) -> Failure | None:
        """The failure that ``result`` shows, if it does."""
        if result.reason in {"uncontrolled", "spin", "budget"}:
            return None
        text = "\n".join(result.report)
        if result.reason == "timeout":
            if self._longest > _LONG * self._budget.limit:
                self._lost += 1
                return None
            return Failure(kind="timeout", error=None, text=text, schedule=result.schedule)
        if result.reason is not None:
            return Failure(kind=result.reason, error=None, text=text, schedule=result.schedule)
        error = result.error
        if error is None:
            error = next((e for e in result.thread_errors if type(e).__name__ not in self._excused), None)
        if error is not None:
            said = f"{type(error).__name__}: {error}"
            return Failure(kind="exception", error=error, text=said, schedule=result.schedule)
        if result.left:
            return Failure(kind="thread-left", error=None, text="\n".join(result.left), schedule=result.schedule)
        return None

    def _witness(self, result: Result, failure: Failure) -> Exploration | None:
        """A failure counts when the same schedule shows it again, and again; another is noted as a doubt."""
        number = self.schedules
        witness = self._witnessing.repeated(result.schedule, failure)
        if not same(witness.failure, failure):
            controlled = not (result.uncontrolled or witness.result.uncontrolled)
            self._doubts.append(doubt(number, failure, witness.failure, controlled=controlled))
            return None
        sometimes = self._plain_fails() if result.trace and failure.kind == "exception" else None
        if sometimes is not None:
            self._doubts.append((Race.NONDETERMINISTIC, f"the plain order fails sometimes, too: {sometimes}"))
            return None
        witness = self._witnessing.shortest(witness, failure)
        if result.trace and not witness.schedule:
            self._doubts.append((Race.NONDETERMINISTIC, f"the plain order fails sometimes, too: {failure.text}"))
            return None
        schedule, code = witness.schedule, witness.result.code
        token = Token(schedule=schedule, code=code, scenario=self._lab.scenario_digest(self._name))
        failure = replace(witness.failure or failure, schedule=schedule, story=self._witnessing.story(witness))
        return self.witnessed(failure, str(token), first_failure=number)

    def _plain_fails(self) -> str | None:
        """What fails in the plain order, in which nothing failed: then it is not the interleaving that decides."""
        for _ in range(_PLAIN_AGAIN):
            plain = self.failed(self._lab.settle(Serial(), self._budget.limit))
            if plain is not None:
                return plain.text
        return None

    def story(self, schedule: Schedule, result: Result) -> tuple[Line, ...]:
        """What led to the failure that ``schedule`` showed in ``result``; nothing if it showed none."""
        return self._witnessing.story(Witness(schedule=schedule, failure=self.failed(result), result=result))

    def witnessed(self, failure: Failure, token: str, *, first_failure: int) -> Exploration:
        """The conclusion from a failure that was seen twice."""
        switches = len(failure.schedule)
        found = f"found on schedule {first_failure}, with {switches} context switch{'es' * (switches != 1)}"
        reason = f"{failure.text.splitlines()[0] if failure.text else failure.kind} ({found})"
        return self._conclude(verdict_of(failure.kind), reason, failure=failure, token=token, first_failure=first_failure)

    def _hopeless(self, reference: Result) -> Exploration:
        """The plain order was ended, through no fault of its threads that could be shown."""
        if reference.reason == "budget":
            seconds = self._budget.seconds
            return self._conclude(
                Race.SKIPPED, f"the first executions took more than the budget of {seconds:g} s; allow more"
            )
        if reference.reason == "timeout":
            self._uncontrolled += [line for line in reference.report if line not in self._uncontrolled]
            said = f"one execution takes longer than the limit of {self._budget.limit:g} s for each"
        else:
            said = f"it cannot be controlled: {'; '.join(reference.report)}"
        return self._conclude(Race.UNCONTROLLED, said)

    def _first_failed(self, reference: Result, failure: Failure) -> Exploration:
        """The plain order failed: is that its threads' doing, or does the scenario fail whenever it runs again?"""
        if failure.error is not None and reference.reason is None:
            error = self._lab.plain()
            if error is not None:
                return self._conclude(
                    Race.NOT_REPEATABLE,
                    f"it fails when it runs again, without any threads at once: {type(error).__name__}: {error}",
                )
        return self._witness(reference, failure) or self._conclude(*self._doubts[0])

    def _nondeterministic(self) -> str | None:
        """Run the plain order until it went the same way several times in a row; else say where runs first differed."""
        if not self._lab.hot:
            return None  # there is nothing to compare
        last: str | None = None
        before: list[Step] | None = None
        alike = 0
        for _ in range(_WARM_UPS + _ALIKE):
            if not self._plan.left_over():
                return None
            log = self._logged()
            if log is None:
                return None
            where = difference(before, log) if before is not None else None
            alike = alike + 1 if before is not None and where is None else 0
            last = where or last
            if alike >= _ALIKE - 1:
                return None
            before = log
        return f"two runs of the same schedule differ: {last}"

    def _still_deterministic(self) -> str | None:
        """The search came to a place that was not there before: are there runs of the plain order that differ, after all?"""
        logs = [log for _ in range(_SUSPICION) if (log := self._logged()) is not None]
        for one, other in pairwise(logs):
            where = difference(one, other)
            if where is not None:
                return f"two runs of the same schedule differ: {where}"
        return None

    def _logged(self) -> list[Step] | None:
        """The steps of a run in the plain order; ``None`` if it was ended early."""
        log: list[Step] = []
        self._lab.log = log
        try:
            result, _ = self._timed(Serial())
        finally:
            self._lab.log = None
        return None if result.reason is not None else list(log)

    def _clean(self) -> Exploration:
        self._plan.forget_stale()
        bound: int | None = None
        if not self._lab.hot and self._plan.everything:
            what = "its threads share nothing that they change" if self.threads > 1 else "only one thread runs"
            coverage = "sampled" if self._deadlines or self._lost or self._uncontrolled else "exhausted"
            return self._conclude(Race.CLEAN, f"{what} ({self._count()})", coverage=coverage)
        if self._plan.everything:
            coverage, said = "exhausted", "exhausted: every interleaving"
        elif self._plan.exhausted is not None and (self._plan.exhausted or not self._plan.sampled):
            coverage, bound = "exhausted", self._plan.exhausted
            said = f"exhausted: every interleaving with at most {bound} preemption{'s' * (bound != 1)}"
        elif self._plan.sampled or self._plan.directed:
            reason = f"sampled: {self._count()} ({self._plan.how()})"
            return self._conclude(Race.CLEAN, reason, coverage="sampled")
        else:
            coverage, said = "cut", "the budget ended a systematic search"
            if self._plan.diverged:
                said = "a systematic search ended where the same choices led elsewhere than before"
            elif self.schedules == 1:
                said = "the budget was spent before the search began"
        if coverage == "exhausted" and (self._lost or self._uncontrolled):
            coverage, bound = "sampled", None
            said += ", but not all could be controlled"
        elif coverage == "exhausted" and self._curtailed:
            coverage, bound = "sampled", None
            said += ", except where a thread had to give way"
        elif coverage == "exhausted" and self._deadlines:
            coverage, bound = "sampled", None
            said += ", as far as deadlines come only when nothing else can run"
        return self._conclude(Race.CLEAN, f"{said} ({self._count()})", coverage=coverage, bound=bound)

    def _count(self) -> str:
        return f"{self.schedules:,} schedule{'s' * (self.schedules != 1)}"

    def _conclude(  # noqa: PLR0913 - the fields that not every conclusion has
        self,
        verdict: Race,
        reason: str,
        *,
        coverage: str | None = None,
        bound: int | None = None,
        failure: Failure | None = None,
        token: str | None = None,
        first_failure: int | None = None,
    ) -> Exploration:
        return Exploration(
            verdict=verdict,
            reason=reason,
            kind=None if failure is None else failure.kind,
            coverage=coverage,
            preemption_bound=bound,
            schedules=self.schedules,
            first_failure=first_failure,
            switches=None if failure is None else len(failure.schedule),
            token=token,
            seconds=time.perf_counter() - self._begin,
            uncontrolled=tuple(self._uncontrolled),
            failure=failure,
        )
