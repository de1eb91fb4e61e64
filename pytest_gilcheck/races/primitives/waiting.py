"""Waits for something outside the model: asked without waiting, again and again, while other threads go on."""

# ruff: noqa: ARG001 - all handlers take what the convention of the package says

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races.primitives.limits import Handler
from pytest_gilcheck.races.run import Wait, run
from pytest_gilcheck.races.sites import Site

MILLISECONDS = 1000


class Attempt:
    """Something tried by whichever thread has the turn, until it comes off or fails; ``get`` is for the one that waits."""

    __slots__ = ("_enough", "_error", "_result", "_try")

    def __init__(self, attempt: Callable[[], Any], enough: Callable[[Any], bool] = bool) -> None:
        self._try = attempt
        self._enough = enough
        self._result: Any = None
        self._error: BaseException | None = None

    def __call__(self) -> bool:
        """Try once; whether that is enough."""
        try:
            self._result = self._try()
        except BlockingIOError:
            return False
        except Exception as error:  # noqa: BLE001 - raised again by get
            self._error = error
            return True
        return self._enough(self._result)

    def get(self) -> Any:
        """What the last attempt returned; raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._result


def ready(file: Any, events: int) -> Callable[[], bool]:
    """Asks whether one of ``events`` of poll(2) holds for a file descriptor, or an error or its end."""
    if not hasattr(select, "poll"):
        lists: tuple[list[Any], list[Any], list[Any]] = ([file], [], []) if events == _READABLE else ([], [file], [])
        return lambda: any(select.select(*lists, 0))
    poll = select.poll()
    poll.register(file, events)
    return lambda: bool(poll.poll(0))


_READABLE: int = getattr(select, "POLLIN", 1)
_WRITABLE: int = getattr(select, "POLLOUT", 4)


def until_readable(file: Any, what: str, deadline: float | None = None) -> bool:
    """Wait until reading from ``file`` would not wait; ``False`` when ``deadline`` came first."""
    return run.until(ready(file, _READABLE), Wait(what=what, kind="io"), deadline)


def until_writable(file: Any, what: str, deadline: float | None = None) -> bool:
    """Wait until writing to ``file`` would not wait; ``False`` when ``deadline`` came first."""
    return run.until(ready(file, _WRITABLE), Wait(what=what, kind="io"), deadline)


def is_limit(timeout: object) -> bool:
    """Whether ``timeout`` is a number of seconds that a call may wait for, and not zero."""
    return isinstance(timeout, (int, float)) and 0 < timeout < float("inf")


def _select(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    timeout = args[3] if len(args) == 4 else None
    if kwargs or not 3 <= len(args) <= 4 or not (timeout is None or is_limit(timeout)):
        return call(*args, **kwargs)  # does not wait, or raises
    lists = [list(files) for files in args[:3]]  # an iterator is used up by the first attempt
    return _ask(Attempt(lambda: call(*lists, 0), any), timeout)


def _poll(site: Site, call: Handler, poll: Any, *args: Any, **kwargs: Any) -> Any:
    timeout = args[0] if args else None
    if kwargs or len(args) > 1 or not (timeout is None or isinstance(timeout, (int, float))) or timeout == 0:
        return call(*args, **kwargs)
    forever = timeout is None or timeout < 0
    return _ask(Attempt(lambda: call(0)), None if forever or timeout is None else timeout / MILLISECONDS)


def _epoll(site: Site, call: Handler, epoll: Any, *args: Any, **kwargs: Any) -> Any:
    names = dict(zip(("timeout", "maxevents"), args, strict=False)) | kwargs
    timeout = names.pop("timeout", None)
    if len(args) > 2 or not (timeout is None or isinstance(timeout, (int, float))) or timeout == 0:
        return call(*args, **kwargs)
    forever = timeout is None or timeout < 0
    return _ask(Attempt(lambda: call(timeout=0, **names)), None if forever else timeout)


def _kqueue(site: Site, call: Handler, kqueue: Any, *args: Any, **kwargs: Any) -> Any:
    timeout = args[2] if len(args) > 2 else None
    if kwargs or len(args) < 2 or not args[1] or not (timeout is None or is_limit(timeout)):
        return call(*args, **kwargs)
    call(args[0], 0, 0)  # the changes are made once
    return _ask(Attempt(lambda: call(None, args[1], 0)), timeout)


def _ask(attempt: Attempt, timeout: float | None) -> Any:
    """Wait until files are ready; after ``timeout`` the last attempt's empty answer is right."""
    run.until(attempt, Wait(what="a file or socket to be ready", kind="io"), None if timeout is None else run.now + timeout)
    return attempt.get()


def _pause(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    if args or kwargs:
        return call(*args, **kwargs)
    run.until(lambda: False, Wait(what="a signal", kind="io"))
    return None


def _sigwait(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    given = (owner, *args) if owner is not None else args  # the function in Python, or the one in C that it wraps
    if len(given) == 1 and not kwargs:
        wanted = set(given[0])
        run.until(lambda: bool(wanted & signal.sigpending()), Wait(what="a signal", kind="io"))
    return call(*args, **kwargs)


def _sigtimedwait(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    if len(args) != 2 or kwargs or not is_limit(args[1]):
        return call(*args, **kwargs)
    wanted = set(args[0])
    run.until(lambda: bool(wanted & signal.sigpending()), Wait(what="a signal", kind="io"), run.now + args[1])
    return call(args[0], 0)


def _give_way(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    if not args and not kwargs:
        run.yield_(site)
    return call(*args, **kwargs)


def handlers_of(module: Any, handlers: dict[str, Handler]) -> dict[int, Handler]:
    """``handlers`` by the ids of the functions of ``module``, without those that this platform lacks."""
    return {id(getattr(module, name)): handler for name, handler in handlers.items() if hasattr(module, name)}


FUNCTIONS: dict[int, Handler] = {
    **handlers_of(select, {"select": _select}),
    **handlers_of(signal, {"sigwait": _sigwait, "pause": _pause, "sigtimedwait": _sigtimedwait}),
    **handlers_of(os, {"sched_yield": _give_way}),
}

METHODS: dict[tuple[type, str], Handler] = {}
if hasattr(select, "poll"):
    METHODS[type(select.poll()), "poll"] = _poll
if hasattr(select, "epoll"):
    METHODS[select.epoll, "poll"] = _epoll
if hasattr(select, "kqueue"):
    METHODS[select.kqueue, "control"] = _kqueue
