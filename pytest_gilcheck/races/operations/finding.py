"""``lookup``: from a callable to what a call of it does, by its type; remembered for each function, method and class."""

from __future__ import annotations

import _functools  # type: ignore[import-not-found]
import _imp
import functools
import importlib
import operator
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pytest_gilcheck.races.operations import methods
from pytest_gilcheck.races.operations.accessing import accesses
from pytest_gilcheck.races.operations.files import BY_PATHS
from pytest_gilcheck.races.operations.functions import BY_ARGUMENTS, HARMLESS_MODULES, HARMLESS_TYPES, UNKNOWN_FUNCTION
from pytest_gilcheck.races.operations.model import NOTHING, Access, Operation, Use
from pytest_gilcheck.races.operations.natures import (
    HANDLED_ELSEWHERE,
    ITERATORS,
    SCALARS,
    STREAMS,
    Nature,
    forget_with,
    full_name,
    is_native,
    mro_of,
    namespace_of,
    nature_of,
)
from pytest_gilcheck.races.operations.process import BY_PROCESS

_Table = Mapping[str, Mapping[Operation, str]]


def _names(*tables: _Table) -> Iterator[tuple[str, Operation]]:
    for table in tables:
        for module, operations in table.items():
            for operation, words in operations.items():
                for word in words.split():
                    yield f"{module}.{word}", operation


#: By the full names of functions and types. Those of modules that are not loaded are found when they are first called.
NAMES: Final[Mapping[str, Operation]] = types.MappingProxyType(dict(_names(BY_ARGUMENTS, BY_PATHS, BY_PROCESS)))

_functions: Final[dict[int, Operation]] = {}
# What has an entry by its ``id`` must not die.
_kept: Final[list[object]] = []
#: What is known by the ``id`` of the callable itself.
FUNCTIONS: Final[Mapping[int, Operation]] = types.MappingProxyType(_functions)


def _module(name: str) -> types.ModuleType | None:
    """A module that is loaded or costs nothing to load, being part of the interpreter."""
    if name in sys.builtin_module_names and _imp.is_builtin(name) == 1:
        return importlib.import_module(name)
    return sys.modules.get(name)


def _fill() -> None:
    for name, operation in NAMES.items():
        module, _, attribute = name.rpartition(".")
        found = vars(_module(module) or types).get(attribute)
        if isinstance(found, types.BuiltinFunctionType | type):
            _functions[id(found)] = operation
            _kept.append(found)
    for kind in (*SCALARS, *HANDLED_ELSEWHERE, *ITERATORS, *STREAMS):
        _functions.setdefault(id(kind), UNKNOWN_FUNCTION if kind in {*ITERATORS, *STREAMS} else NOTHING)


_fill()

_Found = Operation | None
_of_descriptor: Final[dict[int, tuple[object, _Found]]] = {}
_of_methods: Final[dict[int, dict[str, _Found]]] = {}
_of_class: Final[dict[int, _Found]] = {}
_of_code: Final[dict[int, _Found]] = {}
_of_instance: Final[dict[int, _Found]] = {}


def _or_none(operation: Operation) -> _Found:
    return None if operation == NOTHING else operation


def _builtin(function: Any) -> _Found:
    owner = function.__self__
    kind = type(owner)
    if owner is None or kind is types.ModuleType:
        return _function(function)
    known = _of_methods.get(id(kind))
    if known is not None and kind is not type:
        name = function.__name__
        if name in known:
            return known[name]
    return _bound(function, owner, kind)


def _bound(function: Any, owner: Any, kind: type) -> _Found:
    name = function.__name__
    if issubclass(kind, type):
        return _of_class_method(owner, name)
    known = _of_methods.get(id(kind))
    if known is None:
        known = _of_methods[id(kind)] = {}
        forget_with(kind, _of_methods)
    found = known[name] = _or_none(methods.find(kind, name))
    return found


