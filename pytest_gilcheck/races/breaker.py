"""The hooks that tell where an interpreter with the GIL may hand it over; see :mod:`bytecode.families.breaker`.

What they find is in :data:`state`. Code that no hook stands in may look at the eval breaker as well, and a function in C may
let go of the GIL in the middle of what it does: where that cannot be told, it is noted as a doubt. Not looked for are code
that runs because an object is dropped (a finalizer in code that is not rewritten), and ``__hash__`` and ``__eq__`` of keys
that are already in a container.
"""

from __future__ import annotations

import _thread
import builtins
import operator
import sys
import types
from _thread import get_ident
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from inspect import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR
from pathlib import Path
from types import CodeType
from typing import Any

from pytest_gilcheck.races import calls, hooks, implicit, preparing, primitives
from pytest_gilcheck.races.bytecode.families.breaker import FUNCTIONS_IN_LOOP, IN_LOOP
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Hook, HookFactory, Kind, Site

# A doubt lasts for so many passages of places where threads meet: that of the instruction itself, and the next.
_AROUND = 2
_LATER = CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR
_PACKAGE = str(Path(__file__).parents[1])

# Functions in C that keep the GIL until they have done what they do: those of these modules, but for some, and the methods
# of these types.
_MODULES = frozenset({
    "builtins", "_operator", "itertools", "math", "_functools", "_collections", "_bisect", "_heapq", "_thread", "_weakref",
    "_random", "_struct", "sys",
})  # fmt: skip
_NOT_QUICK = frozenset({
    builtins.open, builtins.input, builtins.print, builtins.exec, builtins.eval, builtins.compile, builtins.__import__,
    builtins.breakpoint, builtins.__build_class__,
})  # fmt: skip
_QUICK_TYPES = implicit.PLAIN | frozenset(map(id, (
    deque, OrderedDict, defaultdict, array, type(_thread.allocate_lock()), _thread.RLock, types.GeneratorType, type, object,
    types.MappingProxyType,
)))  # fmt: skip


class State:
    """What is known of the thread that runs since it last came by a place where threads meet."""

    def __init__(self) -> None:
        self.looked = False  # it looked at the eval breaker
        self.doubts = 0  # it may have, for so many more passages
        self.calling: dict[int, int] = {}  # the id of a frame: the offset of its call, if it looks when that is over
        self.is_seen: Callable[[CodeType], bool] = lambda _: False  # whether there are hooks in a code object

    def reset(self) -> None:
        """Another execution begins."""
        self.looked = False
        self.doubts = 0
        self.calling.clear()


state = State()


def _looked(site: Site) -> Hook:  # noqa: ARG001 - as all makers
    def hook() -> None:
        if run.current == get_ident() or run.mine():
            state.looked = True

    return hook


_JUMPS: dict[str | None, Callable[[Any], bool]] = {
    "true": bool,
    "false": operator.not_,
    "none": lambda value: value is None,
    "not none": lambda value: value is not None,
}


def _looked_if(site: Site) -> Hook:
    jumps = _JUMPS[site.name]
    of_truth = site.name in {"true", "false"}

    def hook(value: Any) -> None:
        if run.current != get_ident() and not run.mine():
            return
        if of_truth and id(type(value)) not in implicit.PLAIN:
            state.doubts = _AROUND  # what its truth value is cannot be known without running code
        elif jumps(value):
            state.looked = True

    return hook


def _calls(site: Site) -> Hook:
    offset, how = site.offset, site.name
    calling = state.calling

    def hook(f: Any = state) -> None:
        if run.current != get_ident() and not run.mine():
            return
        frame = id(sys._getframe(1))
        calling.pop(frame, None)
        if f is state:  # it is not known what is called
            state.doubts = _AROUND
        elif _looks_after(f, how):
            calling[frame] = offset

    return hook


def _called(site: Site) -> Hook:
    offset = site.offset
    calling = state.calling

    def hook() -> None:
        if calling.pop(id(sys._getframe(1)), None) == offset and (run.current == get_ident() or run.mine()):
            state.looked = True

    return hook


def _looks_after(f: Any, how: str | None) -> bool:
    """Whether the instruction that calls ``f`` looks when it is over; what may look before that is noted."""
    bound = type(f) is types.MethodType
    function = f.__func__ if bound else f
    if type(function) is not types.FunctionType:
        if bound or not _is_quick(f, type(f)):
            state.doubts = _AROUND
        return True
    code = function.__code__
    if code.co_filename.startswith(_PACKAGE):
        return True  # the engine's own: the model of something in C
    if id(function) not in primitives.FUNCTIONS:
        preparing.function(function)
        code = function.__code__
        if state.is_seen(code) or code.co_flags & _LATER:
            return not (how == IN_LOOP or (how == FUNCTIONS_IN_LOOP and not bound))
    state.looked = True  # at its RESUME, where no hook stands
    return True


def _is_quick(f: Any, kind: type) -> bool:
    """Whether a callable that is no function in Python keeps the GIL, and runs no code but such as hooks stand in."""
    if id(kind) in calls.BUILTINS:
        owner = f.__self__
        if owner is None or type(owner) is types.ModuleType:
            return f.__module__ in _MODULES and f not in _NOT_QUICK
        return id(type(owner)) in _QUICK_TYPES or id(owner) in _QUICK_TYPES
    if id(kind) in calls.UNBOUND:
        return id(f.__objclass__) in _QUICK_TYPES
    if kind is types.MethodWrapperType:
        return id(type(f.__self__)) in _QUICK_TYPES
    if issubclass(kind, type):
        return id(f) in _QUICK_TYPES or (kind is type and implicit.is_seen(f, ("__new__", "__init__")))
    return implicit.is_seen(kind, ("__call__",))


def _implicit(site: Site) -> Hook:
    is_known = implicit.check(site.name or "")

    def hook(*operands: Any) -> None:
        if (run.current == get_ident() or run.mine()) and not is_known(*operands):
            state.doubts = _AROUND

    return hook


_MAKERS: dict[Kind, Callable[[Site], Hook]] = {
    Kind.LOOKED: _looked,
    Kind.LOOKED_IF: _looked_if,
    Kind.CALLS: _calls,
    Kind.CALLED: _called,
    Kind.IMPLICIT: _implicit,
}


def factory(usual: HookFactory = hooks.factory) -> HookFactory:
    """The hooks of these sites, and of all others those of ``usual``."""

    def make(site: Site) -> Hook | None:
        maker = _MAKERS.get(site.kind)
        return usual(site) if maker is None else maker(site)

    return make
