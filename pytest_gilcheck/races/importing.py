"""Code that is only now loaded: rewritten between its compilation and its run, by the import system and by ``exec``."""

from __future__ import annotations
import __future__

import builtins
import importlib._bootstrap as bootstrap
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import CodeType, FunctionType, ModuleType
from typing import Any

ExecCode = Callable[[CodeType], CodeType]

_NAME = "_call_with_frames_removed"

#: Frames of this file and name are cut out of the tracebacks of failed imports, so ours has to be one.
_SOURCE = f"""
def {_NAME}(f, *args, **kwds):
    return f(*_rewritten(f, args), **kwds)
"""

_MISSING = object()

_FUTURE = 0
for _feature in __future__.all_feature_names:
    _FUTURE |= getattr(__future__, _feature).compiler_flag


@contextmanager
def importing(exec_code: ExecCode, loaders: Collection[str] = ()) -> Iterator[None]:
    """While open, the code of modules is what ``exec_code`` gives for it; a loader that is entered twice is left alone.

    ``loaders`` are names of modules that run the code of other modules with ``exec``, not through the import system.
    """
    before = getattr(bootstrap, _NAME)
    replaced = [(module, vars(module).get("exec", _MISSING)) for name in loaders if (module := sys.modules.get(name))]
    execute = _exec(exec_code)
    setattr(bootstrap, _NAME, _caller(exec_code))
    for module, _ in replaced:
        setattr(module, "exec", execute)  # noqa: B010 - a global of that module in front of the builtin
    try:
        yield
    finally:
        setattr(bootstrap, _NAME, before)
        for module, previous in replaced:
            _reset(module, previous)


def compiled(source: object, mode: str, flags: int) -> object:
    """The code object that ``exec`` or ``eval`` would make of a text; anything else as it is.

    Raises what they would raise for a text that cannot be compiled.
    """
    if not isinstance(source, (str, bytes, bytearray, memoryview)):
        return source
    text: Any = source
    if mode == "eval":
        text = source.lstrip(" \t") if isinstance(source, str) else bytes(source).lstrip(b" \t")
    return compile(text, "<string>", mode, flags & _FUTURE, dont_inherit=True)


def _caller(exec_code: ExecCode) -> FunctionType:
    def rewritten(function: object, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        if function is builtins.exec and arguments and isinstance(arguments[0], CodeType):
            return exec_code(arguments[0]), *arguments[1:]
        return arguments

    whole = compile(_SOURCE, "<frozen importlib._bootstrap>", "exec", dont_inherit=True)
    code = next(constant for constant in whole.co_consts if isinstance(constant, CodeType))
    return FunctionType(code, {"__builtins__": builtins, "_rewritten": rewritten})


def _exec(exec_code: ExecCode) -> Callable[..., None]:
    def execute(source: Any, /, *arguments: Any, **more: Any) -> None:
        __tracebackhide__ = True
        builtins.exec(exec_code(source) if isinstance(source, CodeType) else source, *arguments, **more)  # noqa: S102

    return execute


def _reset(module: ModuleType, previous: object) -> None:
    if previous is _MISSING:
        vars(module).pop("exec", None)
    else:
        setattr(module, "exec", previous)  # noqa: B010 - see above
