"""The GIL share of a body: a probe thread beside it measures how late it gets the GIL back after short sleeps."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Self

from pytest_gilcheck.scaling.clock import Clock
from pytest_gilcheck.scaling.reading import Run

#: The probe sleeps this long between two attempts to get the GIL.
NAP_SECONDS = 0.0005

#: A wake-up less late than this is the timer's own slack, not a wait for the GIL.
LATE_SECONDS = 0.0002

#: The second look uses this switch interval, so that short bursts of byte code do not pass for a held GIL.
FAST_SWITCH_SECONDS = 0.0005

# Deep enough to reach the user's line from inside any library seen so far; keeps the probe's own hold of the GIL short.
_FRAMES = 40

Place = tuple[str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """One late wake-up: when it was planned, when the probe had the GIL, and where the body was (innermost first)."""

    planned: float
    woke: float
    stack: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GilSample:
    """What the probe saw beside one run of the body.

    ``held`` is the time for which the probe waited for the GIL, ``wall`` the time it watched, both in seconds.
    """

    switch_interval: float
    wall: float
    held: float
    wakes: tuple[Wake, ...]


class GilProbe:
    """Put ``watch`` beside a run; ``sample(run)`` then gives what the probe saw between its start and its end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._target: threading.Thread | None = None
        self._stop = False
        self._late: list[Wake] = []
        self._lateness = 0.0
        self._delay: float | None = None
        self._thread = threading.Thread(target=self._watch, name="gilcheck probe", daemon=True)
        self._error: BaseException | None = None

    def watch(self, target: threading.Thread) -> GilProbe:
        """The context manager for a run whose body is in the thread ``target``."""
        self._target = target
        return self

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop = True
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _watch(self) -> None:
        try:
            before = self._clock.usage()
            self._loop()
            self._delay = self._clock.usage().since(before).delay
        except BaseException as error:  # noqa: BLE001 - raised again by __exit__, in the thread that measures
            self._error = error

    def _loop(self) -> None:
        now, sleep, late = self._clock.now, self._clock.sleep, self._late
        while not self._stop:
            planned = now() + NAP_SECONDS
            sleep(NAP_SECONDS)
            woke = now()
            self._lateness += woke - planned
            if woke - planned > LATE_SECONDS:
                late.append(Wake(planned=planned, woke=woke, stack=self._where()))

    def _where(self) -> tuple[Place, ...]:
        ident = self._target.ident if self._target is not None else None
        frame: FrameType | None = sys._current_frames().get(ident or -1)
        places: list[Place] = []
        while frame is not None and len(places) < _FRAMES:
            code = frame.f_code
            places.append((code.co_filename, frame.f_lineno or code.co_firstlineno, code.co_qualname))
            frame = frame.f_back
        return tuple(places)

    def sample(self, run: Run) -> GilSample:
        """The share of ``run`` for which the GIL was held against the probe.

        ``held = Σ(lateness + nap)`` over the late wakes, each cut to the run's own time, less the part of the lateness
        that the kernel counted as the probe waiting for a CPU: on a busy machine that is no wait for the GIL.
        """
        begin, end = run.released, max(r.end for r in run.readings)
        waiting = 1.0
        if self._delay is not None and self._lateness > 0:
            waiting = max(0.0, 1.0 - self._delay / self._lateness)
        held = 0.0
        wakes = [w for w in self._late if w.planned < end and w.woke > begin]
        for wake in wakes:
            held += max(0.0, min(wake.woke, end) - max(wake.planned - NAP_SECONDS, begin)) * waiting
        return GilSample(
            switch_interval=sys.getswitchinterval(),
            wall=end - begin,
            held=min(held, end - begin),
            wakes=tuple(wakes),
        )


@contextmanager
def switch_interval(seconds: float) -> Iterator[None]:
    """Set the interpreter's switch interval for a while."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
