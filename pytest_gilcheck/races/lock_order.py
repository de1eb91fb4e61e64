"""Locks that threads take in opposite orders in one execution, though it did not come to a deadlock.

An edge from one lock to another: a thread holds the one when it takes the other and would wait for it. A cycle of edges of
different threads is a possible deadlock, unless a lock that is held at two of them keeps these apart (GoodLock: Havelund,
SPIN 2000), or the threads are ordered by their starts, joins and other hand-overs (Bensalem and Havelund, HVC 2005).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from pytest_gilcheck.races.dependence import waits_for_ever
from pytest_gilcheck.races.events import Event
from pytest_gilcheck.races.happens_before import Order
from pytest_gilcheck.races.holding import Holding

# No longer cycles are looked for: those of more threads are rare, and their number grows fast.
_LONGEST = 4
# So many edges are looked at, of an execution.
_MOST_EDGES = 200
# So many cycles of an execution are judged with an order of their own.
_MOST_CYCLES = 6


class Edge:
    """A thread takes ``lock`` by event number ``take`` while it holds ``holds``, and ``guards`` in all."""

    __slots__ = ("guards", "holds", "lock", "take", "thread")

    def __init__(self, event: Event, take: int, holds: int, guards: frozenset[int]) -> None:
        self.thread = event.thread
        self.lock = event.target
        self.take = take
        self.holds = holds
        self.guards = guards


def cycles(events: Sequence[Event], holding: Holding) -> list[tuple[Edge, ...]]:
    """The cycles that could become deadlocks, each from its first edge on."""
    edges: dict[int, list[Edge]] = defaultdict(list)
    for edge in _edges(events, holding):
        edges[edge.holds].append(edge)
    found: list[tuple[Edge, ...]] = []
    for start in [edge for group in edges.values() for edge in group]:
        for cycle in _from(start, (start,), edges):
            if len(found) >= _MOST_CYCLES:
                return found
            if _may_meet(cycle, events):
                found.append(cycle)
    return found


def _edges(events: Sequence[Event], holding: Holding) -> Iterator[Edge]:
    seen: set[object] = set()
    for number, near in holding.near.items():
        held = holding.held[number]
        event, site = events[number], events[near].site
        if not held or number in holding.tried or event.target in held or site is None or not waits_for_ever(site):
            continue
        guards = frozenset(held)
        for lock in held:
            key = (event.thread, lock, event.target, guards)
            if key not in seen and len(seen) < _MOST_EDGES:
                seen.add(key)
                yield Edge(event, number, lock, guards)


def _from(start: Edge, chain: tuple[Edge, ...], edges: dict[int, list[Edge]]) -> Iterator[tuple[Edge, ...]]:
    """The cycles that go on from ``chain``; each is found from its first event only."""
    for edge in edges.get(chain[-1].lock, ()):
        if edge.take <= start.take or any(edge.thread == one.thread or edge.guards & one.guards for one in chain):
            continue
        if edge.lock == start.holds:
            yield (*chain, edge)
        elif len(chain) + 1 < _LONGEST:
            yield from _from(start, (*chain, edge), edges)


def _may_meet(cycle: tuple[Edge, ...], events: Sequence[Event]) -> bool:
    """Whether nothing but the locks themselves orders the threads there."""
    order = Order(events, apart_from={edge.lock for edge in cycle}, accesses=True)
    return not any(
        order.before(one.take, other.take) or order.before(other.take, one.take) for one, other in combinations(cycle, 2)
    )
