"""The value at a location, without running any of the user's code; and a value as a short text, likewise.

Both are asked in the middle of an execution, by the thread that runs. So they call nothing that is written in Python, except
here: the standard library may be instrumented, too, and what runs for the story must not become part of it.
"""

from __future__ import annotations

import datetime as dt
import types
from collections import Counter, OrderedDict, defaultdict, deque
from decimal import Decimal
from enum import Enum, EnumMeta
from fractions import Fraction
from itertools import islice
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Final
from uuid import UUID

from pytest_gilcheck.races.operations.operands import is_simple

_SIMPLE: Final = frozenset(map(id, (str, int, bytes, float, bool, type(None))))


class _Missing(Enum):
    MISSING = "missing"


#: There is nothing at a location, or it cannot be told without running code of the user's.
MISSING: Final = _Missing.MISSING

# In a larger dictionary nothing is looked up, as all of its keys have to be seen first: one that is an object of the user's
# may be asked whether it is equal.
_MOST_KEYS: Final = 4_000

_NAME: Final = type.__dict__["__name__"].__get__
_MRO: Final = type.__dict__["__mro__"].__get__
_NAMESPACE: Final = type.__dict__["__dict__"].__get__
_SLOTS: Final = (types.MemberDescriptorType, types.GetSetDescriptorType)
_SEQUENCES: Final[tuple[Any, ...]] = (list, deque, tuple, bytearray)
# Bound to an instance when they are read; what is stored is they themselves.
_BOUND: Final = (types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, classmethod, staticmethod)


def peek(target: object, key: object) -> object:
    """The value at a location as the engine names them; :data:`MISSING` if there is none or it cannot be told. Never raises.

    ``key`` is ``None`` for the contents of a cell and for all of an object, which is then the value; a string for an
    attribute, of a class or an instance; a tuple of one for an item of a dictionary (a module's variables are those of its
    namespace) or of a sequence.
    """
    if key is None:
        return _contents(target) if type(target) is types.CellType else target
    try:
        if type(key) is str:
            return _attribute(target, key)
        if type(key) is tuple and len(key) == 1:
            return _item(target, key[0])
    except (RuntimeError, LookupError, MemoryError):  # a thread outside the execution changes it at this moment
        return MISSING
    return MISSING


def _contents(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def _attribute(target: Any, name: str) -> object:
    kind = type(target)
    if issubclass(kind, type):
        return _inherited(target, name)
    found: Any = _inherited(kind, name)
    if type(found) is types.MemberDescriptorType:
        return _slot(found, target)
    if found is not MISSING and _defines(type(found), "__set__", "__delete__"):
        return MISSING  # a property, or something of the kind
    value = _lookup(attributes_of(target), name)
    if value is not MISSING:
        return value
    return MISSING if _defines(type(found), "__get__") and not issubclass(type(found), _BOUND) else found


def attributes_of(target: object) -> Any:
    """The ``__dict__`` of an instance, to be treated with the methods of ``dict`` only; empty for one that has none."""
    own: Any = _inherited(type(target), "__dict__")
    namespace = _slot(own, target) if any(type(own) is each for each in _SLOTS) else None
    return namespace if issubclass(type(namespace), dict) else {}


def slots_of(target: object) -> list[tuple[str, object]]:
    """The names and values of the slots of an instance, where its classes have any."""
    return [
        (name, _slot(member, target))
        for base in _MRO(type(target))
        if "__slots__" in _NAMESPACE(base)
        for name, member in _NAMESPACE(base).items()
        if type(member) is types.MemberDescriptorType
    ]


def _inherited(kind: type, name: str) -> object:
    for base in _MRO(kind):
        found = _lookup(_NAMESPACE(base), name)
        if found is not MISSING:
            return found
    return MISSING


def _defines(kind: type, *names: str) -> bool:
    return any(_inherited(kind, name) is not MISSING for name in names)


def _slot(descriptor: Any, target: object) -> object:
    try:
        return descriptor.__get__(target)
    except (AttributeError, TypeError):  # it is not set; or belongs to another type
        return MISSING


def _lookup(namespace: Any, key: object) -> object:
    """What is in a dictionary, or the dictionary of a class, under a key that is an exact builtin."""
    own = issubclass(type(namespace), dict)
    keys = dict.keys(namespace) if own else namespace
    if len(keys) > _MOST_KEYS:
        return MISSING
    if not _SIMPLE.issuperset(map(id, map(type, keys))) and not all(map(is_simple, keys)):
        return MISSING
    return dict.get(namespace, key, MISSING) if own else namespace.get(key, MISSING)


def _item(target: Any, key: object) -> object:
    kind = type(target)
    if issubclass(kind, dict):
        return _lookup(target, key) if is_simple(key) else MISSING
    for sequence in _SEQUENCES:
        if issubclass(kind, sequence):
            return sequence.__getitem__(target, key) if type(key) is int and 0 <= key < sequence.__len__(target) else MISSING
    return MISSING


#: The longest text that :func:`short` returns.
LONGEST: Final = 40
# So many items of a container are shown, and containers in containers so deep.
_ITEMS: Final = 5
_DEPTH: Final = 2
# Larger sets are not put in order.
_LARGEST_SET: Final = 50
# More bits than this do not fit, and to write out very many takes long, or is refused.
_BITS: Final = 120
_ASIS: Final = (bool, float, complex, type(None), type(Ellipsis), type(NotImplemented), range)
_BRACKETS: Final[dict[type, tuple[str, str]]] = {
    list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), frozenset: ("frozenset({", "})"), deque: ("deque([", "])"),
    dict: ("{", "}"), OrderedDict: ("OrderedDict({", "})"), defaultdict: ("defaultdict({", "})"),
    Counter: ("Counter({", "})"),
}  # fmt: skip
_DATES: Final = (dt.date, dt.timedelta, dt.timezone)
_WITH_ZONES: Final = (dt.datetime, dt.time)
_TEXTS: Final = (str, bytes, bytearray)


