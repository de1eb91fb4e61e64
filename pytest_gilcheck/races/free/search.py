"""The strategy ``sleep``: free runs, disturbed by random sleeps, until one fails or the budget is spent."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import takewhile

from pytest_gilcheck.races.exploration import Exploration, Failure
from pytest_gilcheck.races.free.noise import LEVELS
from pytest_gilcheck.races.free.retracing import Step, retracings
from pytest_gilcheck.races.free.rounds import Bench, Ran
from pytest_gilcheck.races.free.subject import Subject
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.oracles import OF_KIND
from pytest_gilcheck.races.schedule import Place, Schedule, Token
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.search import Search
from pytest_gilcheck.races.witnessing import verdict_of
from pytest_gilcheck.verdict import WITNESSED, Race

# Threads that wait for one another are stuck after so many times what the plain run took, and so many seconds more.
_EARLY_RUNS = 20
_EARLY_SECONDS = 1.0
# Threads of a run that reached its limit tell nothing if a plain one takes more than this share of it; where some still
# compute, nothing if any free run that ended did.
_LONG = 0.2
_BUSY = 0.05
# A scenario that fails is run so often more, without anything at once, for each free run that it took to fail, within
# limits: what fails by chance, or because of the sleeps, fails there as well. One that fails in a share p of all runs gets
# away with (1 - p) ** n of n, and n is three times as many as it took to fail the first time, which was about 1 / p: less
# than 5 %.
_CONTROLS = 3
_LEAST_CONTROLS = 3
_MOST_CONTROLS = 100
_CONTROL_SECONDS = 1.0
# What a fallback gets at least, when the search before it has spent the budget: executions and seconds.
_LEAST_ROUNDS = 20
_LEAST_SECONDS = 0.5
_AGAIN = "it fails when it runs again"
# A fallback is of no use where one run takes longer than the budget, or than this.
_FALLBACK_SECONDS = 2.0
# Threads that runs leave behind, after which there are no more runs.
_MOST_LEFT = 20
# So long may it take to look for a schedule that shows a failure again, in seconds.
_RETRACE_SECONDS = 2.0


Places = Callable[[], set[Place]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A failure in free run ``number``, from 1; ``over``: nothing may run in this process any more."""

    failure: Failure
    steps: tuple[Step, ...]
    number: int
    over: bool


