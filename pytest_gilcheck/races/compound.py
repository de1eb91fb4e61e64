"""Compound operations of one thread that another's write may come into: a read and a write that depends on it, an iteration.

These are the accesses to one location that no serial order gives (AVIO, Lu et al., ASPLOS 2006), judged by happens-before,
not by whether somebody came between in this execution. Single accesses are atomic in Python, so a pair of them is no
finding, nor is a write that does not depend on the read. Found is what one function does by itself: a value that was read
in another function is not followed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_gilcheck.races.deadlock import is_users
from pytest_gilcheck.races.dependence import constant, depends, is_caught, is_indifferent
from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.happens_before import Location, Order
from pytest_gilcheck.races.holding import Holding
from pytest_gilcheck.races.notes import may_be_kept
from pytest_gilcheck.races.sites import Kind, Site

# Of a pair of lines that run often so many passages are looked at for each two threads: the others are like them.
_MOST_PASSAGES = 20
# So many findings are looked at with a second order, which costs as much as the first.
_MOST_JUDGED = 12
# Who iterates over one of these while another adds or removes gets a RuntimeError.
_BREAKING = (dict, set, deque)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intrusion:
    """The numbers of events: a thread does ``first`` and ``last``, and another may do ``between`` in between.

    In an iteration ``first`` and ``last`` are the same step. ``split``: what both do is done under one lock, which is
    released between the two.
    """

    first: int
    between: int
    last: int
    split: bool = False


class Compounds:
    """Those of one execution."""

    def __init__(self, events: Sequence[Event], holding: Holding) -> None:
        self._events = events
        self._held = holding.held
        # By object, then by thread: the writes.
        self._writes: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._pairs: list[tuple[int, int]] = []
        self._steps: list[int] = []
        last: dict[tuple[int, int], dict[object, int]] = defaultdict(dict)  # by thread and object: the last reads
        inplace: dict[int, Site] = {}
        for number, event in enumerate(events):
            site = event.site
            if site is None or event.act not in _ACCESSES or not is_users(site.code.co_filename):
                continue  # the standard library knows what it does, and nobody can change it
            reads = last[event.thread, event.target]
            if event.act is Act.READ:
                reads[event.key] = number
                if site.kind is Kind.ITERATE and issubclass(event.kind, _BREAKING):
                    self._steps.append(number)
                continue
            self._writes[event.target][event.thread].append(number)
            # An augmented assignment that changes the object itself stores what was there before.
            changed = inplace.pop(event.thread, None)
            if site.kind is Kind.INPLACE:
                inplace[event.thread] = site
            same = changed is not None and (changed.code, changed.line) == (site.code, site.line)
            read = reads.pop(key_of(event), None)
            if read is not None and not same:
                self._pairs.append((read, number))

    def intrusions(self) -> list[Intrusion]:
        """Those that no order keeps out."""
        pairs = [*self._candidates()]
        if not pairs:
            return []
        found: dict[object, Intrusion] = {}
        order = Order(self._events)
        for intrusion in (intrusion for pair in pairs for intrusion in self._between(pair, order)):
            events = (self._events[number] for number in (intrusion.first, intrusion.between, intrusion.last))
            found.setdefault(tuple(event.site for event in events), intrusion)
        compound = [intrusion for intrusion in found.values() if self._is_compound(intrusion)]
        return [intrusion for intrusion in compound[:_MOST_JUDGED] if self._is_possible(intrusion)]

    def _candidates(self) -> Iterator[tuple[int, int]]:
        """Reads and writes of locations that others write, too: so many of each two lines."""
        seen: dict[object, int] = defaultdict(int)
        for read, write in [*self._pairs, *((step, step) for step in self._steps)]:
            one, other = self._events[read], self._events[write]
            if not self._writes[other.target].keys() - {other.thread} or not _is_one_object(other):
                continue
            key = (one.thread, one.site, other.site)
            seen[key] += 1
            if seen[key] <= _MOST_PASSAGES:
                yield read, write

    def _is_compound(self, intrusion: Intrusion) -> bool:
        """Whether the source says that the write depends on the read; last of all, as source has to be parsed."""
        first, between, last = (self._events[n].site for n in (intrusion.first, intrusion.between, intrusion.last))
        assert first is not None
        assert between is not None
        assert last is not None
        if intrusion.first == intrusion.last:
            return not is_caught(first)
        if not depends(first, last) or is_indifferent(last):
            return False
        stored = None if between is last else constant(last)
        return stored is None or stored != constant(between)

    def _between(self, pair: tuple[int, int], order: Order) -> Iterator[Intrusion]:
        """What may come into ``pair``, of each other thread the first such write."""
        first, last = pair
        one, other = self._events[first], self._events[last]
        for thread, numbers in self._writes[one.target].items():
            if thread == one.thread:
                continue
            positions = [order.positions[number] for number in numbers]
            start = bisect_right(positions, order.clocks[first][thread])
            for number in numbers[start:]:
                if self._intrudes(self._events[number], one, other):
                    split = bool(self._locks_of(first, number, last))
                    if split or not order.before(last, number):
                        yield Intrusion(first=first, between=number, last=last, split=split)
                    break
            for number in reversed(numbers[:start]):  # who came before only as the lock was free then
                if self._intrudes(self._events[number], one, other) and self._locks_of(first, number, last):
                    yield Intrusion(first=first, between=number, last=last, split=True)
                    break

    @staticmethod
    def _intrudes(write: Event, one: Event, other: Event) -> bool:
        """Whether ``write`` between the two makes a difference."""
        if one is other:
            return key_of(write) is None or write.part is not None or issubclass(write.kind, set)
        return key_of(write) == key_of(other)

    def _locks_of(self, first: int, between: int, last: int) -> set[int]:
        """The locks that all three are done under, but which are released between the first and the last."""
        if first == last:
            return set()
        one, other, held = self._held[first], self._held[last], self._held[between]
        common = one.keys() & other.keys() & held.keys()
        return set() if any(one[lock] == other[lock] for lock in common) else common

    def _is_possible(self, intrusion: Intrusion) -> bool:
        """Whether nothing keeps it out either when other locations order what threads do."""
        event = self._events[intrusion.last]
        location: Location = (event.target, key_of(event))
        locks = self._locks_of(intrusion.first, intrusion.between, intrusion.last) if intrusion.split else set()
        order = Order(self._events, apart_from=locks, beside=location)
        return order.may_come_between(intrusion.first, intrusion.between, intrusion.last)


def key_of(event: Event) -> object:
    """The part of its object that an access is about; ``None`` is all of it, or what cannot be told."""
    return event.key if event.part is None else event.part


_ACCESSES = frozenset({Act.READ, Act.WRITE})


def _is_one_object(event: Event) -> bool:
    """Whether no other object can have had the same identity later."""
    return may_be_kept(event.kind) or bool(type.__dict__["__weakrefoffset__"].__get__(event.kind))
