"""What threads did to what they share in one execution, event by event: what directed and reduced searches learn from."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site


class Act(IntEnum):
    """What an event is."""

    READ = 0
    WRITE = 1
    NEAR_LOCK = 2  # a lock is about to be taken, tried or freed; whether it was follows
    TAKE = 3
    FREE = 4
    TRY = 5  # whether the lock is free makes a difference, but nobody waits for it
    BLOCK = 6  # it waits for a lock that is taken
    WAKE = 7  # of the thread whose number is the target: what it does next comes after this
    JOIN = 8  # the thread whose number is the target has ended before
    UNORDERED = 9  # what follows depends on more than on what threads share, such as the time


class Event(NamedTuple):
    """Thread ``thread`` does ``act`` to ``key`` of the object of type ``kind`` with identity ``target`` (``None``: to all of
    it; see :mod:`notes`), at its ``passage``-th passage of ``site``.

    ``ready`` are the threads that could have run instead, a bit each, and this one; 0 after a switch at this passage.
    ``switches`` were made before. Only the first three have a site. ``part`` is the key of what comes into the object or
    leaves it, where that is an access to all of it; and of a lock that is taken, where: a site, or the file, line and
    function that called the library.
    """

    thread: int
    act: Act
    target: int
    kind: type
    key: object
    site: Site | None
    passage: int
    ready: int
    switches: int
    part: object = None


#: What has to do with another thread, whose number is the target.
OF_THREADS = frozenset({Act.WAKE, Act.JOIN})

_T = TypeVar("_T")


def overlapping(table: Mapping[int, Mapping[object, _T]], event: Event) -> list[_T]:
    """The entries of ``table``, by object and key, for locations that have to do with that of ``event``."""
    keys = table.get(event.target)
    if not keys:
        return []
    if event.key is None:
        return list(keys.values())
    return [keys[key] for key in (event.key, None) if key in keys]
