"""What kind of state the objects of a type have: none, attributes only, contents with keys, a position in something else."""

from __future__ import annotations

import _collections  # type: ignore[import-not-found]
import _functools  # type: ignore[import-not-found]
import _io
import _operator
import _queue
import _random
import _thread
import array
import builtins
import collections
import contextvars
import itertools
import re
import types
import weakref
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any, Final


class Nature(StrEnum):
    """What a read or write of "the contents" of an object means."""

    SCALAR = "scalar"  # cannot change: never a location
    PLAIN = "plain"  # attributes only; what its operators do is Python code that is watched itself
    MAPPING = "mapping"  # a location for each key, and one for the whole
    SEQUENCE = "sequence"  # the same, by index from the start: a list
    STATE = "state"  # one location: a stream, a deque, a random generator
    VIEW = "view"  # stands for something else: a dict's keys, a memoryview
    ITERATOR = "iterator"  # its position is state, and it reads what it goes over
    BOUND = "bound"  # a method of a C object: stands for its owner
    UNKNOWN = "unknown"  # a C type that nothing is known about: one location


def _type_of(*samples: object) -> list[type]:
    return [type(sample) for sample in samples]


def _named(module: object, *names: str) -> list[type]:
    """Types that not every version has."""
    return [found for name in names if (found := getattr(module, name, None)) is not None]


_DICT: dict[int, int] = {}
_ORDERED: collections.OrderedDict[int, int] = collections.OrderedDict()


#: Types for which a hook has nothing to do at all: no contents that change and no attributes that can be set.
SCALARS: Final = frozenset(
    {
        int,
        str,
        bytes,
        float,
        bool,
        complex,
        range,
        slice,
        tuple,
        frozenset,
        types.CodeType,
        types.GenericAlias,
        re.Pattern,
        re.Match,
    }
    | {_operator.itemgetter, _operator.attrgetter, _operator.methodcaller}
    | set(_type_of(None, ..., NotImplemented, int | str))
    | set(_named(builtins, "frozendict", "sentinel"))
)
#: The same by ``id``, for code that must not hash a type: a metaclass may define ``__hash__``.
SCALAR_IDS: Final = frozenset(map(id, SCALARS))

#: Types whose calls have models of their own: their state is no location here.
HANDLED_ELSEWHERE: Final = frozenset(
    {_thread.LockType, _thread.RLock, _thread._local, _queue.SimpleQueue} | set(_named(_thread, "lock", "_ThreadHandle"))
)

GENERATORS: Final = frozenset({types.GeneratorType, types.CoroutineType, types.AsyncGeneratorType})

#: Iterators over other iterators that they hold in a tuple, and what they still have to go over is in that tuple.
CHAINS: Final = frozenset({itertools.chain})

ITERATORS: Final = frozenset(
    {enumerate, zip, map, filter, reversed}
    | GENERATORS
    | {found for name, found in vars(itertools).items() if isinstance(found, type) and name != "__loader__"}
    | set(_type_of(iter([]), reversed([]), iter(()), iter(""), iter("\u0100"), iter(b""), iter(bytearray()), iter(range(1))))
    | set(_type_of(iter(range(1 << 70)), iter(set()), iter(_DICT), iter(_DICT.values()), iter(_DICT.items())))
    | set(_type_of(reversed(_DICT), reversed(_DICT.values()), reversed(_DICT.items()), iter(_ORDERED)))
    | set(_type_of(iter(int, 1), iter(collections.deque()), reversed(collections.deque()), iter(array.array("i"))))
    | set(_type_of(iter(memoryview(b"")), iter(types.GenericAlias(list, int))))
)

VIEWS: Final = frozenset(
    {memoryview, types.MappingProxyType}
    | set(_type_of(_DICT.keys(), _DICT.values(), _DICT.items(), _ORDERED.keys(), _ORDERED.values(), _ORDERED.items()))
)

STREAMS: Final = (
    *(_io.StringIO, _io.BytesIO, _io.TextIOWrapper, _io.FileIO, _io.IncrementalNewlineDecoder),
    *(_io.BufferedReader, _io.BufferedWriter, _io.BufferedRandom, _io.BufferedRWPair),
)

_PLAIN: Final = (
    *(object, type, types.ModuleType, types.FunctionType, types.MethodType, types.SimpleNamespace, BaseException),
    *(property, staticmethod, classmethod, super, types.CellType, types.FrameType, types.TracebackType),
    *(partial, weakref.ref, weakref.ProxyType, weakref.CallableProxyType, contextvars.Context, contextvars.ContextVar),
    *(contextvars.Token, types.WrapperDescriptorType, types.MethodDescriptorType, types.ClassMethodDescriptorType),
    *(types.GetSetDescriptorType, types.MemberDescriptorType, *_named(_collections, "_tuplegetter")),
    # The abstract bases of streams and of nothing else: their subclasses' state is in attributes.
    *(_io._IOBase, _io._RawIOBase, _io._BufferedIOBase, _io._TextIOBase),
)

