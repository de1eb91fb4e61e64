"""Compound operations of one thread that another's write may come into: a read and a write that depends on it, an iteration.

These are the accesses to one location that no serial order gives (AVIO, Lu et al., ASPLOS 2006), judged by happens-before,
not by whether somebody came between in this execution. Single accesses are atomic in Python, so a pair of them is no
finding, nor is a write that does not depend on the read. Found is what one function does by itself: a value that was read
in another function is not followed.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_gilcheck.races.deadlock import is_users
from pytest_gilcheck.races.dependence import constant, depends, is_caught, is_indifferent
from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.happens_before import Order
from pytest_gilcheck.races.holding import Holding
from pytest_gilcheck.races.notes import may_be_kept
from pytest_gilcheck.races.operations import Guarded
from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.targets import PRIVATE

# Of lines that run often so many passages are looked at for each two threads: the others are like them.
_MOST_PASSAGES = 10
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

    @property
    def happened(self) -> bool:
        """Whether the other came in between in this execution."""
        return self.first < self.between < self.last


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
        found: dict[tuple[Site | None, ...], Intrusion] = {}
        order = Order(self._events)
        for intrusion in (intrusion for pair in pairs for intrusion in self._between(pair, order)):
            events = (self._events[number] for number in (intrusion.first, intrusion.between, intrusion.last))
            sites = tuple(event.site for event in events)
            if sites not in found or (intrusion.happened and not found[sites].happened):
                found[sites] = intrusion
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
        """What may come into ``pair``: of each other thread the write that did, or else the first that may."""
        first, last = pair
        locks = self._released(first, last)
        for thread, numbers in self._writes[self._events[last].target].items():
            if thread == self._events[last].thread:
                continue
            for number in self._near(numbers, pair, order, before=bool(locks)):
                if not self._intrudes(self._events[number], self._events[first], self._events[last]):
                    continue
                split = bool(locks & self._held[number].keys())
                if split or order.may_come_between(first, number, last):
                    yield Intrusion(first=first, between=number, last=last, split=split)
                    break

    def _near(self, numbers: list[int], pair: tuple[int, int], order: Order, *, before: bool) -> Iterator[int]:
        """Writes of another thread that may come into ``pair`` if any does: that did; the next that are not ordered before.

        ``before``: also the last of those that are, and that come after: it may be a lock alone that orders them.
        """
        first, last = pair
        inside = bisect_right(numbers, first)
        yield from itertools.takewhile(last.__gt__, numbers[inside : inside + _MOST_PASSAGES])
        start = bisect_right(numbers, order.clocks[first][self._events[numbers[0]].thread], key=order.positions.__getitem__)
        for number in numbers[start : start + _MOST_PASSAGES]:
            if order.before(last, number) and not before:
                break
            yield number
        if before:
            yield from numbers[max(0, start - _MOST_PASSAGES) : start][::-1]

    @staticmethod
    def _intrudes(write: Event, one: Event, other: Event) -> bool:
        """Whether ``write`` between the two makes a difference."""
        if one is other:
            return key_of(write) is None or write.part is not None or issubclass(write.kind, set)
        return key_of(write) == key_of(other)

    def _released(self, first: int, last: int) -> set[int]:
        """The locks that both are done under, but which are released in between, unless one of them is held all the time."""
        one, other = self._held[first], self._held[last]
        common = one.keys() & other.keys()
        return set() if first == last or any(one[lock] == other[lock] for lock in common) else common

    def _is_possible(self, intrusion: Intrusion) -> bool:
        """Whether nothing keeps it out either when what threads see of one another orders them.

        What the intruder sees of the location itself does not: to see what the other wrote is no reason to come after it.
        """
        first, between, last = intrusion.first, intrusion.between, intrusion.last
        event = self._events[last]
        locks = self._released(first, last) & self._held[between].keys() if intrusion.split else set()
        but_for = self._events[between].thread, (event.target, key_of(event))
        order = Order(self._events, apart_from=locks, accesses=True, but_for=but_for)
        return order.may_come_between(first, between, last) and not self._is_validated(first, last)

    def _is_validated(self, first: int, last: int) -> bool:
        """Whether the write depends on something else that was read together with the first, and again under a lock."""
        one, other = self._events[first], self._events[last]
        held = self._held[last]
        since = max((take for lock, take in held.items() if self._held[first].get(lock) != take), default=last)
        own = [(n, event) for n, event in enumerate(self._events[:last]) if event.thread == one.thread]
        before = {(event.target, event.key) for n, event in own if n < since and event.act is Act.READ}
        return any(
            n > since
            and event.act is Act.READ
            and (event.target, event.key) in before
            and event.site is not None
            and other.site is not None
            and (event.target, event.key) != (one.target, one.key)
            and depends(event.site, other.site)
            for n, event in own
        )


def key_of(event: Event) -> object:
    """The part of its object that an access is about; ``None`` is all of it, or what cannot be told."""
    return event.key if event.part is None else event.part


_ACCESSES = frozenset({Act.READ, Act.WRITE})


def _is_one_object(event: Event) -> bool:
    """Whether all threads mean the same by it, with no guard of its own: it is not one for each of them, nor can it have got
    another's identity."""
    if issubclass(event.kind, (PRIVATE, Guarded)):
        return False
    return may_be_kept(event.kind) or bool(type.__dict__["__weakrefoffset__"].__get__(event.kind))
