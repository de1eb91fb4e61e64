"""Pipes, file locks and semaphores shared with other processes: waited for in the model, then used without waiting."""

# ruff: noqa: ARG001 - all handlers take what the convention of the package says

from __future__ import annotations

import os
import select
import stat
from typing import Any

from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.primitives.limits import Handler, is_duration
from pytest_gilcheck.races.primitives.waiting import Attempt, handlers_of, until_readable, until_writable
from pytest_gilcheck.races.run import Wait, run
from pytest_gilcheck.races.sites import Site

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]
try:
    from _multiprocessing import SemLock  # type: ignore[import-not-found] # typeshed has no stub for it
except ImportError:  # not on every platform
    SemLock = None

_ROOM = getattr(select, "PIPE_BUF", 512)
"""What can be written without waiting to a pipe that can be written to at all, in bytes."""


class _FileLocks:
    """The location of all file locks, each a part of it by device and inode."""

    __slots__ = ()


_FILE_LOCKS = _FileLocks()


def _read(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    if args and not kwargs and _waits(args[0]):
        until_readable(args[0], "data in a pipe")
    return call(*args, **kwargs)


def _write(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    if len(args) != 2 or kwargs or not _waits(args[0]):
        return call(*args, **kwargs)
    with memoryview(args[1]) as data:
        rest = data.cast("B")
        written = 0
        while written < len(rest):
            until_writable(args[0], "room in a pipe")
            written += call(args[0], rest[written : written + _ROOM])
        return written


def _waits(file: Any) -> bool:
    """Whether ``file`` is one that reading or writing can wait for."""
    if type(file) is not int:
        return False
    try:
        mode = os.fstat(file).st_mode
        return (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)) and os.get_blocking(file)
    except OSError:
        return False


def _lock(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    """``fcntl.flock`` and ``fcntl.lockf``."""
    if kwargs or len(args) < 2 or type(args[1]) is not int:
        return call(*args)
    file, how, *more = args
    try:
        status = os.fstat(file if isinstance(file, int) else file.fileno())
    except (OSError, AttributeError, TypeError, ValueError):
        return call(*args)  # raises
    run.touch(site, _FILE_LOCKS, ((status.st_dev, status.st_ino),), True)
    if how & (fcntl.LOCK_NB | fcntl.LOCK_UN):
        return call(*args)
    attempt = Attempt(lambda: call(file, how | fcntl.LOCK_NB, *more), lambda _: True)
    run.until(attempt, Wait(what="a file lock", kind="io"))
    return attempt.get()


def _acquire(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> Any:
    """``SemLock.acquire`` and ``__enter__``: what the locks of ``multiprocessing`` are made of."""
    block, timeout = _semaphore_arguments(*args, **kwargs)
    run.touch(site, lock, None, True)
    run.mark(Act.UNORDERED)  # it may be a semaphore that several hold: who frees it is not always who lets another in
    if not block or not (timeout is None or is_duration(timeout)):
        return call(*args, **kwargs)  # does not wait: a time-out below zero is none
    until = None if timeout is None else run.now + timeout
    while not lock.acquire(False):
        if run.holder(lock) is not None:
            taken = run.wait(("lock", id(lock)), Wait(what="a lock of multiprocessing", lock=lock), until)
        else:
            why = Wait(what="a lock of multiprocessing", lock=lock, kind="foreign")
            taken = run.until(lambda: run.holder(lock) is not None or not lock._is_zero(), why, until)
        if not taken:
            return False
    run.held(lock, site)
    return True


def _semaphore_arguments(block: Any = True, timeout: Any = None) -> tuple[bool, Any]:
    return bool(block), timeout


def _release(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> Any:
    try:
        run.touch(site, lock, None, True)
    finally:
        result = call(*args, **kwargs)
        run.freed(lock)
    return result


FUNCTIONS: dict[int, Handler] = handlers_of(os, {"read": _read, "readv": _read, "write": _write})
METHODS: dict[tuple[type, str], Handler] = {}
if fcntl is not None:
    FUNCTIONS.update(handlers_of(fcntl, {"flock": _lock, "lockf": _lock}))
if SemLock is not None:
    METHODS.update({(SemLock, name): _acquire for name in ("acquire", "__enter__")})
    METHODS.update({(SemLock, name): _release for name in ("release", "__exit__")})
