"""The part of a run that a worker does itself, in a thread or in a process: wait for the start, run, read the clocks."""

from __future__ import annotations

from pytest_gilcheck.scaling.clock import Clock
from pytest_gilcheck.scaling.reading import Reading
from pytest_gilcheck.scaling.workload import Body


def work(body: Body, repeats: int, released: float, clock: Clock) -> Reading:
    """Run ``body`` ``repeats`` times from the common start time ``released`` on and say what it took.

    The counters are read before the wait, so that a late wake-up on a busy machine counts as run-queue delay.
    """
    before = clock.usage()
    clock.sleep(released - clock.now())
    start = clock.now()
    for _ in range(repeats):
        body()
    end = clock.now()
    used = clock.usage().since(before)
    return Reading(start=start, end=end, cpu=used.cpu, delay=used.delay)
