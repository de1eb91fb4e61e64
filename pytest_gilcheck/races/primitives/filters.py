"""A model of the recursive lock in C that guards the filters of warnings, from Python 3.14 on."""

# ruff: noqa: ARG001 - all handlers take what the convention of the package says

from __future__ import annotations

import _thread
import _warnings
from typing import Any

from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.primitives.limits import Handler
from pytest_gilcheck.races.run import Wait, run
from pytest_gilcheck.races.sites import Site

_GUARD = _thread.RLock()
"""Stands for the lock, which is no object; nobody takes it."""

_WHY = Wait(what="the lock of the filters of warnings", lock=_GUARD)
_depth = 0


def begin() -> None:
    """Nobody holds it yet."""
    global _depth  # noqa: PLW0603 - there is one lock
    _depth = 0


def acquire(site: Site, call: Handler, owner: object, *args: Any) -> Any:
    """``_warnings._acquire_lock``."""
    global _depth  # noqa: PLW0603 - see above
    if id(_GUARD) not in run.me.holding:
        run.touch_guard(site, _GUARD)
        wait()
        run.held(_GUARD, site)
    _depth += 1
    return call(*args)


def release(site: Site, call: Handler, owner: object, *args: Any) -> Any:
    """``_warnings._release_lock``."""
    global _depth  # noqa: PLW0603 - see above
    _depth -= 1
    if _depth:
        return call(*args)
    try:
        run.touch_guard(site, _GUARD)
    finally:  # an execution that is ended here must not leave the lock taken
        result = call(*args)
        run.freed(_GUARD)
    return result


def wait() -> None:
    """Before anything that takes the lock inside of C: until no other thread holds it."""
    if run.holder(_GUARD) not in {None, run.me}:
        run.tell(Act.BLOCK, _GUARD)
    while run.holder(_GUARD) not in {None, run.me}:
        run.wait(("lock", id(_GUARD)), _WHY)


FUNCTIONS: dict[int, Handler] = {
    id(function): handler
    for name, handler in (("_acquire_lock", acquire), ("_release_lock", release))
    if (function := getattr(_warnings, name, None)) is not None
}
