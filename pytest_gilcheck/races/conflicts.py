"""How much of what there is a search has seen: pairs of conflicting accesses, and in which of their orders they ran."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Site

#: No more events of an execution are looked at, and no more accesses to one location.
MOST_EVENTS = 2_000
MOST_ACCESSES = 64
#: After so many executions in a row that showed nothing new only each so many-th is looked at.
PATIENCE = 50
EVERY = 10

_WRITES = frozenset({Act.WRITE, Act.NEAR_LOCK})
_ACTS = _WRITES | {Act.READ}
_ALWAYS = 10**9  # a number that no event has


class Shared(NamedTuple):
    """An access to a location, made by a thread while another that makes a conflicting one was under way.

    ``place`` tells it from others in the same line. ``both``: it ran before and after each access that it conflicts with.
    """

    file: str
    line: int
    place: str
    both: bool


class _Access(NamedTuple):
    """A site as a thread uses it. The name of a thread is its number, which is the same in each execution."""

    thread: int
    site: Site


class _Use:
    """The first and the last time that an access is made to a location, by number of event, and of which part."""

    __slots__ = ("data", "first", "key", "last", "writes")

    def __init__(self, first: int, key: object) -> None:
        self.first = self.last = first
        self.key = key
        self.writes = False
        self.data = False  # it is no operation on a lock


class Conflicts:
    """Learns from the events of executions. Two accesses conflict if two threads make them to one location, and one of them
    writes; operations on a lock conflict with one another. They ran in an order if the one came before the other once."""

    def __init__(self) -> None:
        self._orders: dict[tuple[_Access, _Access], int] = {}  # 1: as they stand, 2: the other way round, 3: both
        self._free: set[tuple[_Access, _Access]] = set()  # of data, and ordered by no start or end of a thread
        self._idle = 0

    @property
    def pairs(self) -> int:
        """How many pairs were seen."""
        return len(self._orders)

    @property
    def orders(self) -> int:
        """In how many orders they ran, of twice as many as there are pairs; not all of them need be possible."""
        return sum(orders.bit_count() for orders in self._orders.values())

    def shared(self) -> tuple[Shared, ...]:
        """The accesses to data that threads share. Two of them ran in both orders if any two threads made them so."""
        both: dict[tuple[Site, Site], bool] = {}
        for one, other in self._free:
            sites = (one.site, other.site) if id(one.site) <= id(other.site) else (other.site, one.site)
            both[sites] = both.get(sites, False) or self._orders[one, other] == 3
        found: dict[Site, bool] = {}
        for sites, ran in both.items():
            for site in sites:
                found[site] = found.get(site, True) and ran
        return tuple(
            Shared(site.code.co_filename, site.line or 0, f"{site.code.co_qualname}:{site.offset}", ran)
            for site, ran in found.items()
        )

    def learn(self, events: Sequence[Event]) -> None:
        """Take in an execution."""
        self._idle += 1
        if self._idle > PATIENCE and self._idle % EVERY:
            return
        lives: _Lives | None = None
        for uses in _uses(events).values():
            if len({access.thread for access, _ in uses}) > 1 and len(uses) <= MOST_ACCESSES:
                lives = lives or _Lives(events)
                self._compare([(access, use) for (access, _), use in uses.items()], lives)

    def _compare(self, uses: list[tuple[_Access, _Use]], lives: _Lives) -> None:
        for number, (one, use) in enumerate(uses):
            for other, another in uses[number + 1 :]:
                if one.thread == other.thread or not (use.writes or another.writes):
                    continue
                if use.key is not None and another.key is not None and use.key != another.key:
                    continue
                forwards = one.thread < other.thread
                pair = (one, other) if forwards else (other, one)
                orders = (use.first < another.last) | (another.first < use.last) << 1
                if not forwards:
                    orders = orders >> 1 | (orders & 1) << 1
                data = use.data and another.data and pair not in self._free
                if data and lives.overlap(one.thread, use, other.thread, another):
                    self._free.add(pair)
                before = self._orders.get(pair, 0)
                if orders | before != before:
                    self._orders[pair] = before | orders
                    self._idle = 0


class _Lives:
    """When threads were started, and when others had waited for their ends, by number of event."""

    def __init__(self, events: Sequence[Event]) -> None:
        self._started: dict[int, int] = {}
        self._joined: dict[tuple[int, int], int] = {}
        for number, event in enumerate(events[:MOST_EVENTS]):
            if event.act is Act.WAKE:
                self._started.setdefault(event.target, number)
            elif event.act is Act.JOIN:
                self._joined.setdefault((event.thread, event.target), number)

    def overlap(self, one: int, use: _Use, other: int, another: _Use) -> bool:
        """Whether each thread's use can come before the other's, as far as starts and ends of these threads say."""
        return self._within(one, use, other) and self._within(other, another, one)

    def _within(self, thread: int, use: _Use, other: int) -> bool:
        return use.last > self._started.get(other, -1) and use.first < self._joined.get((thread, other), _ALWAYS)


def _uses(events: Sequence[Event]) -> dict[int, dict[tuple[_Access, object], _Use]]:
    """By object: the accesses to it and to each of its parts."""
    found: dict[int, dict[tuple[_Access, object], _Use]] = defaultdict(dict)
    for number, event in enumerate(events[:MOST_EVENTS]):
        site = event.site
        if site is None or event.act not in _ACTS:
            continue
        uses = found[event.target]
        access = (_Access(event.thread, site), event.key)
        use = uses.get(access)
        if use is None:
            use = uses[access] = _Use(number, event.key)
        use.last = number
        use.writes = use.writes or event.act in _WRITES
        use.data = use.data or event.act is not Act.NEAR_LOCK
    return found
