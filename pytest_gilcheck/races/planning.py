"""The plan of a search: which schedulers run, in which order, and what that covered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import cycle, islice

from pytest_gilcheck.races.conflicts import Conflicts
from pytest_gilcheck.races.directing import Director
from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.experience import Experience
from pytest_gilcheck.races.exploration import Budget
from pytest_gilcheck.races.hazards import Hazards
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.schedulers.guarded import Guarded, Strategies
from pytest_gilcheck.races.schedulers.pct import DEPTH, PCT, probability
from pytest_gilcheck.races.schedulers.pos import POS
from pytest_gilcheck.races.schedulers.random import Random
from pytest_gilcheck.races.schedulers.rff import RFF, Feedback
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.schedulers.systematic import Systematic

#: The strategies by name.
STRATEGIES = ("auto", "directed", "systematic", "pct", "pos", "rff", "random", "sleep")
# On a busy machine the budget may be spent before the search has begun. So many executions are made all the same, as long as
# one takes no longer than this, in seconds.
_LEAST = 50
_SHORT = 0.02
# A body that takes long gets so many all the same, the most promising ones, as long as one takes no longer than this many
# times the budget.
_FEW = 4
_LONG = 2.0
# So many directed schedules are tried before anything else, and the others in turn with it.
_DIRECTED = 60
#: The samplers among which ``auto`` goes round.
IN_TURN = ("pos", "pct", "rff", "random")


class Plan:
    """``count`` says how many executions there were.

    After a search: ``everything``: all interleavings ran; ``exhausted``: all with at most so many preemptions; ``cut``: the
    budget ended a systematic search; ``sampled``: how many each sampler chose; ``diverged``: choices led elsewhere.
    """

    def __init__(  # noqa: PLR0913 - the keywords of a search
        self,
        laboratory: Laboratory,
        *,
        strategy: str,
        budget: Budget,
        seed: int,
        bound: int | None,
        count: Callable[[], int],
        added: Strategies | None = None,
    ) -> None:
        self._lab = laboratory
        self._strategy = strategy
        self._budget = budget
        self._seed = seed
        self._bound = bound
        self._count = count
        self._added = added or {}
        self._experience = Experience()
        self._director = Director(laboratory.place)
        self._feedback = Feedback(seed, self._experience)
        self.hazards = Hazards()
        self._complete = -1
        self.conflicts = Conflicts()
        self._searches: list[Systematic] = []
        self._nothing_shared = False  # in two orders
        self.exhausted: int | None = None
        self.everything = False
        self.cut = False
        self.sampled: Counter[str] = Counter()
        self.diverged = False

    def forget_stale(self) -> None:
        """Threads turned out to meet elsewhere, too, after a systematic search had ended: it did not switch there."""
        if self._complete not in {-1, self._lab.growth}:
            self.exhausted, self.everything = None, False

    def first(self, threads: int) -> Iterator[Scheduler]:
        """The cheapest executions, in which most of what is to be found is found; ``threads`` ran in the first of all."""
        if self._strategy not in {"auto", "directed"}:
            return
        if not self._lab.hot and (self.left_over() or self._needs_more()):
            yield Serial(range(threads - 1, 0, -1))
            self._nothing_shared = not self._lab.hot
        if not self._lab.hot:
            return
        self._director.orders(threads)
        directed = self._directed()
        yield from islice(directed, _DIRECTED) if self._strategy == "auto" else directed

    def learn(self, result: Result, scheduler: Scheduler) -> None:
        """``scheduler`` led to ``result``."""
        if result.events:
            self.conflicts.learn(result.events)
            news = self._experience.learn(result.events)
            if self._lab.complete:
                self.hazards.learn(result.events, promising=news or isinstance(scheduler, Serial))
            if self._strategy in {"auto", "directed"}:
                self._director.learn(result.events, result.trace, scheduler, news=news)
            if isinstance(scheduler, RFF):
                self._feedback.learn(scheduler, news=news)

    def schedulers(self, *, sampling_only: bool) -> Iterator[Scheduler]:
        """One scheduler for each execution to come after those, the same one while it has more to try.

        ``sampling_only``: what was tried cannot be told from what was not.
        """
        if self._nothing_shared and not self._lab.hot:
            self.everything = not self._lab.broken_off
            return
        if not self.left_over():
            self.cut = True
            return
        if sampling_only:
            yield from self._samples(IN_TURN)
        elif self._strategy in self._samplers():
            yield from self._samples((self._strategy,))
        elif self._strategy == "systematic":
            yield from self._systematic(self._bounds())
        elif self._strategy == "auto":
            yield from self._mixture()

    @property
    def pruned(self) -> int:
        """How many choices of a systematic search were not tried, as they lead to nothing that has not been seen."""
        return sum(search.pruned for search in self._searches)

    @property
    def began(self) -> bool:
        """Whether there was time for a systematic search."""
        return bool(self._searches)

    @property
    def directed(self) -> bool:
        """Whether directed schedules were all that was asked for, and some ran."""
        return self._strategy == "directed" and self._count() > 1

    def how(self) -> str:
        """How schedules were sampled, in words."""
        if not self.sampled:
            return "directed at suspicious pairs of accesses"
        names = {"pct": f"PCT of depth {DEPTH}", "pos": "POS", "rff": "RFF", "random": "random"}
        said = " and ".join(names.get(name, name) for name in self.sampled)
        if [*self.sampled] == ["pct"]:
            threads, steps = self._experience.threads, self._experience.steps
            said += (
                f"; one of {1 / probability(threads, steps):,.0f} finds a bug of that depth, if none has over {steps} steps"
            )
        return said

    def _samplers(self) -> dict[str, Callable[[int], Scheduler]]:
        return {
            "random": Random,
            "pct": lambda seed: PCT(seed, self._experience.steps),
            "pos": lambda seed: POS(seed, self._experience),
            "rff": self._feedback.next,
            **{name: partial(Guarded, name, make) for name, make in self._added.items()},
        }

    def _samples(self, names: Sequence[str]) -> Iterator[Scheduler]:
        samplers = self._samplers()
        for number, name in enumerate(cycle(names)):
            if not self.left_over():
                return
            self.sampled[name] += 1
            yield samplers[name](self._seed * 1_000_003 + number)

    def _bounds(self) -> Iterator[int | None]:
        """Bounds in turn. Without one asked for, the last has none: then the search ends when everything ran."""
        if self._bound is None and self._strategy == "systematic":
            yield None
        else:
            yield from range(self._bound + 1) if self._bound is not None else range(64)

    @staticmethod
    def systematic(bound: int | None) -> Systematic:
        """The systematic search with at most ``bound`` preemptions."""
        return Systematic(bound)

    def _systematic(self, bounds: Iterator[int | None]) -> Iterator[Scheduler]:
        for bound in bounds:
            scheduler = self.systematic(bound)
            self._searches.append(scheduler)
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
        chance = self._samples(IN_TURN)
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

    def _directed(self) -> Iterator[Scheduler]:
        while self.left_over() or self._needs_more():
            scheduler = self._director.next()
            if scheduler is None:
                return
            yield scheduler

    def _needs_more(self) -> bool:
        """Whether what was spent is worth next to nothing without another execution."""
        few = self._count() < min(_FEW, self._budget.schedules) and not self._lab.broken_off
        return few and self._lab.seconds < _LONG * self._budget.seconds

    def left_over(self) -> bool:
        """Whether the budget allows another execution."""
        count = self._count()
        if count >= self._budget.schedules:
            return False
        if self._lab.spending.left:
            return True
        return 0 < count < _LEAST and self._lab.seconds < _SHORT and not self._lab.broken_off
