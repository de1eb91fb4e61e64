"""Which global objects a function uses, read from its byte code: ``name``, ``module.attribute``, local imports, helpers."""

from __future__ import annotations

import dis
import inspect
import sys
import types
from collections.abc import Iterator
from typing import Any

_MISSING = object()


def used(function: Any, depth: int) -> Iterator[object]:
    """The objects that ``function`` names, and those that its own module's helpers name, ``depth`` calls deep."""
    return _used(function, depth, set())


def _used(function: Any, depth: int, seen: set[int]) -> Iterator[object]:
    function = inspect.unwrap(function) if callable(function) else function
    code = getattr(function, "__code__", None)
    if code is None or id(code) in seen:
        return
    seen.add(id(code))
    for value in _Reader(getattr(function, "__globals__", {})).values(code):
        yield value
        if depth and isinstance(value, types.FunctionType):
            helper = inspect.unwrap(value)
            if helper.__module__ == function.__module__:
                yield from _used(helper, depth - 1, seen)


class _Reader:
    """Follows loads of names and attributes through the instructions of a function and of what is nested in it."""

    def __init__(self, scope: dict[str, Any]) -> None:
        self._scope = scope
        self._imported: dict[str, object] = {}

    def values(self, code: types.CodeType) -> Iterator[object]:
        """Every object that a load, or a chain of attribute loads behind it, comes to."""
        value: object = _MISSING
        for instruction in dis.get_instructions(code):
            value = self._follow(instruction, value)
            if value is not _MISSING:
                yield value
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                yield from self.values(constant)

    def _follow(self, instruction: dis.Instruction, value: object) -> object:
        """What is on top of the stack after ``instruction``, if that can be told; ``value`` was before."""
        name, argument = instruction.opname, instruction.argval
        if name in {"LOAD_GLOBAL", "LOAD_NAME"}:
            return self._scope.get(argument, _MISSING)
        if name.startswith(("LOAD_FAST", "LOAD_DEREF")) and isinstance(argument, str):
            return self._imported.get(argument, _MISSING)
        if name in {"LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM"}:
            return _attribute(value, argument)
        if name == "IMPORT_NAME":
            return sys.modules.get(argument, _MISSING)
        if name in {"STORE_FAST", "STORE_DEREF"} and value is not _MISSING:
            self._imported[argument] = value
        # Instructions that leave the top of the stack as it was for the next load.
        return value if name in {"PUSH_NULL", "CACHE", "PRECALL", "EXTENDED_ARG", "NOP"} else _MISSING


def _attribute(value: object, name: str) -> object:
    """An attribute of a module or a class, without running any code of theirs."""
    if isinstance(value, types.ModuleType):
        return vars(value).get(name, _MISSING)
    if isinstance(value, type):
        return inspect.getattr_static(value, name, _MISSING)
    return _MISSING
