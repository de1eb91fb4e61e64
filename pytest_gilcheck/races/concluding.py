"""What a search comes to, in words and figures."""

from __future__ import annotations

import time

from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.exploration import Budget, Exploration, Failure
from pytest_gilcheck.races.judge import Judge
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.oracles import Rules
from pytest_gilcheck.races.planning import Plan
from pytest_gilcheck.races.witnessing import verdict_of
from pytest_gilcheck.verdict import WITNESSED, Hazard, Race


class Concluding:
    """What a search knows of itself when it ends; see :class:`~pytest_gilcheck.races.search.Search`, which fills it in."""

    _lab: Laboratory
    _plan: Plan
    _budget: Budget
    _begin: float
    _lost: int
    _uncontrolled: list[str]
    _curtailed: bool
    _deadlines: bool
    _unrepeated: bool
    _rules: Rules
    _judge: Judge
    _found_after: float
    schedules: int
    threads: int

    def witnessed(self, failure: Failure, token: str, *, first_failure: int) -> Exploration:
        """The conclusion from a failure that was seen twice."""
        switches = len(failure.schedule)
        found = f"found on schedule {first_failure}, with {switches} context switch{'es' * (switches != 1)}"
        reason = f"{failure.text.splitlines()[0] if failure.text else failure.kind} ({found})"
        return self.conclude(verdict_of(failure.kind), reason, failure=failure, token=token, first_failure=first_failure)

    def _hopeless(self, reference: Result) -> Exploration:
        """The plain order was ended, through no fault of its threads that could be shown."""
        if reference.reason == "budget":
            seconds = self._budget.seconds
            return self.conclude(
                Race.SKIPPED, f"the first executions took more than the budget of {seconds:g} s; allow more"
            )
        if reference.reason == "timeout":
            self._uncontrolled += [line for line in reference.report if line not in self._uncontrolled]
            said = f"one execution takes longer than the limit of {self._budget.limit:g} s for each"
        else:
            said = f"it cannot be controlled: {'; '.join(reference.report)}"
        return self.conclude(Race.UNCONTROLLED, said)

    def _clean(self) -> Exploration:
        self._plan.forget_stale()
        bound: int | None = None
        if not self._lab.hot and self._plan.everything:
            what = "its threads share nothing that they change" if self.threads > 1 else "only one thread runs"
            coverage = "sampled" if self._deadlines or self._lost or self._uncontrolled else "exhausted"
            return self.conclude(Race.CLEAN, f"{what} ({self._count()})", coverage=coverage)
        if self._plan.everything:
            coverage, said = "exhausted", "exhausted: every interleaving"
        elif self._plan.exhausted is not None and (self._plan.exhausted or not self._plan.sampled):
            coverage, bound = "exhausted", self._plan.exhausted
            said = f"exhausted: every interleaving with at most {bound} preemption{'s' * (bound != 1)}"
        elif self._plan.sampled or self._plan.directed:
            reason = f"sampled: {self._count()} ({self._plan.how()})"
            return self.conclude(Race.CLEAN, reason, coverage="sampled")
        else:
            coverage, said = "cut", f"the budget ended {'a systematic search' if self._plan.began else 'the search early'}"
            if self._plan.diverged:
                said = "a systematic search ended where the same choices led elsewhere than before"
            elif self.schedules == 1:
                return self.conclude(Race.SKIPPED, "the budget was spent before the search began; allow more")
        but = self._but()
        if coverage == "exhausted" and but is not None:
            coverage, bound = "sampled", None
            said += f", {but}"
        return self.conclude(Race.CLEAN, f"{said} ({self._count()})", coverage=coverage, bound=bound)

    def _but(self) -> str | None:
        """What keeps a search that came to its end from having seen everything."""
        if self._unrepeated:
            return "but an update was lost in one that was not lost when it ran again"
        if self._lost or self._uncontrolled:
            return "but not all could be controlled"
        if self._curtailed:
            return "except where a thread had to give way"
        return "as far as deadlines come only when nothing else can run" if self._deadlines else None

    def _count(self) -> str:
        return f"{self.schedules:,} schedule{'s' * (self.schedules != 1)}"

    def conclude(  # noqa: PLR0913 - the fields that not every conclusion has
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
        """The conclusion, with what there is to say of every search."""
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
            hazards=self._hazards(verdict, coverage, bound),
            conflicts=self._plan.conflicts.pairs,
            orders_seen=self._plan.conflicts.orders,
            orders_total=2 * self._plan.conflicts.pairs,
            pruned=self._plan.pruned,
            found_after=None if first_failure is None else self._found_after,
            shared=self._plan.conflicts.shared(),
        )

    def _hazards(self, verdict: Race, coverage: str | None, bound: int | None) -> tuple[Hazard, ...]:
        """Those of executions that can be relied on. Where every interleaving ran without a deadlock, none can come."""
        if "hazard" in self._rules.ignored or (verdict is not Race.CLEAN and verdict not in WITNESSED):
            return ()
        found = self._plan.hazards.found(locks=not (coverage == "exhausted" and bound is None))
        return (*found, *self._judge.hazards)
