"""Whether an operation is one step: whether anybody may expect of it that it happens at once."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Kind


def is_one_step(events: Sequence[Event], thread: int) -> bool:
    """Whether what ``thread`` did can be meant to be atomic.

    An operation that takes a lock again after it has freed one, as one does that waits for a condition or takes things from
    a queue in turn, has let others in on purpose; and so has one that changes what is shared by several calls each of which
    is atomic by itself, or the same variable more than once, outside of any lock: others may well see how far it has come.
    What it starts or waits for is not its own step either.
    """
    held: dict[int, int] = {}
    sections = 0
    stored: set[tuple[int, object]] = set()
    counted: tuple[object, int] | None = None
    for event in events:
        if event.thread != thread:
            continue
        if event.act is Act.TAKE:
            sections += not held
            held[event.target] = held.get(event.target, 0) + 1
        elif event.act is Act.FREE:
            left = held.pop(event.target, 1) - 1
            if left > 0:
                held[event.target] = left
        elif event.act is Act.JOIN:
            return False
        elif event.act is Act.WRITE and event.site is not None and not held:
            if event.site.kind is not Kind.CALL:
                sections += 2 * ((event.target, event.key) in stored)
                stored.add((event.target, event.key))
            elif counted != (event.site, event.passage):
                sections += 1
            counted = (event.site, event.passage)
        if sections > 1:
            return False
    return True
