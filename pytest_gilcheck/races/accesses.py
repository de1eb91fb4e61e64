"""Who touched which location in an execution: finds the sites where threads meet."""

from __future__ import annotations

import _thread
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
#: Objects that order what threads do: no code may be trusted to use them unseen.
GUARDS = frozenset({type(_thread.allocate_lock()), type(_thread.RLock()), queue.SimpleQueue})
_CONTAINERS = frozenset({list, dict, bytearray})
# The references to a container that only the table holds, as getrefcount sees it in the sweep: the record's, the loop's
# and the argument's.
_OURS = 3


class Uses:
    """Which threads used a location (a bit each), and from where."""

    __slots__ = ("sites", "threads", "wrote")

    def __init__(self) -> None:
        self.threads = 0
        self.wrote = False
        self.sites: set[Site] = set()


class Record:
    """The uses of one object: of all of it, of each part, and of all parts together; ``threads`` used any of it."""

    __slots__ = ("guards", "parts", "some", "target", "threads", "whole")

    def __init__(self, target: object, *, guards: bool) -> None:
        # The object itself; or the weak reference that drops this record when the object dies; or nothing for an object
        # that allows neither: to keep it alive would keep its finalizer from running, and should another object get its
        # id, threads seem to meet where they do not, which costs some schedules.
        self.target = target
        self.guards = guards  # it is what other code trusts in
        self.threads = 0
        self.whole: Uses | None = None
        self.some: Uses | None = None
        self.parts: dict[object, Uses] = {}

    def drop(self) -> None:
        """Nobody who remembers this record, or one of its parts, may rely on it any more."""
        self.threads = 0
        for uses in self.parts.values():
            uses.threads = 0


class Accesses:
    """The table of one execution. ``met`` gets every site at which a location was used that another thread used as well,
    one of the two writing."""

    def __init__(self) -> None:
        self.table: dict[int, Record] = {}
        self.met: set[Site] = set()
        self.generators: dict[
            int, weakref.ref[types.GeneratorType[Any, Any, Any]]
        ] = {}  # used ones, by the id of their frame
        self._containers = 0
        self._sweep_at = SWEEP_AT

    def clear(self) -> None:
        """Forget the accesses: what comes now is ordered after them."""
        for record in self.table.values():
            record.drop()
        self.table.clear()
        self.generators.clear()
        self._containers = 0

    def note(self, site: Site, target: object, key: object, *, write: bool, bit: int) -> Uses | Record:
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
                self._add(uses, site, bit, write=write)
                self._judge(record, uses, uses)
                if record.some is not None:
                    self._judge(record, uses, record.some)
            return record
        part = record.parts.get(key)
        if part is None:
            part = record.parts[key] = Uses()
        if part.threads & bit and (part.wrote or not write) and site in part.sites:
            return part
        self._add(part, site, bit, write=write)
        self._judge(record, part, part)
        some = record.some
        if some is None:
            some = record.some = Uses()
        self._add(some, site, bit, write=write)
        if record.whole is not None:
            self._judge(record, some, record.whole)
        return part

    @staticmethod
    def _add(uses: Uses, site: Site, bit: int, *, write: bool) -> None:
        uses.threads |= bit
        uses.wrote = uses.wrote or write
        uses.sites.add(site)

    def _judge(self, record: Record, one: Uses, other: Uses) -> None:
        threads = one.threads | other.threads
        if threads & (threads - 1) and (one.wrote or other.wrote):
            sites = one.sites | other.sites
            if record.guards or not all(site.trusted for site in sites):
                self.met |= sites

    def _new(self, target: object) -> Record:
        number = id(target)
        try:
            reference: object = weakref.ref(target, self._forgetter(number))
        except TypeError:
            reference = None
            if type(target) in _CONTAINERS:
                reference = target
                self._containers += 1
                if self._containers > self._sweep_at:
                    self._sweep()
        if type(target) is types.GeneratorType and target.gi_frame is not None:
            self.generators[id(target.gi_frame)] = weakref.ref(target)
        record = self.table[number] = Record(reference, guards=type(target) in GUARDS)
        return record

    def _forgetter(self, number: int) -> Callable[[object], None]:
        pop = self.table.pop

        def forget(_reference: object) -> None:
            record = pop(number, None)
            if record is not None:
                record.drop()

        return forget

    def _sweep(self) -> None:
        """Drop containers that nobody can reach any more: nobody can use them again, either."""
        table = self.table
        kept = 0
        for number, record in list(table.items()):
            target = record.target
            if target is None or isinstance(target, weakref.ref):
                continue
            if sys.getrefcount(target) <= _OURS:
                table.pop(number).drop()
            else:
                kept += 1
        self._containers = kept
        self._sweep_at = max(SWEEP_AT, 2 * kept)
