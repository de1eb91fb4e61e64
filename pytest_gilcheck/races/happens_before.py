"""Which events of an execution come before which in every execution that is ordered in the same way: vector clocks.

What orders threads is what they do with locks (whoever takes one comes after who freed it), starting, waking and joining
one another, and the hand-over of a ``SimpleQueue`` (Lamport, 1978; vector clocks as in FastTrack, Flanagan and Freund, PLDI
2009). All other primitives are made of these. Unlike in :mod:`reduction`, that two events use one location does not order
them.
"""

from __future__ import annotations

from _queue import SimpleQueue
from collections.abc import Collection, Sequence

from pytest_gilcheck.races.events import OF_THREADS, Act, Event, overlapping

#: A location: the identity of its object, and the key; ``None`` is all of it.
Location = tuple[int, object]


class Order:
    """The order of ``events``.

    ``apart_from``: these locks order nothing. ``accesses``: single accesses order, too, as those of Python are atomic and
    seen by all threads in one order: who sees what another wrote comes after it. ``but_for``: not what this thread sees of
    this location.
    """

    def __init__(
        self,
        events: Sequence[Event],
        *,
        apart_from: Collection[int] = (),
        accesses: bool = False,
        but_for: tuple[int, Location] | None = None,
    ) -> None:
        others = [event.target for event in events if event.act in OF_THREADS]
        size = 1 + max([0, *others, *(event.thread for event in events)])
        self._events = events
        self._apart_from = apart_from
        self._accesses = accesses
        self._but_for = but_for
        self._now = [[0] * size for _ in range(size)]
        self._freed: dict[int, list[int]] = {}
        self._taken: dict[int, list[int]] = {}
        self._written: dict[int, dict[object, list[int]]] = {}
        self.clocks: list[list[int]] = []
        self.positions: list[int] = []
        for event in events:
            self._follow(event)

    def before(self, one: int, other: int) -> bool:
        """Whether event number ``one`` comes before number ``other`` whatever the schedule."""
        return self.clocks[other][self._events[one].thread] >= self.positions[one]

    def may_come_between(self, first: int, between: int, last: int) -> bool:
        """Whether nothing keeps an event of another thread from coming after ``first`` and before ``last``."""
        return not self.before(between, first) and not self.before(last, between)

    def _follow(self, event: Event) -> None:
        thread, act, target = event.thread, event.act, event.target
        now = self._now[thread]
        if act is Act.JOIN:
            _join(now, self._now[target])
        elif act is Act.TAKE and target not in self._apart_from:
            _join(now, self._freed.get(target))
        elif act is Act.TRY and target not in self._apart_from:
            _join(now, self._freed.get(target))
            _join(now, self._taken.get(target))
        elif act is Act.READ or act is Act.WRITE:
            self._see(event, now)
        now[thread] += 1
        self.positions.append(now[thread])
        clock = now.copy()
        self.clocks.append(clock)
        if act is Act.WAKE:
            _join(self._now[target], clock)
        elif act is Act.FREE:
            self._freed[target] = clock
        elif act is Act.TAKE:
            self._taken[target] = clock
        elif act is Act.WRITE and (self._accesses or event.kind is SimpleQueue):
            self._written.setdefault(target, {})[event.key] = clock

    def _see(self, event: Event, now: list[int]) -> None:
        # A plain store sees nothing of what it replaces; a method that writes, such as ``pop``, does.
        reads = event.act is Act.READ or event.site is None or not event.site.stores
        if reads and not self._is_left_out(event):
            for clock in overlapping(self._written, event):
                _join(now, clock)

    def _is_left_out(self, event: Event) -> bool:
        if self._but_for is None:
            return False
        thread, (target, key) = self._but_for
        same = event.target == target and (key is None or event.key is None or event.key == key)
        return same and event.thread == thread


def _join(clock: list[int], other: list[int] | None) -> None:
    if other is not None:
        for thread, position in enumerate(other):
            if position > clock[thread]:  # noqa: PLR1730 - max() takes three times as long
                clock[thread] = position
