"""What executions have taught so far that samplers go by: how long they are, which sites meet, who read what from whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Site

_ACTS = frozenset({Act.READ, Act.WRITE, Act.NEAR_LOCK})


class ReadFrom(NamedTuple):
    """A read at a site got what was written at another, by another thread; ``None``: what was there before."""

    write: Site | None
    read: Site | None


class Experience:
    """``threads`` is the highest number of threads in an execution, ``steps`` that of events at which they could switch.

    ``meets`` are for each site those that used the same location, one of them writing; ``writers`` the sites that write.
    """

    def __init__(self) -> None:
        self.threads = 2
        self.steps = 1
        self.pairs: set[ReadFrom] = set()
        self.meets: dict[Site, set[Site]] = defaultdict(set)
        self.writers: set[Site] = set()

    def learn(self, events: Sequence[Event]) -> bool:
        """Whether some read got its value from a write from which none did so before."""
        pairs = reads_from(events)
        news = not pairs <= self.pairs
        if news or not self.meets:
            self.pairs |= pairs
            self._meet(events)
            self.steps = max(self.steps, sum(event.site is not None for event in events))
            self.threads = max(self.threads, len({event.thread for event in events}))
        return news

    def _meet(self, events: Sequence[Event]) -> None:
        sites: dict[tuple[int, object], set[Site]] = defaultdict(set)
        wrote: set[tuple[int, object]] = set()
        for event in events:
            if event.site is None or event.act not in _ACTS:
                continue
            sites[event.target, event.key].add(event.site)
            if event.act is not Act.READ:
                wrote.add((event.target, event.key))
                self.writers.add(event.site)
        for location in wrote:
            found = set(sites[location])
            if location[1] is not None:
                found |= sites.get((location[0], None), set())
            for site in found:
                self.meets[site] |= found


def reads_from(events: Sequence[Event]) -> set[ReadFrom]:
    """From which writes of other threads reads got what they read."""
    written: dict[tuple[int, object], Event] = {}
    pairs: set[ReadFrom] = set()
    for event in events:
        where = (event.target, event.key)
        if event.act is Act.WRITE:
            written[where] = event
        elif event.act is Act.READ:
            write = written.get(where)
            if write is None or write.thread != event.thread:
                pairs.add(ReadFrom(None if write is None else write.site, event.site))
    return pairs
