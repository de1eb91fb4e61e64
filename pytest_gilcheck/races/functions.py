"""Live functions: found by the name of their code in their module, which is cheap, or among all objects."""

from __future__ import annotations

import gc
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property, partial, partialmethod
from types import CodeType, FunctionType, ModuleType

from pytest_gilcheck.races.classes import has_own_dict, of_module

#: So deep are decorators unwrapped.
_DEPTH = 4

#: So many objects are asked at once for what they refer to.
_CHUNK = 10_000

#: What holds functions, and where; a type's subclasses too.
_HOLDERS: tuple[tuple[type, tuple[str, ...]], ...] = (
    (staticmethod, ("__func__",)),
    (classmethod, ("__func__",)),
    (property, ("fget", "fset", "fdel")),
    (cached_property, ("func",)),
    (partial, ("func",)),
    (partialmethod, ("func",)),
)


class ModuleIndex:
    """The modules by the file name that their code objects have."""

    def __init__(self) -> None:
        self._modules: dict[str, ModuleType] = {}
        self._size = 0

    def named(self, code: CodeType) -> Iterator[FunctionType]:
        """The functions with this code that can be reached by its qualified name; others may have it too."""
        module = self._module(code.co_filename)
        if module is None:
            return
        space: Mapping[str, object] = _namespace(module)
        *path, name = code.co_qualname.split(".")
        for part in path:
            holder = space.get(part)
            if not isinstance(holder, type):
                return
            space = type.__getattribute__(holder, "__dict__")
        value = space.get(name)
        if value is None and path and name.startswith("__"):
            value = space.get(f"_{path[-1].lstrip('_')}{name}")
        for function in _inside(value, _DEPTH):
            if function.__code__ is code:
                yield function

    def loaded(self, file: str) -> bool:
        """Whether a module that can be imported now comes from ``file``."""
        module = self._module(file)
        return module is not None and sys.modules.get(module.__name__) is module

    def _module(self, file: str) -> ModuleType | None:
        if file.startswith("<frozen "):
            return sys.modules.get(file[len("<frozen ") : -1])
        if len(sys.modules) != self._size or file not in self._modules:
            self._index()
        return self._modules.get(file)

    def _index(self) -> None:
        modules = list(sys.modules.values())
        self._size = len(modules)
        self._modules = {
            file: module
            for module in modules
            if isinstance(module, ModuleType) and isinstance(file := _namespace(module).get("__file__"), str)
        }


def all_functions() -> list[FunctionType]:
    """All live functions, but those that were frozen (:func:`gc.freeze`)."""
    things = gc.get_objects()
    functions = [thing for thing in things if type(thing) is FunctionType]
    return functions if gc.is_tracked(all_functions) else functions + _untracked(things)


def functions_with(wanted: Mapping[int, object], enclosing: Collection[str]) -> list[FunctionType]:
    """All functions whose code's id is in ``wanted`` or qualified name is in ``enclosing``, by a pass over all objects."""
    functions = all_functions()
    if not enclosing:
        return [function for function in functions if id(function.__code__) in wanted]
    return [function for function in functions if id(code := function.__code__) in wanted or code.co_qualname in enclosing]


def _untracked(layer: list[object]) -> list[FunctionType]:
    """The functions that the collector does not list, by way of what it does.

    The free-threaded build of 3.13 makes functions, classes and modules immortal when the first thread starts.
    """
    found: dict[int, object] = {}
    while layer:
        following: list[object] = []
        for at in range(0, len(layer), _CHUNK):
            for thing in gc.get_referents(*layer[at : at + _CHUNK]):
                if id(thing) not in found and _may_hide(type(thing)) and not gc.is_tracked(thing):
                    found[id(thing)] = thing
                    following.append(thing)
        layer = following
    return [thing for thing in found.values() if type(thing) is FunctionType]


def _may_hide(kind: type) -> bool:
    return kind is FunctionType or issubclass(kind, (type, ModuleType, dict))


def _namespace(module: ModuleType) -> dict[str, object]:
    return of_module(module)  # not vars(): modules that load lazily answer it with code of their own


def _inside(value: object, depth: int) -> Iterator[FunctionType]:
    """The functions that a value is, wraps or closes over."""
    if depth == 0:
        return
    held: list[object] = []
    if type(value) is FunctionType:
        yield value
        for cell in value.__closure__ or ():
            try:
                held.append(cell.cell_contents)
            except ValueError:  # still empty
                continue
    for holder, names in _HOLDERS:
        if isinstance(value, holder):
            held += [getattr(value, name) for name in names]
    held += _wrapped(value)
    for inner in held:
        yield from _inside(inner, depth - 1)


def _wrapped(value: object) -> list[object]:
    """What ``functools.wraps`` or a decorator's object left behind; no code of the value's own runs."""
    if isinstance(value, (type, ModuleType)) or not has_own_dict(type(value)):
        return []
    try:
        space = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return []
    if type(space) is not dict:
        return []
    inner = space.get("__wrapped__")
    # A decorator's object (a fixture, a command) keeps the function in an attribute of any name.
    return [inner] if inner is not None else [thing for thing in space.values() if type(thing) is FunctionType]
