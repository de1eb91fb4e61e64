"""Which directed schedule is next: suspicions of all executions so far, the most promising first."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count, permutations

from pytest_gilcheck.races.events import Event
from pytest_gilcheck.races.run import LEAP
from pytest_gilcheck.races.schedule import Place, Switch
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.schedulers.directed import Directed
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.sites import Site
from pytest_gilcheck.races.suspects import Pattern, suspicions

# With more threads than this only some serial orders are tried.
_ALL_ORDERS = 4
# How much less promising a suspicion is for each preemption that its schedule has before it ...
_DEEPER = 4.0
# ... and for each time that one of the same signature was tried.
_AGAIN = 7.0
# ... and if it is about the standard library's own code.
_FOREIGN = 8.0
# No more events of an execution are studied: what comes after them is mostly more of the same.
_MOST_STUDIED = 4_000
# So often one of the same signature is tried at most.
_MOST_OF_A_KIND = 4
# The first and the other orders of whole threads come among the suspicions.
_REVERSED = Pattern.STALE_READ - 0.5
_ORDERS = Pattern.SEVERAL_LOCATIONS - 0.5


class Director:
    """Learns from executions and proposes the next; ``place`` names a site in a schedule.

    As in RFF (Wolff et al., ASPLOS 2024), only executions are followed further in which some read got its value from a write
    from which none did before.
    """

    def __init__(self, place: Callable[[Site], Place]) -> None:
        self._place = place
        self._queue: list[tuple[float, int, Scheduler, int]] = []
        self._number = count()
        self._seen: Counter[object] = Counter()
        self._depth = 0  # of the last proposal

    def orders(self, threads: int) -> None:
        """Propose the other orders of threads 1 to ``threads`` - 1, each of which runs to its end."""
        numbers = tuple(range(1, threads))
        backwards = numbers[::-1]
        if len(numbers) > _ALL_ORDERS:
            orders = [(*numbers[start:], *numbers[:start]) for start in range(1, len(numbers))]
        else:
            orders = [order for order in permutations(numbers) if order not in {numbers, backwards}]
        if len(numbers) > 1:
            self._push(_REVERSED, Serial(backwards), 0)
        for order in orders:
            self._push(_ORDERS, Serial(order), 0)

    def next(self) -> Scheduler | None:
        """The most promising schedule that was not tried yet."""
        if not self._queue:
            return None
        _, _, scheduler, self._depth = heapq.heappop(self._queue)
        return scheduler

    def learn(self, events: Sequence[Event], trace: Sequence[Switch], scheduler: Scheduler, *, news: bool) -> None:
        """``scheduler``, the last proposal or another, led to ``events`` by the switches of ``trace``.

        ``news``: some read got its value from a write from which no read there had it before.
        """
        depth = self._depth if isinstance(scheduler, Directed) else 0
        if depth and (not news or scheduler.missed):  # type: ignore[attr-defined]
            return
        since = next((number for number, event in enumerate(events) if event.switches >= depth), len(events)) if depth else 0
        for suspicion in suspicions(events[:_MOST_STUDIED], since):
            event = events[suspicion.event]
            before = trace[: event.switches]
            if event.site is None or any(switch.to >= LEAP for switch in before):
                continue
            times = self._seen[suspicion.signature]
            if times >= _MOST_OF_A_KIND:
                continue
            self._seen[suspicion.signature] += 1
            switch = Switch(event.thread, self._place(event.site), event.passage, suspicion.other)
            promise = suspicion.pattern + _DEEPER * depth + _AGAIN * times + _FOREIGN * suspicion.foreign
            self._push(promise, Directed((*before, switch)), depth + 1)

    def _push(self, promise: float, scheduler: Scheduler, depth: int) -> None:
        heapq.heappush(self._queue, (promise, next(self._number), scheduler, depth))
