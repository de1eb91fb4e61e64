"""What threads that run freely pass on their way: which of them meet where, in which order, and who sleeps for how long.

Random sleeps before accesses of what threads share make rare interleavings likely (Stoller, Testing concurrent Java
programs using randomized scheduling, RV 2002; Edelstein et al., Multithreaded Java program test generation, IBM Systems
Journal 2002).
Most of the sleep goes to few places at a time, since a race needs one long delay at the right one.
"""

from __future__ import annotations

import _random
import threading
from _thread import allocate_lock, get_ident
from collections.abc import Iterable, Sequence
from time import sleep
from typing import Any, NamedTuple

from pytest_gilcheck.races.sites import Site

#: No more passages than this are written down of one run.
MOST_STEPS = 100_000
# So many places at a time get most of the sleep.
_MOST_LOUD = 3


class Level(NamedTuple):
    """How a run is disturbed: with ``chance`` (``loud`` at a few chosen places) a thread sleeps at a place where threads
    meet, for up to ``longest`` seconds, at most ``most`` times in a run; 0 seconds only let another thread go first."""

    chance: float
    loud: float
    longest: float
    most: int


#: One run after another, from undisturbed on, and then again. No thread sleeps for more than 30 ms in a run.
LEVELS = (
    Level(0.0, 0.0, 0.0, 0),
    Level(0.5, 0.5, 0.0, 1000),
    Level(0.1, 0.5, 0.0001, 200),
    Level(0.05, 0.5, 0.001, 20),
    Level(0.0, 0.5, 0.005, 6),
)


class Walker:
    """A thread of a free run. ``waits`` is what it waits for without a time-out, a lock, a thread or a list of threads;
    ``near`` a lock that it is about to take, or took and did nothing since. While it is ``inside``, hooks pass through."""

    __slots__ = ("bit", "inside", "left", "near", "noise", "number", "random", "waits")

    def __init__(self, noise: Noise, number: int, seed: int, most: int) -> None:
        self.noise = noise
        self.number = number
        self.bit = 1 << number
        self.random = _random.Random(seed)  # the one in C: the one in Python may be under test
        self.left = most
        self.near: object = None
        self.waits: object = None
        self.inside = False


class _Uses:
    """Which threads used a location, a bit each, and from where."""

    __slots__ = ("sites", "threads", "wrote")

    def __init__(self) -> None:
        self.threads = 0
        self.wrote = False
        self.sites: set[Site] = set()


