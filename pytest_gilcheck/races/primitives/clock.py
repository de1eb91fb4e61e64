"""Clocks that show virtual time, and sleeping by them: nobody waits for real."""

# ruff: noqa: ARG001 - all handlers take what the convention of the package says

from __future__ import annotations

import operator
import sys
import time
from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races.primitives import processes
from pytest_gilcheck.races.primitives.limits import Handler, is_duration
from pytest_gilcheck.races.run import Wait, run
from pytest_gilcheck.races.sites import Site

NANOSECONDS = 1_000_000_000
_LONGEST = (2**63 - 1) // NANOSECONDS  # of a sleep, in seconds

_seconds: tuple[Callable[[], float], ...] = (time.time, time.monotonic, time.perf_counter)
_nanoseconds: tuple[Callable[[], int], ...] = (time.time_ns, time.monotonic_ns, time.perf_counter_ns)
_clocks = tuple((id(seconds), id(now), now) for seconds, now in zip(_seconds, _nanoseconds, strict=True))
_base: dict[int, int] = {}
"""What each clock showed when the execution began, in nanoseconds."""


def begin() -> None:
    """The clocks of the coming execution start at the real time of now."""
    for key, other, now in _clocks:
        _base[key] = _base[other] = now()


def _clock(real: Callable[[], float], *, whole: bool) -> Handler:
    def read(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> float:
        if args or kwargs:
            return call(*args, **kwargs)  # type: ignore[no-any-return] # raises
        run.tick()
        shown = _base[id(real)] + round(run.now * NANOSECONDS)
        return shown if whole else shown / NANOSECONDS

    return read


def sleep(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> None:
    """``time.sleep``."""
    seconds = args[0] if len(args) == 1 and not kwargs else None
    if not is_duration(seconds):
        seconds = _convert(seconds)
    if seconds is None or not 0 <= seconds <= _LONGEST:
        call(*args, **kwargs)  # raises
        return
    if seconds == 0:
        run.yield_(site)
        return
    why = Wait(what=f"the end of a sleep of {seconds:g} s", kind="sleep")
    end = run.now + seconds
    if processes.one_runs():  # its time is real: a loop that looks at it and sleeps must not be over at once
        run.until(lambda: not processes.one_runs(), why, end)
    if run.now < end:
        run.wait(("sleep", object()), why, end)


def _convert(seconds: Any) -> float | None:
    """A subclass of a number, as NumPy's are, as the number; ``None`` for what the real one has to judge."""
    if isinstance(seconds, float):
        return float(seconds)
    if hasattr(type(seconds), "__index__"):
        return operator.index(seconds)
    return float(seconds) if sys.version_info >= (3, 15) and hasattr(type(seconds), "__float__") else None


FUNCTIONS: dict[int, Handler] = {
    id(time.sleep): sleep,
    **{id(real): _clock(real, whole=False) for real in _seconds},
    **{id(real): _clock(real, whole=True) for real in _nanoseconds},
}
