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
    steps = _Steps()
    return all(steps.is_first(event) for event in events if event.thread == thread)


class _Steps:
    """The steps of one thread."""

    def __init__(self) -> None:
        self._held: dict[int, int] = {}
        self._begun = False  # a section of a lock, or a call that is atomic by itself
        self._last: tuple[object, int] | None = None
        self._stored: set[tuple[int, object]] = set()

    def is_first(self, event: Event) -> bool:
        """Whether ``event`` is part of the first step, or of none."""
        if event.act is Act.TAKE:
            new = not self._held and self._begun
            self._held[event.target] = self._held.get(event.target, 0) + 1
            self._begun = True
            return not new
        if event.act is Act.FREE:
            left = self._held.pop(event.target, 1) - 1
            if left > 0:
                self._held[event.target] = left
        elif event.act is Act.WRITE and event.site is not None and not self._held:
            return self._is_first_write(event)
        return event.act is not Act.JOIN

    def _is_first_write(self, event: Event) -> bool:
        assert event.site is not None
        if event.site.kind is not Kind.CALL:
            location = (event.target, event.key)
            new = location in self._stored
            self._stored.add(location)
            return not new
        call = (event.site, event.passage)
        new = self._begun and self._last != call
        self._begun, self._last = True, call
        return not new
