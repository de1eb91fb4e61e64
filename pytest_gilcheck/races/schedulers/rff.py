"""Random schedules that try for given pairs of a write and a read (RFF, Wolff et al., ASPLOS 2024)."""

from __future__ import annotations

import _random
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pytest_gilcheck.races.experience import ReadFrom
from pytest_gilcheck.races.schedulers.pos import POS

if TYPE_CHECKING:
    from pytest_gilcheck.races.experience import Experience
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled

# The chance that a schedule starts from one that showed news, and the most constraints of one.
_FROM_NEWS = 0.8
_MOST_CONSTRAINTS = 6


class Constraint(NamedTuple):
    """The read shall get what the write wrote; or, not ``wanted``, it shall not."""

    pair: ReadFrom
    wanted: bool


Constraints = frozenset[Constraint]
_T = TypeVar("_T")


class RFF(POS):
    """Holds a thread back while its next event would break one of ``constraints``, as long as others can run."""

    noted = True

    def __init__(self, seed: int, experience: Experience, constraints: Constraints) -> None:
        super().__init__(seed, experience)
        self.constraints = constraints
        self._writes: dict[Site, Site] = {}  # the last that wrote where a site reads

    def rank(self, thread: Controlled) -> float:
        """Below zero while it would break a constraint."""
        site = self.pending.get(thread.number)
        broken = site is not None and any(
            constraint.pair.read is site and (self._writes.get(site) is constraint.pair.write) is not constraint.wanted
            for constraint in self.constraints
        )
        return super().rank(thread) - broken

    def passed(self, site: Site) -> None:
        """Note what it writes."""
        if site in self._experience.writers:
            for reader in self._experience.meets.get(site, ()):
                self._writes[reader] = site


class Feedback:
    """Draws the constraints of one schedule after another: changes those of schedules that showed a new pair."""

    def __init__(self, seed: int, experience: Experience) -> None:
        self._random = _random.Random(seed)
        self._experience = experience
        self._kept: list[Constraints] = []
        self._tried: set[Constraints] = set()

    def next(self, seed: int) -> RFF:
        """The next schedule."""
        constraints: Constraints = frozenset()
        for _ in range(10):
            base = self._draw(self._kept) if self._kept and self._random.random() < _FROM_NEWS else frozenset()
            constraints = self._changed(base)
            if constraints not in self._tried:
                break
        self._tried.add(constraints)
        return RFF(seed, self._experience, constraints)

    def learn(self, scheduler: RFF, *, news: bool) -> None:
        """Whether an execution of ``scheduler`` showed a new pair."""
        if news:
            self._kept.append(scheduler.constraints)

    def _changed(self, base: Constraints) -> Constraints:
        pairs = sorted(self._experience.pairs, key=_by_place)
        if not pairs:
            return base
        pair = self._draw(pairs)
        changes: list[Callable[[], Constraints]] = [
            lambda: base | {Constraint(pair, True)},
            lambda: base | {Constraint(pair, False)},
            lambda: self._any_write(base, pair),
        ]
        if base:
            known = self._draw(sorted(base, key=lambda constraint: (_by_place(constraint.pair), constraint.wanted)))
            changes.append(lambda: base - {known})
            changes.append(lambda: base - {known} | {Constraint(known.pair, not known.wanted)})
        changed = self._draw(changes)()
        return changed if len(changed) <= _MOST_CONSTRAINTS else base

    def _any_write(self, base: Constraints, pair: ReadFrom) -> Constraints:
        """The read of a known pair shall get its value from another write."""
        assert pair.read is not None
        writes = sorted(self._experience.meets.get(pair.read, set()) & self._experience.writers, key=_place)
        return base | {Constraint(ReadFrom(self._draw(writes), pair.read), True)} if writes else base

    def _draw(self, among: list[_T]) -> _T:
        return among[int(self._random.random() * len(among))]


def _place(site: Site | None) -> tuple[str, int]:
    return ("", 0) if site is None else (site.code.co_qualname, site.offset)


def _by_place(pair: ReadFrom) -> tuple[tuple[str, int], tuple[str, int]]:
    return _place(pair.write), _place(pair.read)
