"""Other processes: waiting for them in the model, while virtual time does not outrun them; and leaving this one."""

# ruff: noqa: ARG001 - all handlers take what the convention of the package says

from __future__ import annotations

import os
import warnings
from typing import Any

from pytest_gilcheck.races.primitives.limits import Handler
from pytest_gilcheck.races.primitives.waiting import Attempt, handlers_of
from pytest_gilcheck.races.run import NOBODY, Wait, run
from pytest_gilcheck.races.sites import Site

try:
    import _posixsubprocess
except ImportError:  # not on Windows
    _posixsubprocess = None  # type: ignore[assignment]

_children: set[int] = set()
"""The processes that this execution started and that may run still."""

_NO_HANG: int = getattr(os, "WNOHANG", 0)


def begin() -> None:
    """Forget the processes of the last execution."""
    _children.clear()


def one_runs() -> bool:
    """Whether a process that was started in this execution has not ended."""
    for pid in list(_children):
        try:
            ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except OSError:  # somebody waited for it
            ended = True  # type: ignore[assignment]
        if ended is not None:
            _children.discard(pid)
    return bool(_children)


def _started(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    pid = call(*args, **kwargs)
    if type(pid) is int and pid > 0 and hasattr(os, "waitid"):
        _children.add(pid)
    return pid


def _fork(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    with warnings.catch_warnings():  # it would be about the engine's threads, too
        warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
        return _started(site, call, owner, *args, **kwargs)


def _leave_alone() -> None:
    """In a forked child the other threads are not there: nothing is left to control, and its code runs as it is."""
    run.active = False
    run.current = run.bit = NOBODY


if hasattr(os, "register_at_fork"):  # however it forks; it cannot be taken back, and does nothing where nothing runs
    os.register_at_fork(after_in_child=_leave_alone)


def _wait_pid(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    """``os.waitpid``, ``wait4``."""
    if len(args) != 2 or kwargs or type(args[1]) is not int or args[1] & _NO_HANG:
        return call(*args, **kwargs)
    return _wait(Attempt(lambda: call(args[0], args[1] | _NO_HANG), _has_ended))


def _wait_any(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    if args or kwargs:
        return call(*args, **kwargs)  # raises
    return _wait(Attempt(lambda: os.waitpid(-1, _NO_HANG), _has_ended))


def _wait3(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    if len(args) != 1 or kwargs or type(args[0]) is not int or args[0] & _NO_HANG:
        return call(*args, **kwargs)
    return _wait(Attempt(lambda: call(args[0] | _NO_HANG), _has_ended))


def _wait_id(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    if len(args) != 3 or kwargs or type(args[2]) is not int or args[2] & _NO_HANG:
        return call(*args, **kwargs)
    return _wait(Attempt(lambda: call(args[0], args[1], args[2] | _NO_HANG)))


def _has_ended(result: Any) -> bool:
    return bool(result[0])


def _wait(attempt: Attempt) -> Any:
    run.until(attempt, Wait(what="a process to end", kind="io"))
    return attempt.get()


def _exit(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> None:
    """``os._exit``: would end the process that tests run in; it is a finding."""
    run.exited(args[0] if args else kwargs.get("status"))


FUNCTIONS: dict[int, Handler] = {
    **handlers_of(os, {"fork": _fork, "forkpty": _fork, "posix_spawn": _started, "posix_spawnp": _started}),
    **handlers_of(os, {"waitpid": _wait_pid, "wait4": _wait_pid, "wait3": _wait3, "wait": _wait_any, "waitid": _wait_id}),
    **handlers_of(os, {"_exit": _exit}),
    **(handlers_of(_posixsubprocess, {"fork_exec": _started}) if _posixsubprocess is not None else {}),
}