def short(value: object) -> str:
    """``value`` in at most :data:`LONGEST` printable ASCII characters: builtins and a few more as they are, others as
    ``<ClassName>``, :data:`MISSING` as ``absent``. Never raises."""
    if value is MISSING:
        return "absent"
    try:
        return _cut(_short(value, _DEPTH))
    except (RuntimeError, ValueError, OverflowError, MemoryError):  # a thread outside the execution changes it
        return f"<{class_name(type(value))}>"


def class_name(kind: type) -> str:
    """The name of a class as short printable ASCII, without asking its metaclass for it."""
    return plain(str.__str__(_NAME(kind)))[: LONGEST - 10]


def plain(text: str) -> str:
    """``text``, an exact string, with everything escaped that is not printable ASCII."""
    return text if text.isascii() and text.isprintable() else ascii(text)[1:-1]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def _short(value: Any, depth: int) -> str:
    kind = type(value)
    if kind is int:
        return repr(value) if value.bit_length() <= _BITS else f"<int of {value.bit_length()} bits>"
    if any(kind is each for each in _TEXTS):
        return _text(value)
    if any(kind is each for each in _ASIS):
        return repr(value)
    if any(kind is each for each in _BRACKETS):
        return _container(value, depth)
    if any(kind is each for each in _DATES) or kind is Decimal:
        return repr(value)
    if any(kind is each for each in _WITH_ZONES):
        return repr(value) if value.tzinfo is None or type(value.tzinfo) is dt.timezone else f"<{kind.__name__}>"
    return _object(value, kind)


def _text(value: str | bytes | bytearray) -> str:
    whole = len(value) <= LONGEST - 2
    return ascii(value if whole else value[: LONGEST - 5 - 12 * (type(value) is bytearray)]) + "..." * (not whole)


def _container(value: Any, depth: int) -> str:
    kind = type(value)
    before, after = _BRACKETS[kind]
    length = len(value)
    if not length:
        return "set()" if kind is set else before + after
    if not depth:
        return f"{before}...{after}"
    if issubclass(kind, set | frozenset):
        # The order in which they come depends on addresses and on how strings happen to be hashed.
        items = sorted(_short(item, depth - 1) for item in islice(value, _LARGEST_SET)) if length <= _LARGEST_SET else []
    elif issubclass(kind, dict):
        pairs = islice(value.items(), _ITEMS)
        items = [f"{_short(key, depth - 1)}: {_short(item, depth - 1)}" for key, item in pairs]
    else:
        items = [_short(item, depth - 1) for item in islice(value, _ITEMS)]
    return _fitted(items[:_ITEMS], length, before, after)


def _fitted(items: list[str], length: int, before: str, after: str) -> str:
    """As many of the items as there is room for, and how many there are besides."""
    while True:
        left = length - len(items)
        more = [f"... {left} more"] if left and items else [f"{length} items"] if left else []
        comma = "," if length == 1 and before == "(" else ""
        text = f"{before}{', '.join([*items, *more])}{comma}{after}"
        if len(text) <= LONGEST or not items:
            return text
        items = items[:-1]


def _object(value: Any, kind: type) -> str:
    name = class_name(kind)
    if issubclass(kind, type):
        return f"<class {class_name(value)}>"
    if kind is types.FunctionType or kind is types.BuiltinFunctionType:
        return f"<function {plain(str.__str__(value.__name__))}"[: LONGEST - 1] + ">"
    if issubclass(type(kind), EnumMeta):
        member = _attribute(value, "_name_")
        return f"{name}.{plain(member)}" if type(member) is str else f"<{name}>"
    return _of_library(value, kind) or f"<{name}>"


def _of_library(value: object, kind: type) -> str | None:
    """Immutable objects whose classes are written in Python, by what they keep."""
    if kind is Fraction:
        above, below = _attribute(value, "_numerator"), _attribute(value, "_denominator")
        return f"Fraction({_short(above, 0)}, {_short(below, 0)})" if type(above) is type(below) is int else None
    if kind is UUID:
        number = _attribute(value, "int")
        return f"UUID({number:032x})" if type(number) is int else None
    if issubclass(kind, PurePosixPath | PureWindowsPath) and _NAMESPACE(kind).get("__module__") in _PATHS:
        path = _path(value, "\\" if issubclass(kind, PureWindowsPath) else "/")
        return None if path is None else f"{class_name(kind)}({_text(path)})"
    return None


_PATHS: Final = ("pathlib", "pathlib._local")


def _path(value: object, separator: str) -> str | None:
    known = _attribute(value, "_str")
    if type(known) is str:
        return known
    # Which of these there is depends on the version of Python.
    parts = next(
        (found for found in (_attribute(value, name) for name in ("_raw_paths", "_parts")) if type(found) is list), None
    )
    if parts is None or not all(type(part) is str for part in parts):
        return None
    return separator.join(part.rstrip("/") if number < len(parts) - 1 else part for number, part in enumerate(parts))