def _of_class_method(owner: type, name: str) -> _Found:
    """A method called on a class: of the class itself (``dict.fromkeys``), or of its metaclass (``C.__setattr__``)."""
    if any(name in namespace_of(base) for base in mro_of(owner) if base is not object or name == "__new__"):
        return _or_none(methods.find(owner, name) if name != "__new__" else _constructed(owner))
    return _or_none(methods.find(type(owner), name))


def _constructed(owner: type) -> Operation:
    """``list.__new__(cls, ...)`` has the class in front and else reads what ``list(...)`` does."""
    found = _class(owner)
    return NOTHING if found is None else UNKNOWN_FUNCTION


def _function(function: Any) -> _Found:
    """A function of a C module."""
    known = _of_descriptor.get(id(function))
    if known is not None and known[0] is function:
        return known[1]
    found = _functions.get(id(function))
    if found is None:
        found = _by_name(function.__module__, function.__name__)
        if found is None:
            found = UNKNOWN_FUNCTION
    found = _or_none(found)
    _of_descriptor[id(function)] = (function, found)
    return found


def _by_name(module: object, name: str) -> Operation | None:
    if type(module) is not str:
        return None
    found = NAMES.get(f"{module}.{name}")
    return NOTHING if found is None and module in HARMLESS_MODULES else found


def _descriptor(descriptor: Any) -> _Found:
    """A method of a C type that was not bound to an object, such as ``list.append``."""
    known = _of_descriptor.get(id(descriptor))
    if known is not None and known[0] is descriptor:
        return known[1]
    found = _or_none(methods.find(descriptor.__objclass__, descriptor.__name__))
    _of_descriptor[id(descriptor)] = (descriptor, found)
    return found


def _wrapper(method: Any) -> _Found:
    """A special method of an object of a C type, such as ``[].__len__``: by the class that defines it."""
    kind = method.__objclass__
    known = _of_methods.get(id(kind))
    if known is not None and (name := method.__name__) in known:
        return known[name]
    if known is None:
        known = _of_methods[id(kind)] = {}
        forget_with(kind, _of_methods)
    found = known[method.__name__] = _or_none(methods.find(kind, method.__name__))
    return found


def _python(function: Any) -> _Found:
    """A Python function is watched itself, but for a few of the standard library that are not."""
    code = function.__code__
    try:
        return _of_code[id(code)]
    except KeyError:
        name = function.__qualname__
        module = function.__module__
        found = NAMES.get(f"{module}.{name}") if type(name) is str and type(module) is str else None
        forget_with(code, _of_code)
        _of_code[id(code)] = found
        return found


def _method(method: Any) -> _Found:
    """A bound method: its function, with the owner in front."""
    return lookup(method.__func__)


def _class(kind: Any) -> _Found:
    try:
        return _of_class[id(kind)]
    except KeyError:
        found = _or_none(_construction(kind))
        forget_with(kind, _of_class)
        _of_class[id(kind)] = found
        return found


def _construction(kind: type) -> Operation:
    """What making an object of a class does: Python code is watched itself, and C code reads the arguments."""
    for base in mro_of(kind):
        known = _functions.get(id(base))
        if known is not None:
            return known
        if is_native(base):
            return _native_construction(base)
        namespace = namespace_of(base)
        if "__new__" in namespace or "__init__" in namespace:
            return NOTHING
    return NOTHING


def _native_construction(kind: type) -> Operation:
    name = full_name(kind)
    known = NAMES.get(name)
    if known is not None:
        return known
    harmless = name.rpartition(".")[0] in HARMLESS_TYPES or nature_of(kind) in {Nature.PLAIN, Nature.SCALAR, Nature.BOUND}
    return NOTHING if harmless else UNKNOWN_FUNCTION


_FUNC_OF: Final = functools.partial.__dict__["func"].__get__
_ARGS_OF: Final = functools.partial.__dict__["args"].__get__
_KEYWORDS_OF: Final = functools.partial.__dict__["keywords"].__get__


def _partial(bound: Any) -> _Found:
    function = _FUNC_OF(bound)
    found = lookup(function)
    if found is None:
        return None
    prefix = (*found.prefix, *operands_of(function, _ARGS_OF(bound)))
    return Operation(found.uses, found.process, found.special, prefix, {**(found.keywords or {}), **_KEYWORDS_OF(bound)})


