"""Suspicious places of an execution: where to interrupt a thread so that another comes between two of its accesses.

The patterns are those of accesses to one location that no serial order gives (AVIO, Lu et al., ASPLOS 2006), of several
locations that belong together, and of locks taken in opposite orders.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from pytest_gilcheck.races.events import Act, Event, overlapping
from pytest_gilcheck.races.sites import Site


class Pattern(IntEnum):
    """What a switch would bring about, the most promising first."""

    LOST_UPDATE = 0  # read, other's write, write
    LOCK_ORDER = 1  # holds one lock and goes for another, which the other thread takes first
    UNSERIALISABLE = 2  # write, other's read, write; read, other's write, read; write, other's write, read
    HALF_DONE = 3  # the thread writes two locations and the other reads both, or the other way round
    STALE_READ = 4  # read, other's read, write: the other may go on to write, too
    SAME_LOCATION = 5
    SEVERAL_LOCATIONS = 6  # the other thread uses both
    LOCKS = 7  # the other thread takes the same lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Thread ``thread`` is to be interrupted before event number ``event`` of the execution, in favour of ``other``.

    ``foreign``: all that comes before and after is code of the standard library that guards what it shares. ``signature`` is
    the same for suspicions that differ in nothing but how often the code ran before.
    """

    pattern: Pattern
    event: int
    thread: int
    other: int
    foreign: bool
    signature: tuple[Pattern, Site | None, Site | None, Site | None, Site | None]


def suspicions(events: Sequence[Event], since: int = 0) -> list[Suspicion]:
    """Those of an execution, for points from number ``since`` on; one for each signature, and in no order of promise."""
    found: dict[object, Suspicion] = {}
    threads = _Threads(events)
    for thread in threads.numbers:
        for other in threads.numbers:
            if thread != other:
                for suspicion in _Pair(threads, thread, other).suspicions(since):
                    found.setdefault((suspicion.signature, thread, other), suspicion)
    return list(found.values())


