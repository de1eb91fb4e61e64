"""Schedulers: what decides which thread goes on. The protocol, and the strategies by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pytest_gilcheck.races.events import Event
    from pytest_gilcheck.races.schedule import Place
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled
    from pytest_gilcheck.races.values import Values


class Scheduler(Protocol):
    """Decides one execution after another. ``ready`` is never empty and sorted by number.

    A scheduler with a ``script`` is not asked: what to do at (thread, place, passage) is written there. ``events`` is where
    the execution notes what its threads do, if it is to be ``noted``, and ``values`` what they read and write, if there is
    such.
    """

    noted: bool
    values: Values | None

    script: Mapping[tuple[int, Place | None, int], int] | None
    events: Sequence[Event]

    def begin(self) -> bool:
        """Another execution is about to start; ``False`` if there is none left to try."""

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:
        """``me`` is about to use a location that threads share, and others could run as well: who goes on?"""

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:
        """``me`` waits or has ended (for the ``blocks``-th time): which of ``ready`` goes on?"""


class Base:
    """One execution after another in which nobody is interrupted; what other schedulers start from."""

    script: Mapping[tuple[int, Place | None, int], int] | None = None
    events: Sequence[Event] = ()
    noted = False
    values: Values | None = None

    def begin(self) -> bool:
        """There is always another."""
        return True

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:  # noqa: ARG002
        """Go on."""
        return me

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:  # noqa: ARG002
        """The next in turn."""
        return default