class FreeSearch:
    """One search by free runs. To be used inside of ``quiet()``."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._begin = time.perf_counter()
        self._before = 0  # executions of another search
        self._plain_limit = subject.budget.limit
        self._plain_seconds = 0.0
        self._longest = 0.0
        self._left = 0
        self._excused: set[str] = set()
        self._stopped: str | None = None  # why there may be no more runs
        self._unfit: tuple[Race, str] | None = None
        self._sometimes: str | None = None  # how it failed when nothing disturbed the threads that it starts itself
        self._stacks: tuple[str, ...] = ()
        self.runs = 0

    def explore(self, first: Token | None) -> Exploration:
        """Search; ``first`` is a schedule that failed before, and is tried under control."""
        if first is not None:
            again = self._controlled(lambda search, _: search.follow(iter(()), first))
            if again is not None:
                return replace(again, seconds=self._spent())
        found = self._search(self._subject.budget.seconds, self._subject.budget.schedules)
        if found is not None:
            return self._judged(found)
        verdict, said = self._without_failure()
        return self._exploration(verdict, said, coverage="sampled" if verdict is Race.CLEAN else None)

    def _without_failure(self) -> tuple[Race, str]:
        """What runs come to of which none failed beside others, or that could not be made."""
        if self._unfit is not None:
            return self._unfit
        said = f"{self._count()} with random sleeps (seed {self._subject.seed})"
        if self._left > _MOST_LEFT:
            said += ", and no more, as they leave threads behind"
        if self._sometimes is not None:
            return Race.NONDETERMINISTIC, f"{self._sometimes}, but it did not in {said}"
        if self._stopped is not None:
            return Race.UNCONTROLLED, f"{self._stopped} ({said})"
        return Race.CLEAN, f"sampled: {said}"

    def fall_back(self, exploration: Exploration) -> Exploration:
        """Search where ``exploration`` could not control the scenario."""
        budget = self._subject.budget
        if exploration.seconds >= budget.limit * max(1, exploration.schedules):
            return exploration  # executions take all the time that they are given, and a free run cannot be ended as well
        self._before = exploration.schedules
        self._plain_limit = min(budget.limit, max(budget.seconds, _FALLBACK_SECONDS))
        seconds = max(budget.seconds - exploration.seconds, min(budget.seconds, _LEAST_SECONDS))
        found = self._search(seconds, max(budget.schedules - exploration.schedules, _LEAST_ROUNDS))
        if found is not None:
            result = self._judged(found)
            uncontrolled = tuple(dict.fromkeys([*exploration.uncontrolled, *result.uncontrolled]))
            return replace(result, uncontrolled=uncontrolled, seconds=exploration.seconds + self._spent())
        return replace(
            self._beside(exploration),
            schedules=exploration.schedules + self.runs,
            uncontrolled=(*exploration.uncontrolled, *self._stacks),
            seconds=exploration.seconds + self._spent(),
        )

    def _beside(self, exploration: Exploration) -> Exploration:
        """``exploration`` with what free runs add to it that found no failure of the threads."""
        verdict, said = self._without_failure()
        unmade = verdict is Race.UNCONTROLLED and self._unfit is not None
        if exploration.verdict is Race.CLEAN and verdict is not Race.CLEAN and not unmade:
            # It failed with nobody in control, or did not end: that it passed under control does not make it clean.
            reason = f"{said}; under control: {exploration.reason}"
            return replace(exploration, verdict=verdict, reason=reason, coverage=None, preemption_bound=None, hazards=())
        did = f"and {self._count()} with random sleeps did not fail either (seed {self._subject.seed})"
        if self._unfit is not None:
            did = f"and free runs were of no use: {said}"
        elif self._sometimes is not None:
            did = f"and {said}"
        elif self._stopped is not None:
            did += f": {self._stopped}"
        return replace(exploration, reason=f"{exploration.reason}; {did}")

    def _search(self, seconds: float, rounds: int) -> Found | None:
        """Free runs until one fails, or so much of the budget is spent."""
        bench = Bench(self._subject.scenario, self._subject.scope)
        with bench.watched():
            said = self._plain(bench)
            if self._unfit is not None or self._stopped is not None:
                return None
            with bench.open():
                if said is not None:
                    own = self._round(bench, 0, serial=True).own
                    self._unfit = None if own else (Race.NOT_REPEATABLE, f"{_AGAIN}, without any threads at once: {said}")
                    if self._unfit is not None:
                        return None
                    self._sometimes = f"{_AGAIN} as it is: {said}"
                return self._rounds(bench, seconds, rounds)

    def _rounds(self, bench: Bench, seconds: float, rounds: int) -> Found | None:
        begin = time.perf_counter()
        found: Found | None = None
        for number in range(rounds):
            if number and time.perf_counter() - begin > seconds:
                break
            ran = self._round(bench, number)
            failure = self._failed(ran)
            if failure is not None:
                if found is None and self._fails_by_chance(bench, ran, failure):
                    return None
                found = Found(failure=failure, steps=ran.steps, number=self.runs, over=bool(ran.abandoned))
                if not ran.fresh:
                    break  # otherwise one more failure is wanted, of which all steps are known
            if self._stopped is not None or self._left > _MOST_LEFT:
                break
        return found

    def _plain(self, bench: Bench) -> str | None:
        """Run it as it is, with nothing at once but what it starts itself; what it raises, if it does."""
        limit = self._plain_limit
        ran = bench.plain(limit)
        self._plain_seconds = ran.seconds
        self._excused = {type(error).__name__ for error in ran.thread_errors}
        self._note_end(ran)
        self._longest = 0.0  # it says little about runs of instrumented code
        if ran.ended is not None:
            self._unfit = Race.UNCONTROLLED, f"a run of it as it is takes longer than {limit:g} s"
        elif ran.error is not None:
            return f"{type(ran.error).__name__}: {ran.error}"
        return None

    def _round(self, bench: Bench, number: int, *, serial: bool = False) -> Ran:
        level = LEVELS[number % len(LEVELS)]
        limit = self._subject.budget.limit
        early = min(limit, _EARLY_RUNS * self._plain_seconds + _EARLY_SECONDS)
        seed = self._subject.seed * 1_000_003 + number
        ran = bench.run(seed, level, early=early, limit=limit, serial=serial)
        self.runs += not serial
        if self._subject.observer is not None:
            self._subject.observer(self._before + self.runs)
        self._note_end(ran)
        return ran

    def _note_end(self, ran: Ran) -> None:
        if ran.ended is None:
            self._longest = max(self._longest, ran.seconds)
        else:
            self._stacks = ran.ended.stacks
            self._stopped = "a run had not ended after its time"
            if ran.ended.strangers:
                self._stopped += ", and there are threads that it did not start and may have waited for"
        if ran.abandoned:
            self._stopped = f"{self._stopped}; these could not be ended: {', '.join(ran.abandoned)}"
        self._left += ran.remaining

    def _failed(self, ran: Ran) -> Failure | None:
        """The failure that a free run showed, if it did, and the oracle that tells was not switched off."""
        failure = self._failure(ran)
        return None if failure is None or OF_KIND[failure.kind] in self._subject.rules.ignored else failure

    def _failure(self, ran: Ran) -> Failure | None:
        error = ran.error
        if error is None:
            error = next((each for each in ran.thread_errors if type(each).__name__ not in self._excused), None)
        if error is not None:
            return Failure(kind="exception", error=error, text=f"{type(error).__name__}: {error}", schedule=Schedule())
        if ran.ended is None or ran.ended.strangers:
            return None
        limit = self._subject.budget.limit
        tells = self._plain_seconds < _LONG * limit if ran.ended.stuck else 0 < self._longest < _BUSY * limit
        if not tells:
            return None
        what = "its threads are stuck" if ran.ended.stuck else f"its threads had not ended after {limit:g} s"
        if ran.left:
            what = f"it has ended, and left threads behind: {what}"
        text = "\n".join([what, *ran.ended.stacks, *self._of_abandoned(ran)])
        return Failure(kind="thread-left" if ran.left else "timeout", error=None, text=text, schedule=Schedule())

    @staticmethod
    def _of_abandoned(ran: Ran) -> list[str]:
        names = ", ".join(map(repr, ran.abandoned))
        return [f"these could not be ended and were left behind: {names}"] if names else []

    def _fails_by_chance(self, bench: Bench, ran: Ran, failure: Failure) -> bool:
        """Whether that is why ``ran`` failed, as far as it can be told: where it starts threads itself, it cannot."""
        if failure.error is not None and not ran.own:
            self._unfit = self._by_chance(bench, failure)
        return self._unfit is not None

    def _by_chance(self, bench: Bench, failure: Failure) -> tuple[Race, str] | None:
        """Whether it fails as well where nothing happens at once, with the same sleeps."""
        begin = time.perf_counter()
        for number in range(min(_MOST_CONTROLS, max(_LEAST_CONTROLS, _CONTROLS * self.runs))):
            if number >= _LEAST_CONTROLS and time.perf_counter() - begin > _CONTROL_SECONDS:
                break
            ran = self._round(bench, number, serial=True)
            if ran.error is not None:
                said = f"{type(ran.error).__name__}: {ran.error}"
                failed = f"free run {self.runs} failed ({failure.text[:200]})"
                return (
                    Race.NONDETERMINISTIC,
                    f"{failed}, and it fails as well when its threads run one after another: {said}",
                )
            if self._stopped is not None:
                break
        return None

    def _judged(self, found: Found) -> Exploration:
        """Try for a schedule that shows the failure again, and conclude."""
        seed, text = self._subject.seed, found.failure.text.splitlines()[0]
        seen = f"free run {found.number} of {self.runs} failed, with random sleeps from seed {seed}"
        if not found.over:
            shown = self._controlled(lambda search, places: search.follow(_in_time(retracings(found.steps, places, seed))))
            if shown is not None and shown.failure is not None:
                switches = shown.switches or 0
                text = shown.failure.text.splitlines()[0]
                schedule = (
                    f"the order of its accesses fails under control, with {switches} context switch{'es' * (switches != 1)}"
                )
                return replace(shown, reason=f"{text} ({seen}; {schedule})", seconds=self._spent())
        if self._sometimes is not None:
            reason = f"{self._sometimes}; {seen}, too, and no replayable schedule was found"
            return self._exploration(Race.NONDETERMINISTIC, reason)
        reason = f"{text} ({seen}; no replayable schedule was found)"
        return self._exploration(verdict_of(found.failure.kind), reason, failure=found.failure, number=found.number)

    def _controlled(self, look: Callable[[Search, Places], Exploration | None]) -> Exploration | None:
        """What ``look`` witnesses under control; it is told how to ask for the places at which executions can switch."""
        subject = self._subject
        laboratory = Laboratory(subject.scenario, subject.scope)
        limit = min(subject.budget.limit, _EARLY_RUNS * self._plain_seconds + _EARLY_SECONDS)
        budget = replace(subject.budget, seconds=_RETRACE_SECONDS, limit=limit)
        search = Search(
            laboratory,
            name=subject.name,
            strategy="auto",
            budget=budget,
            seed=subject.seed,
            bound=None,
            rules=subject.rules,
        )
        with laboratory.open():
            found = look(search, lambda: {laboratory.place(site) for site in laboratory.hot})
        if found is None or found.verdict not in WITNESSED or found.first_failure is None:
            return None
        before = self._before + self.runs
        return replace(found, schedules=before + found.schedules, first_failure=before + found.first_failure)

    def _exploration(
        self,
        verdict: Race,
        reason: str,
        *,
        coverage: str | None = None,
        failure: Failure | None = None,
        number: int | None = None,
    ) -> Exploration:
        return Exploration(
            verdict=verdict,
            reason=reason,
            kind=None if failure is None else failure.kind,
            coverage=coverage,
            schedules=self._before + self.runs,
            first_failure=None if number is None else self._before + number,
            seconds=self._spent(),
            uncontrolled=() if failure is not None else self._stacks,
            failure=failure,
        )

    def _count(self) -> str:
        return f"{self.runs:,} free run{'s' * (self.runs != 1)}"

    def _spent(self) -> float:
        return time.perf_counter() - self._begin


def _in_time(schedulers: Iterator[Scheduler]) -> Iterator[Scheduler]:
    """As many of them as can be begun within the time there is for it."""
    begin = time.perf_counter()
    return takewhile(lambda _: time.perf_counter() - begin < _RETRACE_SECONDS, schedulers)


def searching(subject: Subject, strategy: str, first: Token | None, controlled: Callable[[], Exploration]) -> Exploration:
    """The strategy ``sleep``; or another, with free runs in place of executions that ``controlled`` could not control."""
    if strategy == "sleep":
        return FreeSearch(subject).explore(first)
    exploration = controlled()
    unclear = exploration.verdict is Race.CLEAN and bool(exploration.uncontrolled)
    if strategy != "auto" or not (unclear or exploration.verdict is Race.UNCONTROLLED):
        return exploration
    return FreeSearch(subject).fall_back(exploration)