class _Threads:
    """The events of an execution by thread, with the locks that each thread holds at each."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = events
        self.of: dict[int, list[int]] = defaultdict(list)
        self.held: list[frozenset[int]] = []  # before each event
        holding: dict[int, frozenset[int]] = defaultdict(frozenset)
        for number, event in enumerate(events):
            thread, act = event.thread, event.act
            self.of[thread].append(number)
            self.held.append(holding[thread])
            if act is Act.TAKE:
                holding[thread] |= {event.target}
            elif act is Act.FREE:
                holding[thread] -= {event.target}
        self.numbers = sorted(self.of)


class _Uses:
    """What one thread does in all: 1 reads, 2 writes, 3 both, by object and key; and the locks that it takes."""

    def __init__(self, threads: _Threads, thread: int) -> None:
        self._keys: dict[int, dict[object, int]] = defaultdict(dict)
        self._first: dict[int, dict[object, int]] = defaultdict(dict)  # the number of the first such event
        self.takes: dict[int, frozenset[int]] = {}  # a lock, and those that are held at some time when it is taken
        self.last = threads.of[thread][-1]
        self.site: Site | None = None
        for number in threads.of[thread]:
            event = threads.events[number]
            if event.act is Act.TAKE:
                self.takes[event.target] = self.takes.get(event.target, frozenset()) | threads.held[number]
            elif event.act not in {Act.READ, Act.WRITE}:
                continue
            self.site = self.site or event.site
            self._first[event.target].setdefault(event.key, number)
            keys = self._keys[event.target]
            keys[event.key] = keys.get(event.key, 0) | (2 if event.act is Act.TAKE else 1 << event.act)

    def of(self, event: Event) -> int:
        """What it does to the location of ``event``; a lock that it takes it writes to."""
        uses = 0
        for use in overlapping(self._keys, event):
            uses |= use
        return uses

    def is_stopped(self, held: frozenset[int], *events: Event) -> bool:
        """Whether it has to wait for one of the locks ``held`` before it uses the location of any of ``events``."""
        stops = min((self._first[lock][None] for lock in held if lock in self.takes), default=None)
        return stops is not None and all(number >= stops for event in events for number in overlapping(self._first, event))


_PATTERNS = {
    (Act.READ, 2, Act.WRITE): Pattern.LOST_UPDATE,
    (Act.WRITE, 1, Act.WRITE): Pattern.UNSERIALISABLE,
    (Act.READ, 2, Act.READ): Pattern.UNSERIALISABLE,
    (Act.WRITE, 2, Act.READ): Pattern.UNSERIALISABLE,
    (Act.READ, 1, Act.WRITE): Pattern.STALE_READ,
}
_ACCESSES = frozenset({Act.READ, Act.WRITE, Act.TAKE})


class _Pair:
    """One thread and another that comes between."""

    def __init__(self, threads: _Threads, thread: int, other: int) -> None:
        self._threads = threads
        self._thread = thread
        self._number = other
        self._own = _Uses(threads, thread)
        self._other = _Uses(threads, other)
        self._bit = 1 << other

    def suspicions(self, since: int) -> Iterator[Suspicion]:
        events, own = self._threads.events, self._threads.of[self._thread]
        accesses = [number for number in own if self._is_shared(events[number])]
        before, after = self._neighbours(accesses)
        at = 0
        first = own[0]
        for earlier, later in zip([-1, *accesses], [*accesses, -1], strict=True):
            if earlier < 0 or later < 0:
                continue
            points = []
            while at < len(own) and own[at] <= later:
                if own[at] > earlier and own[at] != first:
                    points.append(own[at])
                at += 1
            yield from self._between(earlier, later, [p for p in points if p >= since], (after, before))

    def _is_shared(self, event: Event) -> bool:
        """Whether both use its location, and one of them changes it."""
        if event.act not in _ACCESSES:
            return False
        uses = self._other.of(event)
        return bool(uses and (uses | self._own.of(event)) & 2)

    def _neighbours(self, accesses: list[int]) -> tuple[dict[int, int], dict[int, int]]:
        """For each access the one before, and the one after, to the same location."""
        before: dict[int, int] = {}
        after: dict[int, int] = {}
        last: dict[int, dict[object, int]] = defaultdict(dict)  # object, key: the number of its last access
        for number in accesses:
            event = self._threads.events[number]
            keys = last[event.target]
            earlier = keys.values() if event.key is None else [keys[key] for key in (event.key, None) if key in keys]
            if earlier:
                before[number] = max(earlier)
                after.setdefault(before[number], number)
            keys[event.key] = number
        return before, after

    def _between(
        self, earlier: int, later: int, points: list[int], neighbours: tuple[dict[int, int], dict[int, int]]
    ) -> Iterator[Suspicion]:
        """The suspicion for the gap between two accesses, at the last point at which a switch does something."""
        pattern = min(self._patterns(earlier, later, neighbours))
        events = self._threads.events
        for point in reversed(points):
            event = events[point]
            if not event.ready & self._bit or point > self._other.last:
                continue
            held = self._threads.held[point]
            crossed = self._crossed(point, held)
            if not crossed and self._other.is_stopped(held, events[earlier], events[later]):
                continue
            kind = Pattern.LOCK_ORDER if crossed else pattern
            sites = (events[earlier].site, event.site, events[later].site, self._other.site)
            yield Suspicion(
                pattern=kind,
                event=point,
                thread=self._thread,
                other=self._number,
                foreign=all(site is None or site.guarded for site in sites[:3]),
                signature=(kind, *sites),
            )
            return

    def _patterns(self, earlier: int, later: int, neighbours: tuple[dict[int, int], dict[int, int]]) -> Iterator[Pattern]:
        after, before = neighbours
        events = self._threads.events
        locks = Act.TAKE in {events[earlier].act, events[later].act}
        yield Pattern.LOCKS if locks else Pattern.SEVERAL_LOCATIONS
        if not locks and events[earlier].act is events[later].act:
            uses = 2 if events[earlier].act is Act.READ else 1
            if self._other.of(events[earlier]) & self._other.of(events[later]) & uses:
                yield Pattern.HALF_DONE
        for one, other in ((earlier, after.get(earlier)), (before.get(later), later)):
            if one is None or other is None:
                continue
            first, second = events[one], events[other]
            if first.act is Act.TAKE:
                continue
            yield Pattern.SAME_LOCATION
            uses = self._other.of(first)
            for use in (1, 2):
                known = _PATTERNS.get((first.act, use, second.act)) if uses & use else None
                if known is not None:
                    yield known

    def _crossed(self, point: int, held: frozenset[int]) -> bool:
        """Whether the thread is about to take a lock under which the other thread takes one that it holds."""
        event = self._threads.events[point]
        if not held or event.act is not Act.NEAR_LOCK or event.target in held:
            return False
        return any(event.target in self._other.takes.get(lock, ()) for lock in held)
