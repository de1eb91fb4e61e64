"""Models of threads: starting one makes a controlled thread of a real one; joining one waits in the model first."""

# ruff: noqa: ARG001 - all handlers take what the convention of the package says

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable
from types import CodeType
from typing import Any

from pytest_gilcheck.races.primitives.limits import Handler, deadline, is_duration
from pytest_gilcheck.races.run import Controlled, Stop, Wait, run
from pytest_gilcheck.races.sites import Kind, Site

LIFE = "<life>"
"""The part of a thread object that its end changes; its attributes are locations of their own."""

_END = Site(
    code=threading.Thread._bootstrap.__code__,  # type: ignore[attr-defined]
    offset=0,
    line=None,
    kind=Kind.CALL,
    name="end of the thread",
    trusted=True,
)
"""Where a thread ends, which those that ask ``is_alive`` race with."""

# The real ones, whatever may stand in their place later.
_JOIN = threading.Thread.join
_IS_ALIVE = threading.Thread.is_alive

_hooks: dict[str, Any] = {}
"""Who is told of exceptions that end a thread, when the execution began."""

_handles: dict[int, tuple[Any, Controlled]] = {}
"""The threads of this execution that were started by ``_thread.start_joinable_thread``, by the id of their handle."""


def begin() -> None:
    """Note who handles exceptions now: only a handler set later, by what runs in the execution, is part of it."""
    _handles.clear()
    _hooks.update(thread=threading.excepthook, raw=sys.unraisablehook)


class _Launch:
    """A real thread on its way to being a controlled one: it stops at the gate until its parent has made it known."""

    __slots__ = ("_arrived", "_known", "at_gate", "child")

    def __init__(self) -> None:
        self._arrived = _thread.allocate_lock()
        self._known = _thread.allocate_lock()
        self._arrived.acquire()
        self._known.acquire()
        self.at_gate = False
        self.child: Controlled | None = None

    def pass_gate(self) -> None:
        """In the new thread: wait to be known, then for the first turn; raises :class:`Stop` when there is none."""
        self.at_gate = True
        self._arrived.release()
        self._known.acquire()
        assert self.child is not None
        run.enter(self.child)

    def finish(self) -> None:
        """In the new thread, last of all: hand on the turn."""
        if self.child is not None:
            run.leave(self.child)
        else:  # it never came to the gate, and its parent waits there
            self._arrived.release()

    def admit(self, name: str, daemon: bool, thread: threading.Thread | None) -> Controlled | None:
        """In the parent: make the thread known; ``None`` if it ended before the gate, as with a context that is in use."""
        self._arrived.acquire()
        if not self.at_gate:
            return None
        self.child = run.spawn(name, daemon, thread)
        self._known.release()
        run.started(self.child)
        return self.child


def start(site: Site, call: Handler, owner: threading.Thread | None, *args: Any, **kwargs: Any) -> None:
    """``Thread.start``."""
    thread, rest = _thread_of(owner, args)
    if thread is None or rest or kwargs or not getattr(thread, "_initialized", False) or _is_started(thread):
        call(*args, **kwargs)  # raises what is wrong
        return
    run.touch(site, thread, LIFE, True)
    _bury()
    launch = _Launch()
    names = vars(thread)
    before: dict[str, Any] = {name: names[name] for name in ("_bootstrap", "run") if name in names}
    names.update(_bootstrap=_bootstrap(thread, launch), run=_gate(thread, launch, before))
    try:
        with run.passing():
            call(*args, **kwargs)
        launch.admit(thread.name, thread.daemon, thread)
    finally:
        _put_back(names, before, "_bootstrap")
        if not launch.at_gate:
            _put_back(names, before, "run")


def _bootstrap(thread: Any, launch: _Launch) -> Callable[[], None]:
    real = thread._bootstrap

    def bootstrap() -> None:
        try:
            real()
        except BaseException as error:
            if not _is_stop(error):
                raise
        finally:
            launch.finish()

    return bootstrap


