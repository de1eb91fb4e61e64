"""Random priorities of events, drawn anew for those that lost a race (POS, Yuan, Yang and Gu, CAV 2018)."""

from __future__ import annotations

import _random
from typing import TYPE_CHECKING

from pytest_gilcheck.races.schedulers import Base

if TYPE_CHECKING:
    from pytest_gilcheck.races.experience import Experience
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled


class POS(Base):
    """The thread whose next event has the highest priority goes on; then events that use the same location draw again.

    Which do is known by their sites, from ``experience``.
    """

    def __init__(self, seed: int, experience: Experience) -> None:
        self._random = _random.Random(seed)  # the one in C: the one in Python may be under test
        self._experience = experience
        self._priorities: dict[int, float] = {}
        self.pending: dict[int, Site] = {}  # by thread: where it was about to use something

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:  # noqa: ARG002
        """``me`` came to a new event; then who has the highest priority."""
        self._priorities[me.number] = self._random.random()
        self.pending[me.number] = site
        return self._pick(ready)

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:  # noqa: ARG002
        """Who has the highest priority."""
        self.pending.pop(me.number, None)
        self._priorities.pop(me.number, None)
        return self._pick(ready)

    def _pick(self, ready: list[Controlled]) -> Controlled:
        best = max(ready, key=self.rank)
        done = self.pending.pop(best.number, None)
        self._priorities.pop(best.number, None)
        if done is not None:
            self.passed(done)
            meets = self._experience.meets.get(done, ())
            for number, site in self.pending.items():
                if site in meets:
                    self._priorities[number] = self._random.random()
        return best

    def rank(self, thread: Controlled) -> float:
        """The priority of the next event of ``thread``, between 0 and 1; the highest is next."""
        priority = self._priorities.get(thread.number)
        if priority is None:
            priority = self._priorities[thread.number] = self._random.random()
        return priority

    def passed(self, site: Site) -> None:
        """The event at ``site`` is next."""
