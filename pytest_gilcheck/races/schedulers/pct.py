"""Random priorities that change at random moments (PCT, Burckhardt et al., ASPLOS 2010)."""

from __future__ import annotations

import _random
from typing import TYPE_CHECKING

from pytest_gilcheck.races.schedulers import Base

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled

#: How many ordered events a bug may need for the stated probability to hold.
DEPTH = 3


class PCT(Base):
    """The thread with the highest priority goes on. At ``depth`` - 1 of ``steps`` moments it falls behind all others.

    A bug of that depth is found with a probability of at least :func:`probability` in each execution.
    """

    noted = True

    def __init__(self, seed: int, steps: int, depth: int = DEPTH) -> None:
        self._random = _random.Random(seed)  # the one in C: the one in Python may be under test
        self._priorities: dict[int, float] = {}
        moments = [1 + int(self._random.random() * steps) for _ in range(depth - 1)]
        self._changes = {moment: rank - depth for rank, moment in enumerate(moments)}
        self._step = 0

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:  # noqa: ARG002
        """Count the step; then who has the highest priority."""
        self._step += 1
        lower = self._changes.get(self._step)
        if lower is not None:
            self._priorities[me.number] = lower
        return max(ready, key=self._priority)

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:  # noqa: ARG002
        """Who has the highest priority."""
        return max(ready, key=self._priority)

    def _priority(self, thread: Controlled) -> float:
        priority = self._priorities.get(thread.number)
        if priority is None:
            priority = self._priorities[thread.number] = self._random.random()
        return priority


def probability(threads: int, steps: int, depth: int = DEPTH) -> float:
    """The least with which one execution finds a bug of that depth."""
    return 1 / float(max(1, threads) * max(1, steps) ** (depth - 1))
