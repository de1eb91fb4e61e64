"""Uniformly random choices at the sites where threads meet."""

from __future__ import annotations

import _random
from typing import TYPE_CHECKING

from pytest_gilcheck.races.schedulers import Base

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled


class Random(Base):
    """Every thread that can run is as likely as any other to go on."""

    noted = True

    def __init__(self, seed: int) -> None:
        self._random = _random.Random(seed)  # the one in C: the one in Python may be under test

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:  # noqa: ARG002
        """Any of them."""
        return ready[int(self._random.random() * len(ready))]

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:  # noqa: ARG002
        """Any of them."""
        return ready[int(self._random.random() * len(ready))]
