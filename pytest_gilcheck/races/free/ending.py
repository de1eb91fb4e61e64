"""Threads of a free run that do not end by themselves: made to end, or let go of."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic, sleep
from types import FrameType

from pytest_gilcheck.races.threads import Stop

# How often they are looked at, in seconds.
_LOOK = 0.01


def end(threads: Sequence[threading.Thread], waited_for: Sequence[object], seconds: float) -> list[threading.Thread]:
    """Raise :class:`Stop` in ``threads`` and free the locks they wait for; returns those that go on all the same.

    What they do on their way out no longer counts.
    """
    told: set[int] = set()
    _tell(threads, told)
    for lock in waited_for:
        # That of an RLock asks nobody who they are, where it exists.
        free: Callable[[], object] | None = getattr(lock, "_release_save", None) or getattr(lock, "release", None)
        if free is not None:
            with suppress(Exception):
                free()
    deadline = monotonic() + seconds
    while (alive := [thread for thread in threads if _lives(thread)]) and monotonic() < deadline:
        _tell(alive, told)
        sleep(_LOOK)
    for thread in threads:
        if id(thread) in told and thread not in alive:
            _strike_off(thread)
    return alive


def _tell(threads: Sequence[threading.Thread], told: set[int]) -> None:
    """Raise :class:`Stop`, once, in those that are at work: on the way there and back it would harm ``threading``."""
    frames = sys._current_frames()
    for thread in threads:
        if id(thread) not in told and _is_at_work(frames.get(thread.ident or 0)):
            told.add(id(thread))
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Stop))


def _is_at_work(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_back is not None:
        code, caller = frame.f_code, frame.f_back.f_code
        if caller.co_name == "_bootstrap_inner" and caller.co_filename == threading.__file__:
            return code.co_name == "run" or code.co_filename != threading.__file__
        frame = frame.f_back
    return False


def _strike_off(thread: threading.Thread) -> None:
    """Take it from the list of threads: one that was told to end when its work just had could not do so itself."""
    listed: dict[int | None, threading.Thread] = getattr(threading, "_active", {})
    if listed.get(thread.ident) is thread:
        listed.pop(thread.ident, None)


def _lives(thread: threading.Thread) -> bool:
    """Whether it has not ended. Up to Python 3.12 it says that it has when a wait for its end was interrupted."""
    return thread.ident is None or thread.is_alive() or thread.ident in sys._current_frames()


def abandon(thread: threading.Thread) -> None:
    """Nobody waits for ``thread`` when the process ends, though it will not have ended."""
    executors = sys.modules.get("concurrent.futures.thread")
    if executors is not None:
        executors._threads_queues.pop(thread, None)
