"""What callables share: where the state that they may change can be reached from."""

from __future__ import annotations

import functools
import types
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from pytest_gilcheck.races.classes import flags, qualname
from pytest_gilcheck.races.oracles.structure import Structure

_CONTAINERS = (dict, list, set, bytearray)
_HEAP_TYPE = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_CODE = (types.FunctionType, types.BuiltinFunctionType, type, types.ModuleType, types.MethodType)


def add_roots(structure: Structure, callables: Sequence[Callable[..., Any]], volatile: frozenset[str]) -> None:
    """Add to ``structure`` what ``callables`` can reach: variables of the functions around them, the objects whose methods
    they are, arguments that are bound to them, and globals that they name and that can change."""
    _Roots(structure, volatile).add_all(callables)


class _Roots:
    def __init__(self, structure: Structure, volatile: frozenset[str]) -> None:
        self._structure = structure
        self._volatile = volatile
        self._functions: set[int] = set()
        self._added: set[tuple[str, int]] = set()
        self._names: Counter[str] = Counter()

    def add_all(self, callables: Sequence[Callable[..., Any]]) -> None:
        for each in callables:
            self._callable(each)

    def _callable(self, value: Any) -> None:
        kind = type(value)
        if kind is types.MethodType:
            self._state("self", value.__self__)
            self._callable(value.__func__)
        elif kind is functools.partial:
            self._callable(value.func)
            for number, part in enumerate([*value.args, *value.keywords.values()]):
                self._value(f"argument {number + 1}", part)
        elif kind is types.FunctionType:
            self._function(value)
        elif not issubclass(kind, _CODE):
            self._state(qualname(kind), value)

    def _function(self, function: types.FunctionType) -> None:
        if id(function) in self._functions:
            return
        self._functions.add(id(function))
        code = function.__code__
        for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
            try:
                self._value(name, cell.cell_contents)
            except ValueError:  # not bound yet, or no longer
                continue
        for number, part in enumerate([*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]):
            self._value(f"default {number + 1}", part)
        self._globals(code, function.__globals__)

    def _globals(self, code: types.CodeType, namespace: dict[str, Any]) -> None:
        for name in _names(code):
            if name in namespace:
                part = namespace[name]
                kind = type(part)
                if kind is types.FunctionType:
                    if part.__globals__ is namespace:
                        self._function(part)
                elif name in self._volatile or issubclass(kind, _CONTAINERS) or _is_of_the_user(kind):
                    self._value(name, part)

    def _value(self, name: str, value: object) -> None:
        if any(type(value) is kind for kind in (types.FunctionType, types.MethodType, functools.partial)):
            self._callable(value)
        else:
            self._state(name, value)

    def _state(self, name: str, value: object) -> None:
        if (name, id(value)) not in self._added:
            self._added.add((name, id(value)))
            before = self._names[name]
            self._names[name] += 1
            self._structure.add((f"{name} ({before + 1})" if before else name,), value)


def _is_of_the_user(kind: type) -> bool:
    """Whether it is a class that a class statement made, not one of C code, of functions or of classes."""
    return not issubclass(kind, _CODE) and bool(flags(kind) & _HEAP_TYPE)


def _names(code: types.CodeType) -> frozenset[str]:
    """The names of globals and attributes that a function mentions, code nested in it included.

    Not remembered: references to rewritten code would look like functions that have it.
    """
    return frozenset(code.co_names).union(*(_names(inner) for inner in code.co_consts if isinstance(inner, types.CodeType)))