def _cached(function: Any) -> _Found:
    """A function with a cache: whether the call computes or finds depends on the cache, and so it is a write of it."""
    return Operation((Use(0, True),), prefix=(function,))


def _item_getter(getter: Any) -> _Found:
    return _getter(getter, attribute=False)


def _attribute_getter(getter: Any) -> _Found:
    return _getter(getter, attribute=True)


def _getter(getter: Any, *, attribute: bool) -> _Found:
    """Reads items or attributes whose names it holds: they go before the argument.

    Of ``a.b`` the object that has ``b`` is not known.
    """
    names = tuple(str.partition(name, ".")[0] if attribute else name for name in getter.__reduce__()[1])
    uses = tuple(Use(len(names), False, key, attribute, fills=not attribute) for key in range(len(names)))
    return Operation(uses, prefix=names)


def _method_caller(caller: Any) -> _Found:
    """Calls a method whose name it holds, of an object that is known only when it is called."""
    function, arguments = caller.__reduce__()[:2]
    keywords = {}
    if type(function) is functools.partial:
        arguments, keywords = (*_ARGS_OF(function), *arguments), _KEYWORDS_OF(function)
    name, *rest = arguments

    def called(given: tuple[Any, ...], _: Mapping[str, Any]) -> list[Access]:
        if not given or type(name) is not str:
            return []
        return accesses(methods.find(type(given[0]), name), (given[0], *rest), keywords)

    return Operation(special=called)


def _instance(instance: Any) -> _Found:
    """An object that can be called: Python code is watched itself; an object of C code reads its arguments."""
    kind = type(instance)
    if issubclass(kind, type):
        return _class(instance)
    for family, resolve in _FAMILIES:
        if issubclass(kind, family):
            return resolve(instance)
    try:
        return _of_instance[id(kind)]
    except KeyError:
        definer = next((base for base in mro_of(kind) if "__call__" in namespace_of(base)), object)
        native = is_native(definer) and nature_of(definer) is Nature.UNKNOWN
        found = UNKNOWN_FUNCTION if native else None
        forget_with(kind, _of_instance)
        _of_instance[id(kind)] = found
        return found


_RESOLVERS: Final[dict[type, Callable[[Any], _Found]]] = {
    types.FunctionType: _python,
    types.MethodType: _method,
    types.BuiltinFunctionType: _builtin,
    types.MethodDescriptorType: _descriptor,
    types.WrapperDescriptorType: _descriptor,
    types.ClassMethodDescriptorType: _descriptor,
    types.MethodWrapperType: _wrapper,
    type: _class,
    functools.partial: _partial,
    _functools._lru_cache_wrapper: _cached,
    operator.itemgetter: _item_getter,
    operator.attrgetter: _attribute_getter,
    operator.methodcaller: _method_caller,
}
# Bases whose subtypes behave the same, such as the bound methods of types that were made from a specification.
_FAMILIES: Final = (
    (types.BuiltinFunctionType, _builtin),
    (functools.partial, _partial),
)
_BY_TYPE: Final = {id(kind): resolve for kind, resolve in _RESOLVERS.items()}


def lookup(function: Any) -> Operation | None:
    """What a call of ``function`` does to shared state; ``None`` if nothing, or nothing but what its Python code does.

    Never raises and calls no code of the user's.
    """
    resolve = _BY_TYPE.get(id(type(function)))
    return resolve(function) if resolve is not None else _instance(function)


def operands_of(function: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a call as ``accesses`` wants them: with the owner in front if ``function`` is bound to one."""
    kind = type(function)
    if (
        kind is not types.MethodWrapperType
        and kind is not types.MethodType
        and not issubclass(kind, types.BuiltinFunctionType)
    ):
        return arguments
    owner = function.__self__
    if owner is None or type(owner) is types.ModuleType:
        return arguments
    return (owner, *arguments)
