"""Code that is about to run is rewritten just before it does, wherever an instrumented instruction shows what that is."""

from __future__ import annotations

import functools
import types
from _thread import get_ident
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from pytest_gilcheck.races.classes import bases, namespace
from pytest_gilcheck.races.run import run

# So many code objects are known not to need anything; then they are asked about again.
_MOST_KNOWN = 50_000

_CACHED = type(functools.cache(len))

#: By the id of a code object that need not be looked at again: the code object itself, so that the id stays its own.
known: dict[int, CodeType] = {}

# Types made by a scenario are kept alive by this, so not many of them are remembered.
_MOST_TYPES = 1_000
_types: dict[int, type] = {}

_rewrite: Callable[[FunctionType], object] | None = None


def start(rewrite: Callable[[FunctionType], object]) -> None:
    """From now on ``rewrite`` is called with each function that is about to run for the first time."""
    global _rewrite  # noqa: PLW0603 - hooks are everywhere, and there is one exploration at a time
    stop()
    _rewrite = rewrite


def stop() -> None:
    """No longer."""
    global _rewrite  # noqa: PLW0603 - see above
    _rewrite = None
    known.clear()
    _types.clear()


def function(candidate: FunctionType) -> None:
    """``candidate`` is about to be called."""
    code = candidate.__code__
    if id(code) in known or _rewrite is None:
        return
    if len(known) > _MOST_KNOWN:
        known.clear()
    known[id(code)] = code
    if run.current == get_ident():
        with run.passing():
            _rewrite(candidate)
    else:
        _rewrite(candidate)
    known[id(candidate.__code__)] = candidate.__code__


def callee(candidate: Any) -> None:
    """Anything that is about to be called: its code is found without running any."""
    kind = type(candidate)
    if kind is FunctionType:
        function(candidate)
    elif kind is types.MethodType:
        callee(candidate.__func__)
    elif kind is functools.partial:
        callee(candidate.func)
    elif kind is _CACHED:
        callee(getattr(candidate, "__wrapped__", None))
    elif issubclass(kind, type):
        if id(candidate) not in _types:
            if len(_types) > _MOST_TYPES:
                _types.clear()
            _types[id(candidate)] = candidate
            special(kind, "__call__")
            special(candidate, "__new__")
            special(candidate, "__init__")
    else:
        special(kind, "__call__")


def special(kind: type, *names: str) -> None:
    """Operations of instances of ``kind`` that are about to be used."""
    for base in bases(kind):
        space = namespace(base)
        for name in names:
            found = space.get(name)
            if type(found) is staticmethod:
                found = found.__func__
            if type(found) is FunctionType:
                function(found)
                if len(names) == 1:
                    return


def accessor(kind: type, name: str) -> None:
    """Reading or writing an attribute of instances of ``kind`` may run a property or descriptor."""
    for base in bases(kind):
        found = namespace(base).get(name)
        if found is None:
            continue
        if isinstance(found, property):
            for part in (found.fget, found.fset, found.fdel):
                if type(part) is FunctionType:
                    function(part)
        elif type(found) is not FunctionType:
            special(type(found), "__get__", "__set__")
            inner = getattr(found, "func", None) if isinstance(found, functools.cached_property) else None
            if type(inner) is FunctionType:
                function(inner)
        return
    special(kind, "__getattr__")
