"""What threads outside of an execution do for those in it, and executors that outlive one."""

from __future__ import annotations

import sys
import threading
from _queue import Empty, SimpleQueue
from _thread import LockType, RLock
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import thread as _module
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_gilcheck.races import library
from pytest_gilcheck.races.threads import Controlled

if TYPE_CHECKING:
    from pytest_gilcheck.races.state import State

_executors: Any = _module
_PROJECT = __name__.partition(".")[0]
# What lets a thread wait inside of the code of somebody else tells nothing about who it belongs to.
_NEUTRAL = frozenset({"threading", "queue", "selectors", "socket", "concurrent"})


def was_freed(thread: Controlled) -> bool:
    """Whether what ``thread`` waits for can be had, though no thread of the execution gave it."""
    lock = None if thread.wait is None else thread.wait.lock
    if isinstance(lock, LockType):
        return not lock.locked()
    if isinstance(lock, SimpleQueue):
        return not lock.empty()
    if isinstance(lock, RLock) and not lock._is_owned() and lock.acquire(False):  # type: ignore[attr-defined]
        lock.release()
        return True
    return False


def strangers(run: State) -> list[FrameType]:
    """Where the threads are that no execution controls and that may yet do something for one.

    A worker that has no work will not, nor will what runs tests, watches them or measures them.
    """
    return strangers_to({thread.ident for thread in run.threads})


def strangers_to(ours: set[int]) -> list[FrameType]:
    """The same for the threads with these identities."""
    frames = [frame for ident, frame in sys._current_frames().items() if ident not in ours]
    return [frame for frame in frames if frame.f_code is not _executors._worker.__code__ and not _is_machinery(frame)]


def _is_machinery(frame: FrameType) -> bool:
    inner: FrameType | None = frame
    while inner is not None:
        module = str(inner.f_globals.get("__name__", ""))
        package = module.partition(".")[0]
        if package == _PROJECT or package in library.MACHINERY or package.startswith(library.PLUGIN_PREFIX):
            return True
        if package not in _NEUTRAL:
            return False
        inner = inner.f_back
    return False


def executor_of(thread: Controlled) -> ThreadPoolExecutor | None:
    """The executor whose worker ``thread`` is."""
    if thread.thread not in _executors._threads_queues:
        return None
    arguments = getattr(thread.thread, "_args", ())
    executor = arguments[0]() if arguments else None
    return executor if isinstance(executor, ThreadPoolExecutor) else None


def dismiss(executor: Any, worker: threading.Thread | None) -> None:
    """``worker`` was ended while it waited for work or worked: the next submission starts another."""
    if worker is None or worker not in executor._threads:
        return
    executor._threads.discard(worker)
    _executors._threads_queues.pop(worker, None)
    if not executor._threads:
        executor._idle_semaphore = threading.Semaphore(0)
        _empty(executor._work_queue)


def _empty(work: Any) -> None:
    """Nobody waits any longer for the work that an ended execution left."""
    while True:
        try:
            work.get_nowait()
        except Empty:
            return