_TABLE: Final[dict[int, Nature]] = {
    **dict.fromkeys(map(id, SCALARS), Nature.SCALAR),
    **dict.fromkeys(map(id, HANDLED_ELSEWHERE), Nature.PLAIN),
    **dict.fromkeys(map(id, _PLAIN), Nature.PLAIN),
    **dict.fromkeys(map(id, (dict, set)), Nature.MAPPING),
    id(list): Nature.SEQUENCE,
    **dict.fromkeys(map(id, (collections.deque, array.array, bytearray)), Nature.STATE),
    **dict.fromkeys(map(id, (*STREAMS, _random.Random, _functools._lru_cache_wrapper)), Nature.STATE),
    **dict.fromkeys(map(id, VIEWS), Nature.VIEW),
    **dict.fromkeys(map(id, ITERATORS), Nature.ITERATOR),
    **dict.fromkeys(map(id, (types.BuiltinFunctionType, types.MethodWrapperType)), Nature.BOUND),
}

# Bases that say nothing about the state of a C type.
_NO_HINT: Final = frozenset(map(id, (object, _io._IOBase, _io._RawIOBase, _io._BufferedIOBase, _io._TextIOBase)))

#: C types that are not imported for this table's sake and whose objects never change, or only in ways that no one sees.
STATELESS_NAMES: Final = frozenset(
    {f"datetime.{name}" for name in ("date", "time", "datetime", "timedelta", "tzinfo", "timezone")}
    | {f"decimal.{name}" for name in ("Decimal", "Context", "SignalDictMixin", "ContextManager")}
    | {"_struct.Struct", "zoneinfo.ZoneInfo", "_json.Scanner", "_json.Encoder", "_json.make_scanner", "_json.make_encoder"}
    | {"_csv.Dialect", "_uuid.UUID", "_contextvars.Context", "typing.TypeVar", "typing.ParamSpec"}
    | {"typing.TypeAliasType", "typing.Generic", "typing.Union", "annotationlib.ForwardRef", "builtins.EncodingMap"}
    | {"posix.DirEntry", "_abc._abc_data", "builtins.PyCapsule", "string.templatelib.Template"}
)
#: C types that block their threads: they have models of their own, too.
_HANDLED_NAMES: Final = frozenset(
    {"_multiprocessing.SemLock", "_thread.lock", "_thread.RLock", "select.poll", "select.epoll"}
)

# Read through the descriptors of ``type``: a metaclass may define ``__getattribute__``.
mro_of: Final[Callable[[type], tuple[type, ...]]] = type.__dict__["__mro__"].__get__
namespace_of: Final[Callable[[type], types.MappingProxyType[str, Any]]] = type.__dict__["__dict__"].__get__
_flags_of: Final[Callable[[type], int]] = type.__dict__["__flags__"].__get__
_module_of: Final[Callable[[type], object]] = type.__dict__["__module__"].__get__
_name_of: Final[Callable[[type], str]] = type.__dict__["__name__"].__get__

_HEAP_TYPE: Final = 1 << 9
_DESCRIPTORS: Final = frozenset({types.MethodDescriptorType, types.WrapperDescriptorType, types.ClassMethodDescriptorType})
_DESCRIPTOR_IDS: Final = frozenset(map(id, _DESCRIPTORS))


def is_native(kind: type) -> bool:
    """Whether the type itself, its bases left aside, is written in C: it has methods of its own that are."""
    if not _flags_of(kind) & _HEAP_TYPE:
        return True
    for value in namespace_of(kind).values():
        if id(type(value)) in _DESCRIPTOR_IDS and value.__objclass__ is kind:
            return True
        if type(value) is types.BuiltinFunctionType and value.__self__ is kind:
            return True
    return False


def full_name(kind: type) -> str:
    """``module.name`` of a type; empty if the module is nothing that can be read safely."""
    module = _module_of(kind)
    return f"{module}.{_name_of(kind)}" if type(module) is str else ""


def _of_native(base: type) -> Nature:
    """A C type without an entry: by its name, or as what it derives from, such as a C type that extends ``dict``."""
    name = full_name(base)
    if name in _HANDLED_NAMES:
        return Nature.PLAIN
    if name in STATELESS_NAMES:
        return Nature.SCALAR
    known = (_TABLE.get(id(parent)) for parent in mro_of(base) if id(parent) not in _NO_HINT)
    return next((nature for nature in known if nature is not None), Nature.UNKNOWN)


def _classify(kind: type) -> Nature:
    for base in mro_of(kind):
        found = _TABLE.get(id(base)) or (_of_native(base) if is_native(base) else None)
        # An object of a class statement has attributes, whatever it derives from.
        if found is not None:
            return Nature.PLAIN if found is Nature.SCALAR and kind is not base and not is_native(kind) else found
    return Nature.PLAIN


_known: Final[dict[int, Nature]] = dict(_TABLE)
_watched: Final[dict[int, weakref.ref[Any]]] = {}


def forget_with(kind: Any, *caches: dict[int, Any]) -> None:
    """Take the entries of a type, or of another object that can be referred to weakly, out of the caches when it dies."""
    key = id(kind)

    def forget(reference: weakref.ref[Any]) -> None:
        for cache in caches:
            cache.pop(key, None)
        _watched.pop(id(reference), None)

    reference = weakref.ref(kind, forget)
    _watched[id(reference)] = reference


def nature_of(kind: type) -> Nature:
    """The nature of a type's objects. Calls no code of the user's; the answer is kept as long as the type lives."""
    try:
        return _known[id(kind)]
    except KeyError:
        found = _classify(kind)
        forget_with(kind, _known)
        _known[id(kind)] = found
        return found
