"""End what the main thread is doing after a while, even a wait for a lock: where the system has timer signals."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType


class Alarm(BaseException):
    """The time is up. Not an ``Exception``, so that the interrupted code does not take it for one of its own."""


def available() -> bool:
    """Whether this is the main thread of a process with timer signals (not on Windows)."""
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Raise :class:`Alarm` inside after ``seconds``; the handler and the timer that were there before are put back."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        raise Alarm(f"not done after {seconds:.3g} s")

    with ExitStack() as stack:
        stack.callback(signal.signal, signal.SIGALRM, signal.getsignal(signal.SIGALRM))
        stack.callback(signal.setitimer, signal.ITIMER_REAL, *signal.getitimer(signal.ITIMER_REAL))
        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