def _gate(thread: Any, launch: _Launch, before: dict[str, Any]) -> Callable[[], None]:
    def gate() -> None:
        _put_back(vars(thread), before, "run")
        try:
            launch.pass_gate()
            thread.run()
            if run.mine():
                run.touch(_END, thread, LIFE, True)
        except BaseException as error:
            if _is_stop(error):
                return
            _note(launch.child, error, "thread", threading.excepthook, threading.__excepthook__)
            _hide(thread, gate.__code__)
            raise

    return gate


def _hide(thread: Any, code: CodeType) -> None:
    """Whoever is told of the exception that is being raised sees the traceback of an ordinary thread."""
    tell = thread._invoke_excepthook

    def invoke(told: threading.Thread) -> None:
        thread._invoke_excepthook = tell
        error = sys.exception()
        outer = None if error is None else error.__traceback__
        while outer is not None and outer.tb_next is not None:
            if outer.tb_next.tb_frame.f_code is code:
                outer.tb_next = outer.tb_next.tb_next
                break
            outer = outer.tb_next
        tell(told)

    thread._invoke_excepthook = invoke


def start_new(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    """``_thread.start_new_thread``."""
    return _start_raw(call, args, kwargs, daemon=True)[0]


def start_joinable(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    """``_thread.start_joinable_thread`` of 3.13 and later."""
    handle, child = _start_raw(call, args, kwargs, daemon=bool(kwargs.get("daemon", True)))
    if child is not None:
        _handles[id(handle)] = (handle, child)
    return handle


def _start_raw(
    call: Handler, args: tuple[Any, ...], kwargs: dict[str, Any], *, daemon: bool
) -> tuple[Any, Controlled | None]:
    function = args[0] if args else kwargs.get("function")
    if not callable(function):
        return call(*args, **kwargs), None  # raises what is wrong
    _bury()
    launch = _Launch()
    body = _Body(function, launch)
    if args:
        args = (body, *args[1:])
    else:
        kwargs = {**kwargs, "function": body}
    with run.passing():
        result = call(*args, **kwargs)
    return result, launch.admit(getattr(function, "__name__", "thread"), daemon, None)


class _Body:
    """What a thread without a ``Thread`` runs; looks like the function itself in messages."""

    __slots__ = ("_function", "_launch")

    def __init__(self, function: Callable[..., object], launch: _Launch) -> None:
        self._function = function
        self._launch = launch

    def __repr__(self) -> str:
        return repr(self._function)

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        launch = self._launch
        try:
            launch.pass_gate()
            self._function(*args, **kwargs)
        except BaseException as error:
            if not _is_stop(error):
                _note(launch.child, error, "raw", sys.unraisablehook, sys.__unraisablehook__)
                raise
        finally:
            launch.finish()


def join(site: Site, call: Handler, owner: threading.Thread | None, *args: Any, **kwargs: Any) -> None:
    """``Thread.join``: in the model until the thread has ended there, then for real."""
    thread, rest = _thread_of(owner, args)
    timeout, wrong = _timeout(rest, kwargs)
    if thread is None or wrong or not _is_started(thread) or thread.ident == _thread.get_ident():
        call(*args, **kwargs)  # raises what is wrong
        return
    if timeout is not None and not is_duration(timeout):
        timeout = max(timeout, 0)
        _thread.allocate_lock().acquire(True, timeout)  # raises what is wrong with it
    _join(_known(thread), call, args, kwargs, (thread, deadline(timeout)))


def _join(
    child: Controlled | None, call: Handler, args: tuple[Any, ...], kwargs: dict[str, Any], what: tuple[Any, float | None]
) -> None:
    thread, until = what
    if child is None:
        why = Wait(what=f"thread {thread.name!r}, which this test did not start, to end", kind="foreign")
        if not run.until(lambda: not _IS_ALIVE(thread), why, until):
            return
    else:
        why = Wait(what=f"thread {child.name!r} to end", lock=child.thread, kind="join")
        while not child.done:
            if not run.wait(("done", child.number), why, until):
                return
        run.joins(child)
    with run.passing():
        call(*args, **kwargs)


def join_handle(site: Site, call: Handler, handle: Any, *args: Any, **kwargs: Any) -> Any:
    """``join`` of the handles of 3.13 and later."""
    known = _handles.get(id(handle))
    timeout, wrong = _timeout(args, kwargs)
    if known is None or wrong or handle.ident == _thread.get_ident() or not (timeout is None or is_duration(timeout)):
        return call(*args, **kwargs)
    return _join(known[1], call, args, kwargs, (None, deadline(timeout)))


def is_alive(site: Site, call: Handler, owner: threading.Thread | None, *args: Any, **kwargs: Any) -> Any:
    """``Thread.is_alive``: a thread whose part in the execution is over is waited for, so that the answer is sure."""
    thread, _ = _thread_of(owner, args)
    child = _known(thread)
    if thread is not None and child is not None:
        run.touch(site, thread, LIFE, False)
        _bury()
    return call(*args, **kwargs)


def survey(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    """``threading.enumerate`` and ``active_count``: who is alive."""
    for child in run.threads:
        if child.thread is not None:
            run.touch(site, child.thread, LIFE, False)
    return call(*args, **kwargs)


def _thread_of(owner: object, args: tuple[Any, ...]) -> tuple[threading.Thread | None, tuple[Any, ...]]:
    """The thread that a method was called on, as a bound method or as a plain function, and the other arguments."""
    if owner is None and args:
        owner, *rest = args
        args = tuple(rest)
    return (owner if isinstance(owner, threading.Thread) else None), args


def _timeout(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, bool]:
    """The argument of ``join``, and whether the real one refuses what else there is."""
    wrong = len(args) > 1 or (kwargs.keys() - {"timeout"}) or (args and kwargs)
    return (args[0] if args else kwargs.get("timeout")), bool(wrong)


def _is_started(thread: Any) -> bool:
    return getattr(thread, "_ident", None) is not None


def _known(thread: object) -> Controlled | None:
    return next((child for child in run.threads if child.thread is thread), None)


def _bury() -> None:
    """Wait until the threads that are done are really gone: who is started next may get the identity of one of them."""
    for child in run.threads:
        thread = child.thread
        if child.done and thread is not None and not _is_gone(thread):
            with run.passing():
                _JOIN(thread)


def _is_gone(thread: Any) -> bool:
    if sys.version_info < (3, 13):
        return bool(thread._is_stopped)
    handle = thread._handle if sys.version_info < (3, 14) else thread._os_thread_handle
    return bool(handle.is_done())


def _put_back(names: dict[str, Any], before: dict[str, Any], name: str) -> None:
    if name in before:
        names[name] = before[name]
    else:
        names.pop(name, None)


def _is_stop(error: BaseException | None) -> bool:
    """Whether the execution is being ended; on its way out a thread may stumble over what it left undone."""
    while error is not None:
        if isinstance(error, Stop):
            return True
        error = error.__context__
    return False


def _note(child: Controlled | None, error: BaseException, kind: str, *hooks: Any) -> None:
    """Keep what ended ``child``, unless a handler that was set during the execution is told of it."""
    now, default = hooks
    if child is not None and not isinstance(error, SystemExit) and (now is default or now is _hooks.get(kind, now)):
        child.error = error


METHODS: dict[tuple[type, str], Handler] = {}
if sys.version_info >= (3, 13):
    METHODS[_thread._ThreadHandle, "join"] = join_handle

FUNCTIONS: dict[int, Handler] = {
    id(threading.Thread.start): start,
    id(threading.Thread.join): join,
    id(threading.Thread.is_alive): is_alive,
    id(threading.enumerate): survey,
    id(threading.active_count): survey,
    id(_thread.start_new_thread): start_new,
    id(_thread.start_new): start_new,
}
if sys.version_info >= (3, 13):
    FUNCTIONS[id(_thread.start_joinable_thread)] = start_joinable
