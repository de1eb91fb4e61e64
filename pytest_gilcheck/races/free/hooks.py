"""The hooks of free runs: they tell the run what a thread is about to use, and change nothing.

They are cheaper and coarser than those of controlled executions: a container is one location, whatever the key, and a method
in C uses all of its object and counts as a write. Where that is too much, a thread sleeps at a place that does not matter.
"""

from __future__ import annotations

import _queue
import builtins
import sys
import threading
import types
from collections.abc import Callable
from functools import partial
from typing import Any

from pytest_gilcheck.races import attributes, matching, operations, preparing
from pytest_gilcheck.races.accesses import GUARDS
from pytest_gilcheck.races.free.noise import Walker, walker
from pytest_gilcheck.races.sites import Hook, Kind, Site

_SCALARS = operations.SCALAR_IDS
_METHOD = types.MethodType
_FUNCTION = types.FunctionType
# Methods of types that are made from a specification have a type of their own.
_BUILTINS = frozenset(map(id, (types.BuiltinMethodType, type(_queue.SimpleQueue().get))))
# Functions of these modules use what lies outside of the process: each module counts as one location.
_OUTSIDE = frozenset({"posix", "nt", "_io", "io", "_socket", "_sqlite3"})
_WAITING = frozenset({"acquire", "__enter__", "get"})
# Globals that some code stores to; all others are as good as constant.
_stored: set[str] = set()


def _owner(*, write: bool) -> Callable[[Site], Hook]:
    """Of an attribute."""

    def make(site: Site) -> Hook:
        name = site.name
        assert name is not None
        known = attributes.memory()

        def hook(owner: Any, value: Any = None) -> None:  # noqa: ARG001
            kind = type(owner)
            if id(kind) in _SCALARS or (me := walker()) is None:
                return
            if id(kind) not in known:
                attributes.remember(known, kind, None)
                preparing.accessor(kind, name)
            me.noise.passes(me, site, id(owner), name, write)

        return hook

    return make


def _whole(*, write: bool) -> Callable[[Site], Hook]:
    """Of a container or a cell."""

    def make(site: Site) -> Hook:
        def hook(target: Any, key: Any = None, value: Any = None) -> None:  # noqa: ARG001
            if id(type(target)) not in _SCALARS and (me := walker()) is not None:
                me.noise.passes(me, site, id(target), None, write)

        return hook

    return make


def _match(site: Site) -> Hook:
    count = int(site.name or 0)

    def hook(subject: Any, pattern: Any, keywords: Any) -> None:
        kind = type(subject)
        for name in matching.attributes_of(kind, pattern, count, keywords):
            preparing.accessor(kind, name)
            if (me := walker()) is not None:
                me.noise.passes(me, site, id(subject), name, False)

    return hook


def _iterate(site: Site) -> Hook:
    def hook(iterable: Any) -> Any:
        if id(type(iterable)) not in _SCALARS and (me := walker()) is not None:
            me.noise.passes(me, site, id(iterable), None, False)
        return iterable

    return hook


def _global(*, write: bool) -> Callable[[Site], Hook | None]:
    def make(site: Site) -> Hook | None:
        name = site.name
        assert name is not None
        if not write and name in vars(builtins):
            return None

        def hook() -> None:
            if write:
                _stored.add(name)
            if name in _stored and (me := walker()) is not None:
                me.noise.passes(me, site, id(sys._getframe(1).f_globals), name, write)

        return hook

    return make


def _call(site: Site) -> Hook:
    def hook(f: Any) -> Any:
        me = walker()
        if me is None:
            return f
        me.noise.comes(me, site)
        kind = type(f)
        if kind is _FUNCTION:
            preparing.function(f)
        elif id(kind) in _BUILTINS:
            return _builtin(me, site, f)
        elif kind is _METHOD and issubclass(type(f.__self__), threading.Thread):
            return _of_thread(me, site, f)
        else:
            preparing.callee(f)
        return f

    return hook


def _builtin(me: Walker, site: Site, f: Any) -> Any:
    """A function in C, or a bound method in C."""
    owner = f.__self__
    kind = type(owner)
    if kind is types.ModuleType:
        if owner.__name__ in _OUTSIDE:
            me.noise.uses(me, site, id(owner), None, True)
    elif id(kind) in GUARDS:
        me.noise.uses(me, site, id(owner), None, True)
        if f.__name__ in _WAITING:
            return partial(_wait, f, owner)
    elif owner is not None and id(kind) not in _SCALARS and not issubclass(kind, type):
        me.noise.uses(me, site, id(owner), None, True)
    return f


def _of_thread(me: Walker, site: Site, f: Any) -> Any:
    """A method of a thread."""
    thread = f.__self__
    preparing.callee(f)
    if f.__name__ == "start":
        preparing.callee(thread.run)
        preparing.callee(getattr(thread, "_target", None))
    elif f.__name__ == "join":
        me.noise.uses(me, site, id(thread), None, False)
        return partial(_wait, f, thread)
    return f


def _wait(f: Any, target: Any, *args: Any, **kwargs: Any) -> Any:
    """A call that waits for ``target``; for ever if it is given no argument."""
    __tracebackhide__ = True
    me = walker()
    if me is None or args or kwargs:
        return f(*args, **kwargs)
    before, me.waits = me.waits, target
    try:
        return f()
    finally:
        me.waits = before


def _enter(site: Site) -> Hook:
    def hook(manager: Any) -> Any:
        me = walker()
        if me is None:
            return manager
        kind = type(manager)
        if id(kind) in GUARDS:
            me.noise.passes(me, site, id(manager), None, True)
            me.near = manager
        else:
            preparing.special(kind, "__enter__", "__exit__")
        return manager

    return hook


def factory(site: Site) -> Hook | None:
    """The hook of ``site``; ``None`` where the instruction needs none."""
    maker = _MAKERS.get(site.kind)
    return None if maker is None else maker(site)


_MAKERS: dict[Kind, Callable[[Site], Hook | None]] = {
    Kind.LOAD_ATTR: _owner(write=False),
    Kind.LOAD_METHOD: _owner(write=False),
    Kind.MATCH: _match,
    Kind.STORE_ATTR: _owner(write=True),
    Kind.DELETE_ATTR: _owner(write=True),
    Kind.LOAD_ITEM: _whole(write=False),
    Kind.STORE_ITEM: _whole(write=True),
    Kind.DELETE_ITEM: _whole(write=True),
    Kind.LOAD_SLICE: _whole(write=False),
    Kind.STORE_SLICE: _whole(write=True),
    Kind.CONTAINS: _whole(write=False),
    Kind.ITERATE: _iterate,
    Kind.READ: _whole(write=False),
    Kind.INPLACE: _whole(write=True),
    Kind.LOAD_GLOBAL: _global(write=False),
    Kind.STORE_GLOBAL: _global(write=True),
    Kind.DELETE_GLOBAL: _global(write=True),
    Kind.LOAD_CELL: _whole(write=False),
    Kind.STORE_CELL: _whole(write=True),
    Kind.DELETE_CELL: _whole(write=True),
    Kind.CALL: _call,
    Kind.ENTER: _enter,
}