class Noise:
    """One free run. Its methods are called by all of its threads at once.

    ``met`` are the sites where threads used the same location, one of them writing; ``order`` are the passages of all sites,
    each with its thread, as they happened. Threads are numbered in the order in which they were started, 0 is the root.
    ``own``: the scenario started threads by itself. ``stopping``: whoever waits for another thread has to give up.
    ``serial``: the callables of ``run`` come one after another. ``before`` are the threads that have nothing to do with it,
    ``foreign`` their keys (see :func:`key_of`), and those of threads without an object.
    """

    def __init__(self, seed: int, level: Level, hot: Iterable[Site], *, serial: bool = False) -> None:
        self.seed = seed
        self.level = level
        self.serial = serial
        self.met: set[Site] = set()
        self.order: list[tuple[int, Site]] = []
        self.own = False
        self.over = False
        self.stopping = False
        self.before: Sequence[threading.Thread] = ()
        self.foreign: frozenset[int] = frozenset()
        self.walkers: dict[int, Walker] = {}  # by the key of the thread
        self.awaited: set[int] = set()  # keys of threads for whose end somebody waits, if only the interpreter
        self._numbers: dict[int, int] = {}  # the same, of those that were seen to be started
        self._borrowed: set[int] = set()
        self._kept: list[threading.Thread] = []  # so that no other gets the same key
        self._uses: dict[tuple[int, object], _Uses] = {}
        self._count = 0
        self._lock = allocate_lock()
        chooser = _random.Random(seed)
        places = sorted(hot, key=_where)
        loud = [places[int(chooser.random() * len(places))] for _ in range(min(_MOST_LOUD, len(places)))]
        self._loud = frozenset(loud)

    def enlist(self, thread: threading.Thread) -> Walker:
        """``thread`` is the next one of this run; somebody in it waits for its end."""
        with self._lock:
            number = self._next(thread)
        self.awaited.add(id(thread))
        return self._walk(id(thread), number)

    def begin(self) -> None:
        """The calling thread is the root, number 0."""
        self._walk(id(threading.current_thread()), self._next(threading.current_thread()))

    def several(self) -> bool:
        """Whether two threads or more of this run have been started and have not ended."""
        old = {id(thread) for thread in self.before}
        new = sum(id(thread) not in old for thread in threading.enumerate())
        return new + (id(self._kept[0]) in old) > 1 if self._kept else False  # the first is the root

    def starts(self, thread: threading.Thread) -> bool:
        """The scenario is about to start ``thread``; whether the interpreter is going to wait for its end."""
        key = id(thread)
        if self.over or key_of(threading.current_thread(), 0) in self.foreign or key in self.awaited:
            return False
        with self._lock:
            self.own = True
            if key not in self._numbers:
                self._numbers[key] = self._next(thread)
        if not thread.daemon:
            self.awaited.add(key)
        return not thread.daemon

    def borrow(self, thread: Any) -> None:
        """For as long as it is being started ``thread`` is a daemon."""
        self._borrowed.add(id(thread))
        thread._daemonic = True

    def give_back(self, thread: Any) -> None:
        """It has started: before it can tell, it is what it was."""
        if id(thread) in self._borrowed:
            self._borrowed.discard(id(thread))
            thread._daemonic = False

    def me(self) -> Walker | None:
        """The calling thread; ``None`` if it does not belong to this run, or is inside of this project."""
        ident = get_ident()
        thread = threading._active.get(ident) or _starting(ident)  # type: ignore[attr-defined]
        key = key_of(thread, ident)
        walker = self.walkers.get(key)
        if walker is not None:
            return None if walker.inside or self.over else walker
        if self.over or key in self.foreign:
            return None
        self.own = True
        if thread is not None:
            self.give_back(thread)
        number = self._numbers.get(key)
        if number is None:
            with self._lock:
                number = self._next(thread)
        return self._walk(key, number)

    def passes(self, me: Walker, site: Site, owner: int, key: object, write: bool) -> None:
        """``me`` is about to use ``key`` of the object with the id ``owner``, at ``site``."""
        self.comes(me, site)
        self.uses(me, site, owner, key, write)

    def comes(self, me: Walker, site: Site) -> None:
        """``me`` is at ``site``: it may have to sleep, and then goes on."""
        me.near = None
        if me.left and site.hot and not site.guarded:
            self._pause(me, site)
        if len(self.order) < MOST_STEPS:
            self.order.append((me.number, site))

    def uses(self, me: Walker, site: Site, owner: int, key: object, write: bool) -> None:
        """What ``me`` uses there; see :meth:`passes`."""
        uses = self._uses.get((owner, key))
        if uses is None:
            uses = self._uses.setdefault((owner, key), _Uses())
        uses.threads |= me.bit
        if write:
            uses.wrote = True
        uses.sites.add(site)
        if uses.wrote and uses.threads & (uses.threads - 1):
            self.met |= uses.sites

    def _pause(self, me: Walker, site: Site) -> None:
        if me.random.random() < (self.level.loud if site in self._loud else self.level.chance):
            me.left -= 1
            sleep(me.random.random() * self.level.longest)

    def _next(self, thread: threading.Thread | None) -> int:
        if thread is not None:
            self._kept.append(thread)
        self._count += 1
        return self._count - 1

    def _walk(self, key: int, number: int) -> Walker:
        walker = self.walkers[key] = Walker(self, number, self.seed * 1009 + number, self.level.most)
        return walker


def _starting(ident: int) -> threading.Thread | None:
    """The object of a thread that has not told that it has started."""
    limbo = list(threading._limbo)  # type: ignore[attr-defined]
    return next((thread for thread in limbo if thread._ident == ident), None)


def key_of(thread: threading.Thread | None, ident: int) -> int:
    """What a thread is known by: its object's id, or its identity if it has no object. Identities are given again when a
    thread has ended."""
    return ident if thread is None else id(thread)


def _where(site: Site) -> tuple[str, str, int]:
    return site.code.co_filename, site.code.co_qualname, site.offset


class _Now:
    """Which free run is going on, if one is: what hooks ask first."""

    __slots__ = ("noise",)

    def __init__(self) -> None:
        self.noise: Noise | None = None


now = _Now()


def walker() -> Walker | None:
    """The calling thread, if it belongs to the free run that is going on."""
    noise = now.noise
    return None if noise is None else noise.me()
