"""What values are made of, as plain data that can be compared: their structure, not their ``repr`` and not who they are.

Nothing of the user's is called for it: no ``__repr__``, ``__eq__``, ``__hash__``, property or ``__getattr__``.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import pathlib
import queue
import re
import threading
import types
import weakref
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from pytest_gilcheck.races.classes import bases, inherited, module_of, namespace, own_attributes, qualname

#: A place in a structure, from the outside in: what it is called in the program, as in ``account``, ``.balance``, ``['a']``.
Path = tuple[str, ...]
#: What stands at a place.
Leaf = tuple[object, ...]

#: A structure with more parts than this is not compared.
MOST_PARTS = 2_000
_DEEPEST = 40
# Types that a scenario makes are kept alive as long as they are remembered.
_MOST_TYPES = 500
# An address as it is written, and a number that has as many digits as the identity of a thread.
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")
_IDENTITY = re.compile(r"\d{10,}")

# By identity: to look a class up by itself would ask its metaclass.
_SCALARS = frozenset(map(id, (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented))))
_BASES = (int, float, complex, str, bytes)
_PLAIN = frozenset({
    decimal.Decimal, dt.date, dt.timedelta,
    dt.timezone, pathlib.PurePosixPath, pathlib.PureWindowsPath, type(pathlib.Path()), range,
})  # fmt: skip
_SEQUENCES = (list, tuple, deque)
_SETS = (set, frozenset)
_ZONED = frozenset({dt.time, dt.datetime})
_WEAK = (weakref.ref, weakref.WeakValueDictionary, weakref.WeakKeyDictionary, weakref.WeakSet)
_FUNCTIONS = frozenset({types.FunctionType, types.BuiltinFunctionType, types.MethodWrapperType})
_OPAQUE = (
    types.ModuleType, threading.Thread, threading.local, types.FrameType, types.TracebackType,
    types.GeneratorType, types.CoroutineType, types.CodeType,
)  # fmt: skip
_MEMBERS = frozenset(
    map(id, (*_FUNCTIONS, property, staticmethod, classmethod, types.MemberDescriptorType, types.GetSetDescriptorType))
)


class TooLarge(Exception):
    """The structure has more than :data:`MOST_PARTS` parts."""


class Structure:
    """Collects the parts of values under the paths at which they stand, in ``parts``.

    ``ordered``: the order of lists counts; otherwise only what is in them does. ``renamed`` are numbers and texts that mean
    the same in every execution but differ, such as identities of threads. ``volatile`` are names that are bound anew while
    the program runs: what classes and modules hold under them counts. Objects of ``foreign`` classes are black boxes, but
    for what is in containers. ``weak``: something was met that refers to an object without keeping it alive.
    """

    def __init__(
        self,
        *,
        ordered: bool,
        renamed: Mapping[object, str],
        volatile: frozenset[str],
        foreign: Callable[[type], bool] = lambda _: False,
    ) -> None:
        self.parts: dict[Path, Leaf] = {}
        self._ordered = ordered
        self._renamed = renamed
        self._volatile = volatile
        self._foreign = foreign
        self.weak = False
        self._count = 0
        self._depth = 0
        # Objects that are told apart by who they are, in the order in which they were met; they are kept alive.
        self._seen: dict[int, tuple[Path, object]] = {}
        self._open: set[int] = set()

    def add(self, path: Path, value: object) -> None:
        """``value`` stands at ``path``. Raises :class:`TooLarge`."""
        self._count += 1
        self._depth += 1
        if self._count > MOST_PARTS or self._depth > _DEEPEST:
            raise TooLarge
        kind = type(value)
        if id(kind) in _SCALARS:
            self.parts[path] = self._scalar(value)
        elif id(value) in self._open:
            self.parts[path] = ("inside itself",)
        else:
            self._open.add(id(value))
            try:
                _shape(kind).way(self, path, value, kind)
            finally:
                self._open.discard(id(value))
        self._depth -= 1

    def _scalar(self, value: Any) -> Leaf:
        kind = type(value)
        if (kind is int or kind is str) and value in self._renamed:
            return (self._renamed[value],)
        if kind is float or kind is complex:
            return (kind.__name__, repr(value))
        return (kind.__name__, self._unnamed(value) if kind is str else value)

    def _unnamed(self, text: str) -> str:
        """``text`` without addresses and identities of threads."""
        if "0x" in text:
            text = _ADDRESS.sub("0x...", text)
        return _IDENTITY.sub(lambda found: self._renamed.get(int(found[0]), found[0]), text)

    def _member(self, path: Path, value: Any, kind: type) -> None:
        name = own_attributes(value).get("_name_")
        self.parts[path] = (qualname(kind), name if type(name) is str else "")

    def _plain(self, path: Path, value: Any, kind: type) -> None:
        self.parts[path] = (kind.__name__, str(value))

    def _zoned(self, path: Path, value: Any, kind: type) -> None:
        """A time. Its zone may be an object of the user's."""
        self.parts[path] = (kind.__name__, str(value.replace(tzinfo=None)), value.fold)
        self.add((*path, ".tzinfo"), value.tzinfo)

    def _bytes(self, path: Path, value: Any, kind: type) -> None:
        self.parts[path] = (kind.__name__, bytes(value))

    def _class(self, path: Path, value: Any, kind: type) -> None:  # noqa: ARG002 - one signature for all
        self.parts[path] = ("class", qualname(value))
        self._of_class(path, value)

    def _exception(self, path: Path, value: Any, kind: type) -> None:
        self.parts[path] = ("exception", qualname(kind))
        self._sequence((*path, ".args"), BaseException.__dict__["args"].__get__(value), tuple)

    def _function(self, path: Path, value: Any, kind: type) -> None:  # noqa: ARG002 - one signature for all
        self.parts[path] = ("function", value.__name__)

    def _method(self, path: Path, value: Any, kind: type) -> None:
        self.parts[path] = (kind.__name__,)
        names = ("func", "args", "keywords") if kind is functools.partial else ("__func__", "__self__")
        for name in names:
            self.add((*path, f".{name}"), getattr(value, name))

    def _container(self, path: Path, value: Any, kind: type) -> None:
        if issubclass(kind, dict):
            self._mapping(path, value, kind)
        elif issubclass(kind, _SETS):
            self._set(path, value, kind)
        else:
            self._sequence(path, value, kind)
        if module_of(kind) not in {"builtins", "collections"}:
            self._attributes(path, value, kind)

    def _of_base(self, path: Path, value: Any, kind: type) -> None:
        """A number or text that is more than that."""
        base = next(base for base in _BASES if issubclass(kind, base))
        self.parts[path] = (qualname(kind), base.__repr__(value))
        self._attributes(path, value, kind)

    def _object(self, path: Path, value: Any, kind: type) -> None:
        if not self._is_known(path, value, kind):
            self._attributes(path, value, kind)

    def _attributes(self, path: Path, value: Any, kind: type) -> None:
        if not self._foreign(kind):
            for name, part in attributes(value).items():
                self.add((*path, f".{name}"), part)
            self._of_class(path, kind)
        elif issubclass(kind, queue.Queue):
            self.add((*path, ".queue"), attributes(value).get("queue"))

    def _is_known(self, path: Path, value: object, kind: type) -> bool:
        """Note an object; whether it has been met before, as one that is told apart from others by who it is."""
        unique = inherited(kind, "__eq__") is object.__eq__
        before = self._seen.get(id(value))
        if before is not None:
            self.parts[path] = ("same as", *before[0]) if unique else ("seen", qualname(kind))
            return True
        self._seen[id(value)] = path, value
        self.parts[path] = ("object", qualname(kind))
        return False

    def _weakly(self, path: Path, value: object, kind: type) -> None:
        self.weak = True
        self._is_known(path, value, kind)

    def _of_class(self, path: Path, kind: type) -> None:
        """What the class and its bases hold that is bound anew while the program runs."""
        if not self._volatile or id(kind) in self._seen:
            return
        self._seen[id(kind)] = path, kind
        for base in bases(kind):
            held = namespace(base)
            for name in sorted(self._volatile & held.keys()):
                part = held[name]
                if id(type(part)) not in _MEMBERS:
                    self.add((*path, f".{qualname(base).rpartition('.')[2]}.{name}"), part)

    def _mapping(self, path: Path, value: dict[object, object], kind: type) -> None:
        self.parts[path] = ("mapping", qualname(kind))
        items = list(dict.items(value))
        alike: dict[str, list[object]] = {}
        for key, (_, part) in zip(self._texts([key for key, _ in items], in_order=True), items, strict=True):
            alike.setdefault(key, []).append(part)
        for key, parts in alike.items():
            if len(parts) == 1:
                self.add((*path, f"[{key}]"), parts[0])
            else:  # of keys of the same structure nobody can tell which is which
                self.parts[(*path, f"[{key}]")] = ("in any order", "values", *self._texts(parts))

    def _sequence(self, path: Path, value: Any, kind: type) -> None:
        items = list(_iterate(value))
        if self._ordered or issubclass(kind, tuple):
            self.parts[path] = ("sequence", qualname(kind), len(items))
            for number, part in enumerate(items):
                self.add((*path, f"[{number}]"), part)
        else:
            self.parts[path] = ("in any order", qualname(kind), *self._texts(items))

    def _set(self, path: Path, value: Any, kind: type) -> None:
        self.parts[path] = ("set", qualname(kind), *self._texts(list(_iterate(value))))

    def _texts(self, values: list[object], *, in_order: bool = False) -> list[str]:
        """Texts that are the same for values of the same structure, whichever of them comes first; sorted, unless it is
        ``in_order``."""
        before = len(self._seen)
        texts, met = [], {}
        for value in values:
            texts.append(self._text(value))
            while len(self._seen) > before:  # which of the values came first shall make no difference to the others
                identity, found = self._seen.popitem()
                met[identity] = found
        self._seen.update(met)
        return texts if in_order else sorted(texts)

    def _text(self, value: object) -> str:
        """A text that is the same for values of the same structure."""
        if id(type(value)) in _SCALARS:
            said = self._scalar(value)
            return said[0] if len(said) == 1 and isinstance(said[0], str) else repr(said[1])
        outside = self.parts
        self.parts = {}
        try:
            self.add((), value)
            return repr(sorted(self.parts.items(), key=repr))
        finally:
            self.parts = outside


