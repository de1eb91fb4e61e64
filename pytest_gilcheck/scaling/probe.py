"""The GIL share of a body: a probe thread beside it measures how late it gets the GIL back after short sleeps."""

from __future__ import annotations

import dis
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

#: How late a sleep ends when nothing is in its way: Linux's timer slack, and the way back into Python.
TIMER_SLACK_SECONDS = 0.00006

#: The second look uses this switch interval, so that short bursts of byte code do not pass for a held GIL.
FAST_SWITCH_SECONDS = 0.0005

# Deep enough to reach the user's line from inside any library seen so far; keeps the probe's own hold of the GIL short.
_FRAMES = 40

Place = tuple[str, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wake:
    """One late wake-up: when it was planned, when the probe had the GIL, and where the body was (innermost first).

    ``after_call``: the body had just returned from a C call. Anywhere else (at the end of a loop's round, at the start of a
    function) it is byte code that gives the GIL away.
    """

    planned: float
    woke: float
    stack: tuple[Place, ...]
    after_call: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class GilSample:
    """What the probe saw beside one run of the body.

    ``held`` is the time for which the probe waited for the GIL and ``wall`` the time it watched, both in seconds and both
    without the probe's own waits for a CPU. ``late`` is as ``held``, but with those waits, over ``watched`` seconds, from
    which the body's waits for a CPU are left out.
    """

    switch_interval: float
    wall: float
    held: float
    watched: float
    late: float
    wakes: tuple[Wake, ...]


class GilProbe:
    """Put ``watch`` beside a run; ``sample(run)`` then gives what the probe saw between its start and its end."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._target: threading.Thread | None = None
        self._stop = False
        self._late: list[Wake] = []
        self._lateness = 0.0
        self._wakes = 0
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
        now, sleep = self._clock.now, self._clock.sleep
        awake = now()
        while not self._stop:
            begin = now()
            if begin - awake > LATE_SECONDS:  # it lost the GIL between two naps, while it waited for a CPU
                self._note(awake, begin)
            sleep(NAP_SECONDS)
            awake = now()
            self._wakes += 1
            if awake - begin - NAP_SECONDS > LATE_SECONDS:
                self._note(begin + NAP_SECONDS, awake)
            else:
                self._lateness += awake - begin - NAP_SECONDS

    def _note(self, planned: float, woke: float) -> None:
        self._lateness += woke - planned
        frame = self._frame()
        self._late.append(Wake(planned=planned, woke=woke, stack=_places(frame), after_call=_is_after_call(frame)))

    def _frame(self) -> FrameType | None:
        ident = self._target.ident if self._target is not None else None
        return sys._current_frames().get(ident or -1)

    def sample(self, run: Run) -> GilSample:
        """What was seen between the start and the end of ``run``.

        ``held = Σ(lateness + nap)`` over the late wakes, each cut to the run's own time. The part of the lateness that the
        kernel counted as the probe waiting for a CPU is no wait for the GIL; it is left out of ``held`` and of ``wall``.
        """
        begin, end = min(r.start for r in run.readings), max(r.end for r in run.readings)
        wakes = [w for w in self._late if w.planned < end and w.woke > begin]
        cut = [(max(w.planned - NAP_SECONDS, begin), max(w.planned, begin), min(w.woke, end)) for w in wakes]
        gil = self._gil_part()
        late = sum(max(0.0, woke - napped) for napped, _, woke in cut)
        elsewhere = sum(max(0.0, woke - planned) for _, planned, woke in cut) * (1.0 - gil)
        wall = max(end - begin - elsewhere, 1e-9)
        delay_inside = max(0.0, (run.delay or 0.0) - (begin - run.released))
        watched = max(end - begin - delay_inside, 1e-9)
        return GilSample(
            switch_interval=sys.getswitchinterval(),
            wall=wall,
            held=min(late * gil, wall),
            watched=watched,
            late=min(late, watched),
            wakes=tuple(wakes),
        )

    def _gil_part(self) -> float:
        """Of all the lateness, the part for which the probe did not wait for a CPU, 0 to 1."""
        lateness = self._lateness - self._wakes * TIMER_SLACK_SECONDS
        if self._delay is None or lateness <= 0:
            return 1.0
        return max(0.0, 1.0 - self._delay / lateness)


def _places(frame: FrameType | None) -> tuple[Place, ...]:
    places: list[Place] = []
    while frame is not None and len(places) < _FRAMES:
        code = frame.f_code
        places.append((code.co_filename, frame.f_lineno or code.co_firstlineno, code.co_qualname))
        frame = frame.f_back
    return tuple(places)


def _is_after_call(frame: FrameType | None) -> bool:
    """Calls of Python functions do not count: the interpreter enters them itself, and lets go at their start."""
    if frame is None or frame.f_lasti < 0:
        return False
    return dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith(("CALL", "PRECALL"))


@contextmanager
def switch_interval(seconds: float) -> Iterator[None]:
    """Set the interpreter's switch interval for a while."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
