"""Serial orders: every thread runs until it waits or ends; the orders differ in who is next then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_gilcheck.races.schedulers import Base

if TYPE_CHECKING:
    from pytest_gilcheck.races.threads import Controlled


class Serial(Base):
    """Of those that can run, the thread that comes first in ``order`` (numbers) is next; others follow by number."""

    noted = True

    def __init__(self, order: Sequence[int] = ()) -> None:
        self._rank = {number: rank for rank, number in enumerate(order)}

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:  # noqa: ARG002
        """The first of the order."""
        if not self._rank:
            return default
        return min(ready, key=lambda thread: (self._rank.get(thread.number, len(self._rank)), thread.number))
