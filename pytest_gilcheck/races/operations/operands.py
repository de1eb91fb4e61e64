"""From an operand to the locations behind it: what an iterator goes over, what a view shows, what is inside a container."""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from typing import Any, Final

from pytest_gilcheck.races.operations import methods
from pytest_gilcheck.races.operations.model import Access
from pytest_gilcheck.races.operations.natures import CHAINS, GENERATORS, Nature, nature_of

#: How many iterators deep to look for what is gone over in the end, and how many objects to look at.
DEPTH: Final = 6
MOST: Final = 64

_KEYS: Final = frozenset({str, int, bytes, float, bool, type(None)})
_KEY_IDS: Final = frozenset(map(id, _KEYS))
_CHAIN_IDS: Final = frozenset(map(id, CHAINS))
_GENERATOR_IDS: Final = frozenset(map(id, GENERATORS))
# In hot code the members are compared one by one, and under names of their own: to hash one, and up to 3.11 to look one up,
# is a call of Python code.
_SCALAR, _PLAIN, _MAPPING = Nature.SCALAR, Nature.PLAIN, Nature.MAPPING
_SEQUENCE, _STATE, _VIEW = Nature.SEQUENCE, Nature.STATE, Nature.VIEW
_ITERATOR, _BOUND, _UNKNOWN = Nature.ITERATOR, Nature.BOUND, Nature.UNKNOWN

_BUFFER: Final = type(gc.get_referents(memoryview(b""))[0])


def is_simple(key: object) -> bool:
    """Whether a key can be hashed and compared without any code of the user's."""
    kind = type(key)
    return id(kind) in _KEY_IDS or (kind is tuple and all(id(type(part)) in _KEY_IDS for part in key))  # type: ignore[attr-defined]


def key_of(container: object, key: object) -> tuple[object] | None:
    """The location of an item: ``(key,)``, or ``None`` (all of the container) where it cannot be told from the others."""
    nature = nature_of(type(container))
    if nature is _MAPPING:
        return (key,) if is_simple(key) else None
    if nature is _SEQUENCE and type(key) is int:
        return (key if key >= 0 else key + list.__len__(container),)  # type: ignore[arg-type]
    return None


def underlying(obj: object) -> list[object]:
    """The objects whose contents ``obj`` stands for.

    A container stands for itself, a view for what it shows, an iterator for itself (its position) and for all that it still
    goes over, as far as that can be found; scalars and plain objects for nothing.
    """
    return [target for target, _, _ in contents(obj, False)]


def contents(obj: object, write: bool) -> list[Access]:
    """The accesses of a call that reads or writes all that is in ``obj``. An iterator moves on either way."""
    nature = nature_of(type(obj))
    if nature is _SCALAR or nature is _PLAIN:
        return []
    if nature is not _ITERATOR and nature is not _VIEW and nature is not _BOUND:
        return [(obj, None, write)]
    found: list[Access] = []
    _resolve(obj, write, found, DEPTH)
    return found


def _resolve(obj: Any, write: bool, found: list[Access], depth: int) -> None:
    nature = nature_of(type(obj))
    if nature is _SCALAR or nature is _PLAIN or depth == 0 or len(found) >= MOST:
        return
    if nature is _VIEW:
        for part in _shown(obj):
            _resolve(part, write, found, depth - 1)
    elif nature is _BOUND:
        _resolve(owner_of(obj), _writes_owner(obj), found, depth - 1)
    elif _add(obj, write or nature is _ITERATOR, found) and nature is _ITERATOR:
        for part in _gone_over(obj):
            _resolve(part, False, found, depth - 1)


def _add(obj: object, write: bool, found: list[Access]) -> bool:
    """Whether it is new among those found; one that was read may turn out to be written as well."""
    for number, (target, key, written) in enumerate(found):
        if target is obj:
            found[number] = (target, key, written or write)
            return False
    found.append((obj, None, write))
    return True


def _shown(view: object) -> Iterator[object]:
    for part in gc.get_referents(view):
        # Memoryviews of one object have a buffer in common, which refers to the object.
        yield from gc.get_referents(part) if type(part) is _BUFFER else (part,)


def _gone_over(iterator: object) -> Iterator[object]:
    """What an iterator takes its items from, among all that it refers to."""
    if id(type(iterator)) in _GENERATOR_IDS:
        return
    chained = id(type(iterator)) in _CHAIN_IDS
    for part in gc.get_referents(iterator):
        if type(part) is tuple:
            # zip, map and others hold their iterators in a tuple. Another one next to it may hold the last results.
            yield from (inner for inner in part if nature_of(type(inner)) is _ITERATOR)
            continue
        if nature_of(type(part)) is not _UNKNOWN:
            yield part
        if chained and nature_of(type(part)) is _ITERATOR:
            for every in gc.get_referents(part):
                yield from every if type(every) is tuple or type(every) is list else ()


def owner_of(method: Any) -> object:
    """The object that a builtin method belongs to; ``None`` for the functions of modules and the methods of classes."""
    owner = method.__self__
    return None if issubclass(type(owner), types.ModuleType | type) else owner


def _writes_owner(method: Any) -> bool:
    operation = methods.find(type(owner_of(method)), method.__name__)
    return any(use.write for use in operation.uses if use.position == 0)


def reads(obj: object) -> list[Access]:
    """The accesses of an operation that reads all of its operand, ``obj``."""
    return contents(obj, False)


def nested(obj: object, attributes: bool) -> list[Access]:
    """The same for one that also reads the containers inside, as ``repr`` does, and with ``attributes`` plain objects."""
    found: list[Access] = []
    waiting: list[object] = [obj]
    seen: set[int] = set()
    while waiting and len(seen) < MOST:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        nature = nature_of(type(part))
        if nature is _MAPPING or nature is _SEQUENCE or nature is _STATE or type(part) is tuple:
            waiting.extend(gc.get_referents(part))
        elif nature is _PLAIN and attributes and not issubclass(type(part), _NOT_DATA):
            found.append((part, None, False))
            waiting.extend(gc.get_referents(part))
        found.extend(contents(part, False))
    return found


_NOT_DATA: Final = (type, types.ModuleType, types.FunctionType, types.MethodType, types.FrameType, types.TracebackType)
