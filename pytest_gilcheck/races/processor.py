"""One CPU for threads that take turns: to hand over to another CPU takes several times as long."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_cpu() -> Iterator[None]:
    """Inside, the calling thread and those that it starts stay on one of their CPUs, where that can be had."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    # Sibling processes, such as the workers of a test run, should not all choose the same.
    chosen = sorted(before)[os.getpid() % len(before)]
    try:
        os.sched_setaffinity(0, {chosen})
    except OSError:  # the system does not allow it
        yield
        return
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
