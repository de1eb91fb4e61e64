"""The search: run a scenario under one schedule after another until one fails, all have run, or the budget is spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import pairwise

from pytest_gilcheck.errors import Misuse, unknown
from pytest_gilcheck.races.comparing import Step, difference
from pytest_gilcheck.races.concluding import Concluding
from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.exploration import Budget, Exploration, Failure
from pytest_gilcheck.races.judge import Judge
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.oracles import JUDGED, OF_KIND, Rules
from pytest_gilcheck.races.oracles.addresses import new_addresses
from pytest_gilcheck.races.oracles.foreign import Foreign
from pytest_gilcheck.races.oracles.serial import Orders
from pytest_gilcheck.races.planning import STRATEGIES, Plan
from pytest_gilcheck.races.schedule import Token
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.schedulers.guarded import Guarded, Strategies
from pytest_gilcheck.races.schedulers.replaying import Replaying
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.spending import Spending
from pytest_gilcheck.races.witnessing import Witness, Witnessing, doubt, same
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
# So often an outcome that no serial order gives has to come again, and the plain order to have the same outcome as before.
_OUTCOMES = 5
# Schedules that failed and did not fail again, after which the search gives up.
_MOST_DOUBTS = 20
# An execution that reached its limit says nothing if a plain one takes more than this share of it.
_LONG = 0.2

Observer = Callable[[int], None]


class Search(Concluding):
    """One exploration. ``observer`` is told the number of executions after each."""

    def __init__(  # noqa: PLR0913 - what was asked for
        self,
        laboratory: Laboratory,
        *,
        name: str,
        strategy: str,
        budget: Budget,
        seed: int,
        bound: int | None,
        rules: Rules | None = None,
        added: Strategies | None = None,
    ) -> None:
        if strategy not in (known := [*STRATEGIES, *(added or ())]):
            raise Misuse(unknown("strategy", strategy, known))
        self._lab = laboratory
        self._lab.spending = Spending(budget.seconds)
        self._name = name
        self._budget = budget
        self._plan = Plan(
            laboratory,
            strategy=strategy,
            budget=budget,
            seed=seed,
            bound=bound,
            added=added,
            count=lambda: self.schedules,
        )
        self._begin = time.perf_counter()
        self.schedules = 0
        self.observer: Observer | None = None
        self._uncontrolled: list[str] = []
        self._lost = 0
        self._longest = 0.0
        self._excused: set[str] = set()
        self._held = 0
        self._known = self._begin  # the time since which all code is known that the plain order runs
        self._found_after = 0.0
        self._deadlines = False
        self._unrepeated = False  # an update was lost, and not once more under the same schedule
        self._curtailed = False
        self._retries = 2
        self._doubts: list[tuple[Race, str]] = []  # verdicts on failures that were not seen again
        self._reference = Result()
        self._witnessing = Witnessing(laboratory, budget.limit, self.failed)
        self._rules = rules or Rules()
        self._lab.judging.ordered = self._rules.atomic
        self._lab.judging.foreign = Foreign(laboratory.scope)
        self._judge = Judge(scope=laboratory.scope, rules=self._rules, in_order=self._in_order, seed=seed)
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
        self.reference(reference)
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
        self._known = time.perf_counter()
        return None

    def reference(self, plain: Result) -> None:
        """``plain`` is an execution of the plain order: what happens in it is as it should be, unless it fails."""
        self._excused = {type(error).__name__ for error in plain.thread_errors}
        self._held = len(plain.held)  # a lock may be meant to be taken for good
        self._judge.learn(plain)

    def _in_order(self, orders: Orders) -> Result:
        return self._lab.in_order(orders, self._budget.limit)

    def _search(self) -> Exploration:
        failed = self._try_all(self._plan.first(self._reference.threads))
        if failed is not None:
            return failed
        different = self._nondeterministic()
        failed = self._try_all(self._plan.schedulers(sampling_only=different is not None))
        if failed is not None:
            return failed
        if self._doubts:
            return self.conclude(*self._doubts[0])
        if self._lost > _LOST_SHARE * self.schedules:
            return self.conclude(Race.UNCONTROLLED, f"{self._lost} of {self.schedules} executions could not be controlled")
        if different is None and (self._plan.diverged or self._unrepeated):
            different = self._still_deterministic()
        if different is not None:
            return self.conclude(Race.NONDETERMINISTIC, different)
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
        number, self._found_after = self.schedules, time.perf_counter() - self._known
        if isinstance(scheduler, Guarded):
            scheduler.check()
        failure = self.failed(result)
        self._plan.learn(result, scheduler)
        if failure is None and self._judge.suspects(result, self._lab.hot):
            result = self._lab.recount(result.schedule, self._budget.limit)
            failure = self.failed(result)
        return None if failure is None else self._witness(result, failure, number)

    def _try_first(self, first: Token) -> Exploration | None:
        """The schedule that failed last time, if the code is still the same."""
        self.schedules += 1
        result = self._lab.confirm(Replaying(first.schedule, judged=True), self._budget.limit)
        failure = self.failed(result)
        return None if failure is None or result.code != first.code else self._witness(result, failure, self.schedules)

    def failed(self, result: Result) -> Failure | None:
        """The failure that ``result`` shows, if it does, and the oracle that tells was not switched off."""
        failure = self._failure(result)
        return None if failure is None or OF_KIND[failure.kind] in self._rules.ignored else failure

    def _failure(self, result: Result) -> Failure | None:
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
        if len(result.held) > self._held:
            return Failure(kind="lock-held", error=None, text="\n".join(result.held), schedule=result.schedule)
        found = next(self._judge.findings(result), None)
        if found is not None:
            return Failure(kind=found.kind, error=None, text=found.text, schedule=result.schedule)
        return None

    def _witness(self, result: Result, failure: Failure, number: int) -> Exploration | None:
        """A failure of schedule ``number`` counts when the same schedule shows it again, and again; another is noted as a
        doubt."""
        witness = self._witnessing.repeated(result.schedule, failure)
        if failure.kind in JUDGED and witness.failure is None and not witness.result.uncontrolled:
            self._unrepeated = self._unrepeated or failure.kind == "lost-update"
            self._judge.mask(result, witness.result)  # what came of it differs from time to time, and says nothing
            return None
        if failure.kind == "unserialisable" and same(witness.failure, failure) and not self._is_no_chance(witness, failure):
            return None
        if not same(witness.failure, failure):
            controlled = not (result.uncontrolled or witness.result.uncontrolled)
            self._doubts.append(doubt(number, failure, witness.failure, controlled=controlled))
            return None
        sometimes = self._witnessing.plain_failure() if result.trace and failure.kind == "exception" else None
        if sometimes is not None:
            self._doubts.append((Race.NONDETERMINISTIC, f"the plain order fails sometimes, too: {sometimes}"))
            return None
        witness = self._witnessing.shortest(witness, failure)
        if result.trace and not witness.schedule and failure.kind in JUDGED:
            self._judge.learn(witness.result)  # it is as it should be
            return None
        if result.trace and not witness.schedule:
            self._doubts.append((Race.NONDETERMINISTIC, f"the plain order fails sometimes, too: {failure.text}"))
            return None
        schedule, code = witness.schedule, witness.result.code
        token = Token(schedule=schedule, code=code, scenario=self._lab.scenario_digest(self._name))
        failure = self.told(replace(witness, failure=witness.failure or failure))
        return self.witnessed(failure, str(token), first_failure=number)

    def _is_no_chance(self, witness: Witness, failure: Failure) -> bool:
        """Whether it is the order of the operations that decides of their outcome: it fails each time, and what differs
        from time to time decides nothing."""
        for number in range(_OUTCOMES):
            plain = self._lab.settle(Serial(), self._budget.limit)
            if plain.reason is None:
                self._judge.mask(self._reference, plain)
                self._judge.learn(plain)
            with new_addresses() if number % 2 else nullcontext():
                again = self._witnessing.once(witness.schedule, failure)
            if again.result.reason is None:
                self._judge.mask(witness.result, again.result)
            if not same(again.failure, failure):
                return False
        return self.failed(witness.result) is not None

    def told(self, witness: Witness) -> Failure:
        """The failure that ``witness`` shows, with its story."""
        failure = witness.failure
        assert failure is not None
        serial = failure.kind == "exception" and self._witnessing.is_serial(witness)
        kind = "order" if serial else failure.kind
        return replace(failure, kind=kind, schedule=witness.schedule, story=self._witnessing.story(witness))

    def _first_failed(self, reference: Result, failure: Failure) -> Exploration:
        """The plain order failed: is that its threads' doing, or does the scenario fail whenever it runs again?"""
        if failure.error is not None and reference.reason is None:
            said = self._witnessing.uncontrolled_failure()
            if said is not None:
                reason = f"it fails when it runs again, without any threads at once: {said}"
                return self.conclude(Race.NOT_REPEATABLE, reason)
        return self._witness(reference, failure, self.schedules) or self.conclude(*self._doubts[0])

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
