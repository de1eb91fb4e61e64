"""Which other orders of an execution may make a difference: the races between its events, by happens-before.

Two events are dependent if one may keep the other from doing what it does: uses of one location, one of them writing;
whoever takes a lock, with one another. An execution in which all dependent events have the same order ends in the same
state. So from each pair that could have come the other way round follows where another thread has to be tried first
(dynamic partial-order reduction: Flanagan and Godefroid, POPL 2005; initials and source sets: Abdulla et al., POPL 2014).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytest_gilcheck.races.events import OF_THREADS, Act, Event, overlapping

Clock = list[int]


class Reversal(NamedTuple):
    """Event number ``event`` and a later one of ``thread`` could come in the other order. ``initials`` are the threads of
    which each could be the first to run, instead of the event, on the way there; a bit each."""

    event: int
    thread: int
    initials: int


class _Lock:
    """The last events of a lock."""

    __slots__ = ("free", "take", "tries")

    def __init__(self) -> None:
        self.take = self.free = -1
        self.tries: list[int] = []


class _Location:
    """The last write, and the last read of each thread since."""

    __slots__ = ("reads", "write")

    def __init__(self) -> None:
        self.write = -1
        self.reads: dict[int, int] = {}


class Reduction:
    """One pass over ``events``; see :meth:`reversals`.

    ``attempts``: to try to take a lock before it is freed, and wait for it, counts as another order. With a bound of
    preemptions it does: where a thread waits, a switch costs none. ``unordered``: events depend on more than on one another.
    """

    def __init__(self, events: Sequence[Event], *, attempts: bool = False) -> None:
        self._events = events
        self._attempts = attempts
        others = [event.target for event in events if event.act in OF_THREADS]
        size = 1 + max([0, *others, *(event.thread for event in events)])
        self._now: list[Clock] = [[0] * size for _ in range(size)]
        self._own: list[list[int]] = [[] for _ in range(size)]
        self._clocks: list[Clock] = []
        self._positions: list[int] = []
        self._locks: dict[int, _Lock] = {}
        self._locations: dict[int, dict[object, _Location]] = {}
        self.unordered = any(event.act is Act.UNORDERED for event in events)

    def reversals(self, since: int = 0) -> Iterator[Reversal]:
        """The pairs that could have come the other way round, each event from number ``since`` on with those before it."""
        races = [(number, other) for number, event in enumerate(self._events) for other in self._races(number, event)]
        for number, other in races:
            if number >= since:
                yield Reversal(other, self._events[number].thread, self._initials(other, number))

    def clocks(self) -> list[Clock]:
        """For each event how many events of each thread it comes after, counting itself."""
        for number, event in enumerate(self._events):
            self._races(number, event)
        return self._clocks

    def _races(self, number: int, event: Event) -> list[int]:
        """The earlier events that could have come after this one, whose clock is set."""
        thread, act = event.thread, event.act
        now = self._now[thread]
        if act is Act.JOIN:
            _join(now, self._now[event.target])
        races, before = self._dependences(number, event)
        found = [other for other in races if self._is_race(event, other, before, now)]
        for other in before:
            _join(now, self._clocks[other])
        now[thread] += 1
        self._own[thread].append(number)
        self._positions.append(now[thread])
        self._clocks.append(now.copy())
        if act is Act.WAKE:
            _join(self._now[event.target], now)
        return found

    def _is_race(self, event: Event, other: int, before: list[int], now: Clock) -> bool:
        """Whether ``other`` comes before ``event`` only because of the two events themselves."""
        thread, position = self._events[other].thread, self._positions[other]
        if thread == event.thread or position <= now[thread]:
            return False
        if event.act in _TAKING and self._events[other].act in _TAKING:
            return True  # the lock was freed in between, but only because the other was first
        return all(between == other or self._clocks[between][thread] < position for between in before)

    def _dependences(self, number: int, event: Event) -> tuple[list[int], list[int]]:
        """The earlier events that the order with this one could be another of, and all that it comes after."""
        act = event.act
        if act is Act.BLOCK and event.target in self._locations:
            return self._conflicts(event), []
        if act in _OF_LOCKS:
            lock = self._locks.setdefault(event.target, _Lock())
            if act is Act.TAKE:
                races, before = [lock.take, *lock.tries], [lock.free, *lock.tries]
                if self._attempts:
                    races.append(lock.free)
                lock.take, lock.tries = number, []
            elif act is Act.FREE:
                races = before = [lock.take, *lock.tries]
                lock.free, lock.tries = number, []
            elif act is Act.BLOCK:
                races, before = [lock.take], []
            else:
                races = before = [max(lock.take, lock.free)]
                lock.tries.append(number)
            return [other for other in races if other >= 0], [other for other in before if other >= 0]
        if act in _ACCESSES:
            conflicts = self._conflicts(event)
            self._note(number, event)
            return conflicts, conflicts
        return [], []

    def _conflicts(self, event: Event) -> list[int]:
        """The last uses of its location that it conflicts with."""
        found: set[int] = set()
        for location in overlapping(self._locations, event):
            if location.write >= 0:
                found.add(location.write)
            if event.act is not Act.READ:
                found.update(location.reads.values())
        return list(found)

    def _note(self, number: int, event: Event) -> None:
        location = self._locations.setdefault(event.target, {}).setdefault(event.key, _Location())
        if event.act is Act.WRITE:
            location.write = number
            location.reads = {}
        else:
            location.reads[event.thread] = number

    def _initials(self, other: int, number: int) -> int:
        """The threads that could run first, of those that do not come after ``other``, up to ``number``."""
        thread, position = self._events[other].thread, self._positions[other]
        last = self._events[number].thread
        first: dict[int, int] = {}
        for between in range(other + 1, number):
            who, act = self._events[between].thread, self._events[between].act
            if act not in _PASSING and who not in first and who != thread and self._clocks[between][thread] < position:
                first[who] = between
        first.setdefault(last, number)
        initials = 0
        for who, event in first.items():
            others = [(rival, self._positions[begin]) for rival, begin in first.items() if rival != who]
            step = self._step(event)
            if (event == number or all(self._clocks[each][thread] < position for each in step)) and not any(
                self._clocks[each][rival] >= begin for each in step for rival, begin in others
            ):
                initials |= 1 << who
        return initials

    def _step(self, event: int) -> list[int]:
        """What the thread of ``event`` does from there without a point in between, at the most."""
        own = self._own[self._events[event].thread]
        step = []
        place: object = None
        for number in own[self._positions[event] - 1 :]:
            now = self._events[number]
            here = None if now.site is None else (now.site, now.passage)
            if place is not None and here not in {None, place}:
                break
            place = place or here
            step.append(number)
        return step


_ACCESSES = frozenset({Act.READ, Act.WRITE})
_OF_LOCKS = frozenset({Act.TAKE, Act.FREE, Act.TRY, Act.BLOCK})
_TAKING = frozenset({Act.TAKE, Act.BLOCK})
# They change nothing, so no other event comes after one of them.
_PASSING = frozenset({Act.NEAR_LOCK, Act.BLOCK})


def _join(clock: Clock, other: Clock) -> None:
    for thread, position in enumerate(other):
        clock[thread] = max(clock[thread], position)
