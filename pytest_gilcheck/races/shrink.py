"""Fewer context switches for the same failure (delta debugging, Zeller and Hildebrandt, TSE 2002)."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_gilcheck.races.schedule import Schedule

#: No more than this is done for it: executions, and seconds.
MOST_ATTEMPTS = 200
MOST_SECONDS = 0.5

#: Runs a schedule; returns the switches that happened if it fails in the same way, ``None`` if not.
Attempt = Callable[[Schedule], Schedule | None]


def shrunk(
    schedule: Schedule,
    attempt: Attempt,
    *,
    attempts: int = MOST_ATTEMPTS,
    seconds: float = MOST_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Schedule:
    """``schedule`` without switches that its failure does not need, as far as ``attempts`` and ``seconds`` go."""
    end = clock() + seconds
    size = len(schedule)
    while size:
        at = len(schedule) - size
        smaller = None
        while at > -size and attempts and clock() < end:
            attempts -= 1
            switches = schedule.switches[: max(at, 0)] + schedule.switches[at + size :]
            smaller = attempt(Schedule(switches=switches))
            if smaller is not None and len(smaller) < len(schedule):
                break
            smaller = None
            at -= size
        if smaller is not None:
            schedule = smaller
            size = min(size, len(schedule))
        else:
            size //= 2
    return schedule
