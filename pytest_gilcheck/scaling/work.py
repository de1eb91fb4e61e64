"""The part of a run that a worker does itself, in a thread or in a process: wait for the start, run, read the clocks."""

from __future__ import annotations

from pytest_gilcheck.scaling.clock import Clock
from pytest_gilcheck.scaling.reading import Reading
from pytest_gilcheck.scaling.workload import Body


def work(body: Body, repeats: int, released: float, clock: Clock) -> Reading:
    """Run ``body`` ``repeats`` times from the common start time ``released`` on and say what it took.

    The counters are read before the wait, so that a late wake-up on a busy machine counts as run-queue delay; those of the
    thread and of its process side by side, so that nothing (an allocator that tidies up) comes between them.
    """
    before = clock.usage()
    process_before = clock.process_cpu()
    clock.sleep(released - clock.now())
    start = clock.now()
    for _ in range(repeats):
        body()
    end = clock.now()
    process_cpu = clock.process_cpu() - process_before
    used = clock.usage().since(before)
    return Reading(start=start, end=end, cpu=used.cpu, delay=used.delay, process_cpu=process_cpu, blocks=used.blocks)