_Way = Callable[[Structure, Path, Any, type], object]

_BY_BASE: tuple[tuple[Any, _Way], ...] = (
    (enum.Enum, Structure._member),
    (type, Structure._class),
    (_OPAQUE, Structure._is_known),
    (BaseException, Structure._exception),
    ((dict, *_SEQUENCES, *_SETS), Structure._container),
    (_BASES, Structure._of_base),
    (object, Structure._object),
)
_BY_TYPE: Mapping[type, _Way] = {
    **dict.fromkeys(_PLAIN, Structure._plain),
    **dict.fromkeys(_ZONED, Structure._zoned),
    **dict.fromkeys(_FUNCTIONS, Structure._function),
    **dict.fromkeys((bytearray, array), Structure._bytes),
    **dict.fromkeys((types.MethodType, functools.partial), Structure._method),
}


class _Shape(NamedTuple):
    """Of a type, which is kept alive: how to add its values, and the attributes that have slots."""

    kind: type
    way: _Way
    slots: tuple[tuple[str, types.MemberDescriptorType], ...]


_shapes: dict[int, _Shape] = {}  # by the identity of the type: its metaclass may say that it is the same as others


def _shape(kind: type) -> _Shape:
    """Told from the type alone: ``isinstance`` asks an object for its class, which a proxy denies."""
    known = _shapes.get(id(kind))
    if known is not None:
        return known
    if len(_shapes) > _MOST_TYPES:
        _shapes.clear()
    # The weak ones are abstract, and may count classes as theirs that are not.
    weak = any(base is each for base in bases(kind) for each in _WEAK)
    ways = (way for base, way in _BY_BASE if issubclass(kind, base))
    way = next((way for exact, way in _BY_TYPE.items() if kind is exact), None) or (
        Structure._weakly if weak else next(ways)
    )
    members = ((name, member) for base in bases(kind) for name, member in namespace(base).items())
    slots = tuple((name, member) for name, member in members if type(member) is types.MemberDescriptorType)
    known = _shapes[id(kind)] = _Shape(kind, way, slots)
    return known


def attributes(value: object) -> dict[str, object]:
    """The attributes that an object holds itself, by name, in the order of names."""
    found = {name: part for name, part in list(own_attributes(value).items()) if type(name) is str}
    for name, member in _shape(type(value)).slots:
        if name not in found:
            try:
                found[name] = member.__get__(value)
            except AttributeError:
                continue
    return dict(sorted(found.items())) if len(found) > 1 else found


def _iterate(value: Any) -> Iterator[object]:
    """The items of a sequence or set, by the methods of the builtin type that it is made of."""
    for base in (list, tuple, deque, set, frozenset):
        if issubclass(type(value), base):
            iterate: Callable[[Any], Iterator[object]] = base.__iter__
            return iterate(value)
    raise AssertionError
