"""Where threads that take turns run: on one CPU, and none interrupts another; handing over is then several times cheaper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def one_cpu() -> Iterator[None]:
    """Inside, the calling thread and those that it starts stay on one of their CPUs, where that can be had.

    They also do not preempt the thread that wakes them up (``SCHED_BATCH``, where there is that): it holds the GIL until
    it waits itself, and to begin earlier they could only find that out.
    """
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before, policy = os.sched_getaffinity(0), os.sched_getscheduler(0)
    # Sibling processes, such as the workers of a test run, should not all choose the same.
    chosen = sorted(before)[os.getpid() % len(before)]
    try:
        with suppress(OSError):  # the system does not allow it
            os.sched_setaffinity(0, {chosen})
        if policy == os.SCHED_OTHER:
            with suppress(OSError):
                os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        yield
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, before)
        with suppress(OSError):
            if policy == os.SCHED_OTHER:
                os.sched_setscheduler(0, policy, os.sched_param(0))
