"""Functions in C that call a function in Python in the midst of what they do: other threads can run while it does."""

from __future__ import annotations

import bisect
import functools
import types
from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races.classes import inherited

_IN_PYTHON = (types.FunctionType, types.MethodType)
#: Those that call their argument ``key`` while they go over what they were given. ``sorted`` goes over a copy.
_WITH_KEY = (max, min, bisect.bisect_left, bisect.bisect_right, bisect.insort_left, bisect.insort_right)


def is_python(f: object) -> bool:
    """Whether a call of ``f``, which C code makes, runs a function in Python."""
    if isinstance(f, functools.partial):
        return is_python(f.func)
    if isinstance(f, type):
        return any(type(_plain(inherited(f, name))) is types.FunctionType for name in ("__init__", "__new__"))
    return isinstance(f, _IN_PYTHON)


def _plain(found: object) -> object:
    return found.__func__ if isinstance(found, staticmethod) else found


def stepping(
    f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], step: Callable[[], None]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments for a call of ``f`` that calls ``step`` each time one of them, in Python, has been called back."""
    if args and f is functools.reduce and is_python(args[0]):
        return (_stepping(args[0], step), *args[1:]), kwargs
    if is_python(kwargs.get("key")) and _calls_key(f):
        return args, {**kwargs, "key": _stepping(kwargs["key"], step)}
    return args, kwargs


def _calls_key(f: Any) -> bool:
    if isinstance(f, types.BuiltinFunctionType) and type(f.__self__) is not types.ModuleType:
        return f.__name__ == "sort" and isinstance(f.__self__, list)
    return f is list.sort or any(f is each for each in _WITH_KEY)


def _stepping(callback: Callable[..., Any], step: Callable[[], None]) -> Callable[..., Any]:
    def called(*args: Any) -> Any:
        __tracebackhide__ = True
        result = callback(*args)
        step()
        return result

    return called
