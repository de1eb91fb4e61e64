"""The plan of a search: which schedulers run, in which order, and what that covered."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from pytest_gilcheck.races.directing import Director
from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.exploration import Budget
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.schedulers.random import Random
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.schedulers.systematic import Systematic

#: The strategies by name.
STRATEGIES = ("auto", "systematic", "random")
# On a busy machine the budget may be spent before the search has begun. So many executions are made all the same, as long as
# one takes no longer than this, in seconds.
_LEAST = 50
_SHORT = 0.02
# So many directed schedules are tried before anything else, and the others in turn with it.
_DIRECTED = 60


class Plan:
    """``count`` says how many executions there were.

    After a search: ``everything``: all interleavings ran; ``exhausted``: all with at most so many preemptions; ``cut``: the
    budget ended a systematic search; ``sampled``: some were left to chance; ``diverged``: choices led elsewhere than before.
    """

    def __init__(
        self,
        laboratory: Laboratory,
        *,
        strategy: str,
        budget: Budget,
        seed: int,
        bound: int | None,
        count: Callable[[], int],
    ) -> None:
        self._lab = laboratory
        self._strategy = strategy
        self._budget = budget
        self._seed = seed
        self._bound = bound
        self._count = count
        self._begin = time.perf_counter()
        self._director = Director(laboratory.place)
        laboratory.noting = strategy != "random"
        self._complete = -1
        self.exhausted: int | None = None
        self.everything = False
        self.cut = False
        self.sampled = False
        self.diverged = False

    def forget_stale(self) -> None:
        """Threads turned out to meet elsewhere, too, after a systematic search had ended: it did not switch there."""
        if self._complete not in {-1, self._lab.growth}:
            self.exhausted, self.everything = None, False

    def first(self, threads: int) -> Iterator[Scheduler]:
        """The cheapest executions, in which most of what is to be found is found; ``threads`` ran in the first of all."""
        if self._strategy != "auto":
            return
        if not self._lab.hot:
            yield Serial(range(threads - 1, 0, -1))
        if not self._lab.hot:
            return
        self._director.orders(threads)
        for _ in range(_DIRECTED):
            scheduler = self._director.next() if self.left_over() else None
            if scheduler is None:
                break
            yield scheduler

    def learn(self, result: Result, scheduler: Scheduler) -> None:
        """``scheduler`` led to ``result``."""
        if result.events:
            self._director.learn(result.events, result.trace, scheduler)

    def schedulers(self, *, sampling_only: bool) -> Iterator[Scheduler]:
        """One scheduler for each execution to come after those, the same one while it has more to try.

        ``sampling_only``: what was tried cannot be told from what was not.
        """
        if not self.left_over():
            self.cut = True
            return
        if not self._lab.hot and self._strategy == "auto":
            self.everything = not (sampling_only or self._lab.broken_off)
            return
        if self._strategy == "random" or sampling_only:
            yield from self._random()
        elif self._strategy == "systematic":
            yield from self._systematic(self._bounds())
        else:
            yield from self._mixture()

    def _bounds(self) -> Iterator[int | None]:
        """Bounds in turn. Without one asked for, the last has none: then the search ends when everything ran."""
        if self._bound is None and self._strategy == "systematic":
            yield None
        else:
            yield from range(self._bound + 1) if self._bound is not None else range(64)

    def _random(self) -> Iterator[Scheduler]:
        number = 0
        while self.left_over():
            self.sampled = True
            yield Random(self._seed * 1_000_003 + number)
            number += 1

    def _systematic(self, bounds: Iterator[int | None]) -> Iterator[Scheduler]:
        for bound in bounds:
            scheduler = Systematic(bound)
            growth = self._lab.growth
            while self.left_over():
                if growth != self._lab.growth:
                    growth = self._lab.growth
                    scheduler.restart()
                if not scheduler.begin():
                    break
                yield scheduler
            else:
                self.cut = True
                return
            if scheduler.diverged is not None:
                self.diverged = True
                return  # what was tried cannot be told from what was not
            if scheduler.cut:
                self.cut = True
                return
            self._complete = growth
            self.exhausted = bound
            if not scheduler.skipped:
                self.everything = True
                return

    def _mixture(self) -> Iterator[Scheduler]:
        """Systematic search with growing bounds, the same without a bound, what is directed and chance, in turn."""
        chance = self._random()
        everything = iter(()) if self._bound is not None else self._systematic(iter((None,)))
        for scheduler in self._systematic(self._bounds()):
            yield scheduler
            for source in (everything, everything, self._directed(), chance):
                other = None if self.everything or self.diverged else next(source, None)
                if other is not None:
                    yield other
            if self.everything or self.diverged:
                break
        if not self.everything and (self._bound is None or self.exhausted is None):
            yield from chance
        self.sampled = self.sampled and not self.everything

    def _directed(self) -> Iterator[Scheduler]:
        scheduler = self._director.next() if self.left_over() else None
        if scheduler is not None:
            yield scheduler

    def left_over(self) -> bool:
        """Whether the budget allows another execution."""
        count = self._count()
        if count >= self._budget.schedules:
            return False
        spent = time.perf_counter() - self._begin
        if spent < self._budget.seconds:
            return True
        return 0 < count < _LEAST and self._lab.seconds < _SHORT and not self._lab.broken_off
