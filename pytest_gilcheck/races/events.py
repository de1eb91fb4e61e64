"""What threads did to what they share in one execution, event by event: what directed and reduced searches learn from."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site

#: An execution with more events than this is not noted to its end.
MOST_EVENTS = 20_000


class Act(IntEnum):
    """What an event is."""

    READ = 0
    WRITE = 1
    NEAR_LOCK = 2  # a lock is about to be taken, tried or freed; whether it was follows
    TAKE = 3
    FREE = 4


class Event(NamedTuple):
    """Thread ``thread`` does ``act`` to ``key`` of the object with identity ``target`` (``None``: to all of it), at its
    ``passage``-th passage of ``site``.

    ``ready`` are the threads that could have run instead, a bit each, and this one; 0 after a switch at this passage.
    ``switches`` were made before. ``TAKE`` and ``FREE`` have no site.
    """

    thread: int
    act: Act
    target: int
    key: object
    site: Site | None
    passage: int
    ready: int
    switches: int
