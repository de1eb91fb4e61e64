"""Models of the locks in C. The lock stays the real one and is taken without waiting; the model decides who waits."""

# ruff: noqa: ARG001 - all handlers take what the convention of the package says

from __future__ import annotations

import _thread
from typing import Any

from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.primitives.limits import Handler, deadline, parse_acquire
from pytest_gilcheck.races.run import Wait, run
from pytest_gilcheck.races.sites import Site

LOCK = type(_thread.allocate_lock())
RLOCK: Any = _thread.RLock
LOCKS: tuple[type, ...] = (LOCK, RLOCK)


def acquire(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> bool:
    """``acquire`` and ``__enter__`` of both kinds of lock."""
    may_wait, seconds = True, None
    if args or kwargs:
        _check(lock, args, kwargs)
        may_wait, seconds = parse_acquire(*args, **kwargs)
    if type(lock) is not LOCK and _is_mine(lock):  # nobody else can tell whether it is taken once or twice
        return bool(lock.acquire(False))
    if not site.quiet:
        run.touch_guard(site, lock)
    if not may_wait:
        run.tell(Act.TRY, lock)
    if lock.acquire(False):
        run.held(lock, site)
        return True
    return may_wait and _take(site, lock, seconds)


def release(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> Any:
    """``release`` and ``__exit__``; any thread may release a plain lock."""
    if type(lock) is not LOCK and isinstance(lock, RLOCK) and _is_nested(lock):
        return call(*args, **kwargs)
    try:
        if not site.quiet:
            run.touch_guard(site, lock)
        if type(lock) is LOCK and not run.holds(lock):
            run.tell(Act.TRY, lock)  # it is somebody else's, or free
    finally:  # an execution that is ended here must not leave the lock taken
        result = call(*args, **kwargs)
        run.freed(lock)
    return result


def locked(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> Any:
    """``locked``: reads whether somebody holds it."""
    run.touch(site, lock, None, False)
    run.tell(Act.TRY, lock)
    return call(*args, **kwargs)


def release_save(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> Any:
    """``RLock._release_save``: releases all levels at once."""
    if not lock._is_owned():
        return call(*args, **kwargs)
    try:
        run.touch_guard(site, lock)
    finally:
        state = call(*args, **kwargs)
        run.freed(lock)
    return state


def acquire_restore(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> Any:
    """``RLock._acquire_restore``: the real one waits, so it is called when the lock is known to be free."""
    run.touch_guard(site, lock)
    if lock.acquire(False):
        run.held(lock, site)
    else:
        _take(site, lock, None)
    lock.release()
    return call(*args, **kwargs)


def reinit(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> Any:
    """``_at_fork_reinit``: the lock is free afterwards, whoever held it."""
    run.touch_guard(site, lock)
    result = call(*args, **kwargs)
    run.freed(lock)
    return result


def private(site: Site, call: Handler, lock: Any, *args: Any, **kwargs: Any) -> Any:
    """What only tells about the calling thread itself is no access to anything shared."""
    return call(*args, **kwargs)


def is_entered(kind: type) -> bool:
    """Whether a ``with`` statement over an object of this type takes a lock in C, by the lock's own methods."""
    return any(kind is each for each in LOCKS) or (
        issubclass(kind, LOCKS) and all(getattr(kind, name) in _OWN[name] for name in _OWN)
    )


def enter(site: Site, lock: object) -> object:
    """What to enter in place of ``lock``."""
    return _Entered(site, lock)


class _Entered:
    """One ``with`` statement over a lock."""

    __slots__ = ("_lock", "_site")

    def __init__(self, site: Site, lock: Any) -> None:
        self._site = site
        self._lock = lock

    def __enter__(self) -> bool:
        if run.mine():
            return acquire(self._site, self._lock.acquire, self._lock)
        return bool(self._lock.acquire())

    def __exit__(self, *error: object) -> None:
        if run.mine():
            release(self._site, self._lock.release, self._lock)
        else:
            self._lock.release()


def _take(site: Site, lock: Any, seconds: float | None) -> bool:
    """Wait for it until it is free and nobody else was faster."""
    until = None if seconds is None else deadline(seconds)
    run.tell(Act.BLOCK, lock)
    while _wait(site, lock, until):
        if lock.acquire(False):
            run.held(lock, site)
            return True
    return False


def _wait(site: Site, lock: Any, until: float | None) -> bool:
    if run.holder(lock) is not None:
        if site.code.co_qualname == "Condition.wait":
            why = Wait(what="a notification", lock=lock, kind="condition")
        else:
            why = Wait(what="a lock", lock=lock, kind="lock")
        return run.wait(("lock", id(lock)), why, until)
    # Taken before the execution or by a thread outside it: who will open it is not known, so it is looked at.
    why = Wait(what="a lock that nothing in this test holds", lock=lock, kind="foreign")
    return run.until(lambda: run.holder(lock) is not None or is_free(lock), why, until)


def is_free(lock: Any) -> bool:
    """Whether a thread that holds nothing could take ``lock``; asked by whichever thread looks for one to run."""
    if isinstance(lock, LOCK):
        return not lock.locked()
    if lock._is_owned() or not lock.acquire(False):
        return False
    lock.release()
    return True


def _is_mine(lock: Any) -> bool:
    return isinstance(lock, RLOCK) and bool(lock._is_owned())


def _is_nested(lock: Any) -> bool:
    """Whether the calling thread holds ``lock`` more than once."""
    if hasattr(RLOCK, "_recursion_count"):  # counts what the calling thread holds
        return bool(lock._recursion_count() > 1)
    return bool(lock._is_owned()) and " count=1 at " not in RLOCK.__repr__(lock)


def _check(lock: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Raise what the real ``acquire`` raises for these arguments: a free lock of the same kind is asked."""
    if kwargs or len(args) > 1 or type(args[0]) is not bool:
        scratch = RLOCK() if isinstance(lock, RLOCK) else _thread.allocate_lock()
        scratch.acquire(*args, **kwargs)


def _handlers() -> dict[tuple[type, str], Handler]:
    both: dict[str, Handler] = {
        "acquire": acquire,
        "acquire_lock": acquire,
        "__enter__": acquire,
        "release": release,
        "release_lock": release,
        "__exit__": release,
        "locked": locked,
        "locked_lock": locked,
        "_release_save": release_save,
        "_acquire_restore": acquire_restore,
        "_at_fork_reinit": reinit,
        "_is_owned": private,
        "_recursion_count": private,
    }
    return {(cls, name): handler for cls in LOCKS for name, handler in both.items() if hasattr(cls, name)}


METHODS = _handlers()
_OWN = {name: [getattr(cls, name) for cls in LOCKS] for name in ("__enter__", "__exit__")}
