"""Who touched which location in an execution: finds the sites where threads meet."""

from __future__ import annotations

import _thread
import gc
import queue
import sys
import types
import weakref
from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races.sites import Site

#: With so many containers on record those that nothing else refers to any more are dropped; the limit then doubles with
#: what is left, so that the cost of all sweeps stays linear.
SWEEP_AT = 20_000
#: The ids of the types of objects that order what threads do: no code may be trusted to use them unseen.
GUARDS = frozenset(map(id, (type(_thread.allocate_lock()), type(_thread.RLock()), queue.SimpleQueue)))
_CONTAINERS = frozenset(map(id, (list, dict, bytearray)))


class Uses:
    """Which threads used a location (a bit each), and from where."""

    __slots__ = ("news", "sites", "threads", "wrote")

    def __init__(self) -> None:
        self.threads = 0
        self.wrote = False
        self.news = False  # there are sites that are not known to be such where threads meet
        self.sites: set[Site] = set()

    def add(self, site: Site, bit: int, write: bool) -> None:
        """Thread ``bit`` uses it at ``site``."""
        self.threads |= bit
        if write:
            self.wrote = True
        if not site.hot:
            self.news = True
        self.sites.add(site)


class Record(weakref.ref[Any]):
    """The uses of one object: of all of it, and of each part; ``threads`` used any of it. Dropped when the object dies.

    It is filled in by who makes it: with an ``__init__`` it takes twice as long.
    """

    __slots__ = ("guards", "number", "parts", "threads", "whole")

    number: int
    threads: int
    whole: Uses | None
    parts: dict[object, Uses]
    guards: bool  # it is what other code trusts in


class Kept:
    """The same of an object that cannot be referred to weakly. It is kept alive, ``target`` is that, if it is a container or
    refers to nothing else.

    To keep anything else alive could keep a finalizer from running; and should another object get its id, threads seem to
    meet where they do not, which costs some schedules.
    """

    __slots__ = ("guards", "parts", "target", "threads", "whole")

    def __init__(self, target: object) -> None:
        self.target = target

    threads: int
    whole: Uses | None
    parts: dict[object, Uses]
    guards: bool


def _drop(record: Record | Kept) -> None:
    """Nobody who remembers this record, or one of its parts, may rely on it any more."""
    record.threads = 0
    for uses in record.parts.values():
        uses.threads = 0


class Accesses:
    """The table of one execution. ``met`` gets every site at which a location was used that another thread used as well,
    one of the two writing; those that are ``hot`` already need not be among them."""

    def __init__(self) -> None:
        self.table: dict[int, Record | Kept] = {}
        self.met: set[Site] = set()
        self.generators: dict[
            int, weakref.ref[types.GeneratorType[Any, Any, Any]]
        ] = {}  # used ones, by the id of their frame
        self._containers = 0
        self._sweep_at = SWEEP_AT
        self._gone = _forgetter(self.table)

    def clear(self) -> None:
        """Forget the accesses: what comes now is ordered after them."""
        if not self.table:
            return
        for record in self.table.values():
            _drop(record)
        self.table.clear()
        self.generators.clear()
        self._containers = 0

    def record(self, target: object) -> Record | Kept:
        """What is known of the uses of ``target``."""
        return self.table.get(id(target)) or self._new(target)

    def note(self, site: Site, target: object, key: object, *, write: bool, bit: int) -> Uses | Record | Kept:
        """Thread ``bit`` (one bit set) uses ``key`` of ``target``; ``None`` is all of it.

        While ``bit`` is in the ``threads`` of what is returned, or is all of them if that is a record, the same need not
        be said again.
        """
        record = self.table.get(id(target)) or self._new(target)
        record.threads |= bit
        # As long as one thread has an object to itself, its items are not told apart: most objects stay private.
        if key is None or (record.threads == bit and type(key) is tuple):
            uses = record.whole
            if uses is None:
                uses = record.whole = Uses()
            if not (uses.threads & bit and (uses.wrote or not write) and site in uses.sites):
                uses.add(site, bit, write)
                if record.threads != bit:
                    self._judge(record, uses, uses)
                    for each in record.parts.values():
                        self._judge(record, uses, each)
            return record
        part = record.parts.get(key)
        if part is None:
            part = record.parts[key] = Uses()
        elif part.threads & bit and (part.wrote or not write) and site in part.sites:
            return part
        part.add(site, bit, write)
        if record.threads != bit:
            self._judge(record, part, part)
            if record.whole is not None:
                self._judge(record, part, record.whole)
        return part

    def _judge(self, record: Record | Kept, one: Uses, other: Uses) -> None:
        if not (one.news or other.news):
            return
        threads = one.threads | other.threads
        if threads & (threads - 1) and (one.wrote or other.wrote):
            sites = one.sites | other.sites
            if record.guards or not all(site.trusted for site in sites):
                self.met |= sites

    def _new(self, target: Any) -> Record | Kept:
        number, kind = id(target), type(target)
        record: Record | Kept
        if id(kind) in _CONTAINERS:
            record = self._of_container(target)
        else:
            try:
                record = Record(target, self._gone)
                record.number = number
            except TypeError:
                record = self._of_container(target) if _holds_nothing(target) else Kept(None)
        record.guards = id(kind) in GUARDS
        record.threads = 0
        record.whole = None
        record.parts = {}
        self.table[number] = record
        if kind is types.GeneratorType and target.gi_frame is not None:
            self.generators[id(target.gi_frame)] = weakref.ref(target)
        return record

    def _of_container(self, target: object) -> Kept:
        self._containers += 1
        if self._containers > self._sweep_at:
            self._sweep()
        return Kept(target)

    def _sweep(self) -> None:
        """Drop containers that nobody can reach any more: nobody can use them again, either."""
        table = self.table
        kept = 0
        for number, record in list(table.items()):
            if isinstance(record, Record) or record.target is None:
                continue
            if _references(record) <= _OURS:
                _drop(table.pop(number))
            else:
                kept += 1
        self._containers = kept
        self._sweep_at = max(SWEEP_AT, 2 * kept)


def _references(record: Kept) -> int:
    """The references to an object that the table keeps alive; how many of them are ours differs between versions."""
    target = record.target
    return sys.getrefcount(target)


_OURS = _references(Kept([]))


def _holds_nothing(target: object) -> bool:
    """Whether an object in C, such as a hash that is being computed, refers to no other object but its type."""
    return all(isinstance(other, type) for other in gc.get_referents(target))


def _forgetter(table: dict[int, Record | Kept]) -> Callable[[weakref.ref[Any]], None]:
    """Takes the record of an object that has died out of ``table``."""

    def forget(record: Any, drop: Callable[[Any], None] = _drop) -> None:  # the module may be gone when the process ends
        number: int = record.number
        if table.get(number) is record:
            del table[number]
        drop(record)

    return forget
