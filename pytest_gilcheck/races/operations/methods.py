"""``METHODS``: what the C methods of the containers, streams and iterators do to their owner and to their arguments."""

from __future__ import annotations

import _collections  # type: ignore[import-not-found]
import _functools  # type: ignore[import-not-found]
import _io
import _random
import array
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pytest_gilcheck.races.operations import databases
from pytest_gilcheck.races.operations.model import (
    ALL_ATTRIBUTES,
    FILL_ITEM,
    GET_ATTRIBUTE,
    GET_ITEM,
    NOTHING,
    READ,
    READ_ALL,
    READ_DEEP_REST,
    READ_INTO,
    READ_OTHERS,
    READ_REST,
    SET_ATTRIBUTE,
    SET_ITEM,
    WRITE,
    WRITE_OTHERS,
    Operation,
    Use,
)
from pytest_gilcheck.races.operations.natures import (
    GENERATORS,
    ITERATORS,
    STREAMS,
    VIEWS,
    Nature,
    is_native,
    mro_of,
    nature_of,
)

_Table = Mapping[Operation, str]


def _expand(kinds: Iterable[type], *tables: Mapping[Any, str]) -> dict[tuple[type, str], Operation]:
    return {
        (kind, name): operation
        for kind in kinds
        for table in tables
        for operation, names in table.items()
        for name in names.split()
    }


_COMPARE = "__eq__ __ne__ __lt__ __le__ __gt__ __ge__"
_LIST: _Table = {
    NOTHING: "__class_getitem__",
    READ: "__len__ __iter__ __reversed__ __mul__ __rmul__ __repr__ copy count index __contains__",
    READ_OTHERS: f"__add__ {_COMPARE}",
    WRITE: "append clear insert pop remove reverse __delitem__ __imul__",
    WRITE_OTHERS: "__init__ __iadd__ extend sort",
    GET_ITEM: "__getitem__",
    SET_ITEM: "__setitem__",
}
_DEQUE: _Table = {
    **_LIST,
    WRITE: f"{_LIST[WRITE]} appendleft popleft rotate",
    WRITE_OTHERS: "__init__ __iadd__ extend extendleft",
}
_DICT: _Table = {
    # A view reads nothing before it is gone over.
    NOTHING: "__class_getitem__ keys items values",
    READ: "__len__ __iter__ __reversed__ __repr__ copy",
    READ_OTHERS: f"__or__ __ror__ fromkeys {_COMPARE}",
    WRITE: "clear pop popitem move_to_end",
    WRITE_OTHERS: "__init__ __ior__ update",
    GET_ITEM: "get __contains__",
    FILL_ITEM: "__getitem__",
    SET_ITEM: "__setitem__ __delitem__ setdefault __missing__",
}
_FROZENSET: _Table = {
    NOTHING: "__class_getitem__ __len__ __iter__ __contains__ __repr__ copy",
    READ_REST: f"""__and__ __rand__ __or__ __ror__ __sub__ __rsub__ __xor__ __rxor__ difference intersection
        isdisjoint issubset issuperset symmetric_difference union {_COMPARE}""",
}
_SET: _Table = {
    NOTHING: "__class_getitem__",
    READ: "__len__ __iter__ __repr__ copy",
    READ_OTHERS: _FROZENSET[READ_REST],
    WRITE: "clear pop",
    WRITE_OTHERS: """__init__ __iand__ __ior__ __isub__ __ixor__ difference_update intersection_update
        symmetric_difference_update update""",
    GET_ITEM: "__contains__",
    SET_ITEM: "add discard remove",
}
# What bytearray has of bytes reads it, and reads its arguments, which may be bytearrays too.
_BYTEARRAY: _Table = {
    NOTHING: "__class_getitem__ maketrans fromhex",
    READ: "__len__ __iter__ __mul__ __rmul__ __repr__ __str__ __alloc__ copy __buffer__ __release_buffer__",
    READ_OTHERS: f"""__add__ __contains__ __mod__ __rmod__ {_COMPARE} capitalize center count decode endswith
        expandtabs find hex index isalnum isalpha isascii isdigit islower isspace istitle isupper join ljust lower lstrip
        partition removeprefix removesuffix replace rfind rindex rjust rpartition rsplit rstrip split splitlines startswith
        strip swapcase title translate upper zfill""",
    WRITE: "append clear insert pop remove reverse resize take_bytes __delitem__ __imul__",
    WRITE_OTHERS: "__init__ __iadd__ extend",
    GET_ITEM: "__getitem__",
    SET_ITEM: "__setitem__",
}
_ARRAY: _Table = {
    NOTHING: "__class_getitem__",
    READ: """__len__ __iter__ __mul__ __rmul__ __repr__ __copy__ __deepcopy__ __contains__ buffer_info count index
        tobytes tolist tounicode __buffer__ __release_buffer__""",
    READ_OTHERS: f"__add__ {_COMPARE}",
    WRITE: "append byteswap clear frombytes fromunicode insert pop remove reverse __delitem__ __imul__",
    WRITE_OTHERS: "__init__ __iadd__ extend fromlist",
    READ_INTO: "fromfile",
    Operation((Use(0, False), Use(1, True))): "tofile",
    GET_ITEM: "__getitem__",
    SET_ITEM: "__setitem__",
}
_MEMORYVIEW: _Table = {
    NOTHING: """__class_getitem__ __enter__ __repr__ _from_flags cast toreadonly __len__
        __release_buffer__ __buffer__""",
    READ: "__iter__ count index hex tobytes tolist __getitem__",
    READ_OTHERS: _COMPARE,
    # A view that was released cannot be read any more.
    WRITE: "release __exit__",
    WRITE_OTHERS: "__setitem__ __delitem__",
}
_MAPPINGPROXY: _Table = {
    NOTHING: "__class_getitem__ keys items values",
    READ: "__len__ __iter__ __reversed__ __repr__ __str__ copy",
    READ_OTHERS: f"__or__ __ror__ __ior__ {_COMPARE}",
    GET_ITEM: "__getitem__ __contains__ get",
}
_DICT_VIEW: _Table = {
    READ: "__len__ __iter__ __reversed__ __repr__",
    READ_OTHERS: f"__and__ __rand__ __or__ __ror__ __sub__ __rsub__ __xor__ __rxor__ __contains__ isdisjoint {_COMPARE}",
}
_RANDOM: _Table = {READ: "getstate", WRITE: "random getrandbits seed setstate __init__"}
_LRU_CACHE: _Table = {
    NOTHING: "__get__ __copy__ __deepcopy__ __reduce__ __init__",
    READ: "cache_info",
    WRITE: "cache_clear __call__",
}
# Reading moves the position; a text stream's tell() may flush.
_STREAM: _Table = {
    READ: "__enter__ __iter__ __repr__ getvalue getbuffer readable writable seekable isatty fileno __getstate__ closed peek",
    WRITE: """__next__ __exit__ __del__ close detach flush read read1 readall readline readlines seek tell truncate
        reconfigure __setstate__ reset getstate setstate""",
    WRITE_OTHERS: "__init__ write writelines decode",
    READ_INTO: "readinto readinto1",
}
_BYTES_IO: _Table = {READ: "tell"}
_ITERATOR: _Table = {
    NOTHING: "__iter__ __await__ __aiter__ __class_getitem__ __init__ __repr__ __format__ __copy__ from_iterable",
    READ: "__length_hint__ __reduce__",
    WRITE: "__next__ __setstate__ __anext__ send throw close asend athrow aclose __del__",
}
_TEE: _Table = {READ: "__copy__"}

# str and bytes cannot change, but some of their methods go over their arguments.
_TEXT: _Table = {READ_REST: "join format_map translate maketrans", READ_DEEP_REST: "format __mod__"}

_OBJECT: _Table = {
    NOTHING: "__init__ __new__ __init_subclass__ __subclasshook__ __class__ __hash__ __repr__ __str__ __format__ __sizeof__ "
    "__eq__ __ne__ __lt__ __le__ __gt__ __ge__",
    GET_ATTRIBUTE: "__getattribute__ __getattr__",
    SET_ATTRIBUTE: "__setattr__ __delattr__",
    ALL_ATTRIBUTES: "__dir__ __getstate__ __reduce__ __reduce_ex__",
}
_TYPE: _Table = {
    NOTHING: "__call__ mro __prepare__ __instancecheck__ __subclasscheck__ __or__ __ror__ __init__ __new__ __sizeof__",
    ALL_ATTRIBUTES: "__subclasses__ __dir__",
}

METHODS: Final[Mapping[tuple[type, str], Operation]] = types.MappingProxyType(
    _expand([object], _OBJECT)
    | _expand([type], _TYPE)
    | _expand([list], _LIST)
    | _expand([deque], _DEQUE, {READ: "__copy__"})
    | _expand([dict, OrderedDict, defaultdict], _DICT)
    | _expand([defaultdict], {READ: "__copy__"})
    | _expand([set], _SET)
    | _expand([frozenset], _FROZENSET)
    | _expand([bytearray], _BYTEARRAY)
    | _expand([array.array], _ARRAY)
    | _expand(ITERATORS | GENERATORS, _ITERATOR)
    | _expand([kind for kind in ITERATORS if kind.__name__ == "_tee"], _TEE)
    | _expand([kind for kind in VIEWS if kind not in {memoryview, types.MappingProxyType}], _DICT_VIEW)
    | _expand([memoryview], _MEMORYVIEW)
    | _expand([types.MappingProxyType], _MAPPINGPROXY)
    | _expand(STREAMS, _STREAM)
    | _expand([_io.BytesIO, _io.StringIO], _BYTES_IO)
    | _expand([_random.Random], _RANDOM)
    | _expand([_functools._lru_cache_wrapper], _LRU_CACHE)
    | _expand([str, bytes], _TEXT)
    | _expand([_collections._tuplegetter], {NOTHING: "__get__ __set__ __delete__ __reduce__"})
)

#: Special methods whose names alone tell what those of a C type do that has no entry of its own.
SPECIAL: Final[Mapping[str, Operation]] = types.MappingProxyType({
    name: operation
    for (_, name), operation in _expand(
        [object],
        {
            NOTHING: """__class_getitem__ __get__ __set_name__ __subclasses__ __instancecheck__ __subclasscheck__
                __enter__ __aenter__""",
            READ: """__len__ __iter__ __reversed__ __repr__ __str__ __bytes__ __hash__ __bool__ __int__ __float__
                __complex__ __index__ __neg__ __pos__ __abs__ __invert__ __round__ __trunc__ __floor__ __ceil__
                __length_hint__ __sizeof__ __copy__ __deepcopy__ __reduce__ __reduce_ex__ __getstate__ __getnewargs__
                __getnewargs_ex__ __format__ __buffer__ __release_buffer__ __fspath__""",
            READ_OTHERS: f"""{_COMPARE} __contains__ __getitem__ __add__ __radd__ __sub__ __rsub__ __mul__ __rmul__
                __matmul__ __rmatmul__ __truediv__ __rtruediv__ __floordiv__ __rfloordiv__ __mod__ __rmod__ __divmod__
                __rdivmod__ __pow__ __rpow__ __lshift__ __rlshift__ __rshift__ __rrshift__ __and__ __rand__ __or__ __ror__
                __xor__ __rxor__""",
            READ_ALL: "__new__ __call__",
        },
        {operation: names for operation, names in _OBJECT.items() if operation in {GET_ATTRIBUTE, SET_ATTRIBUTE}},
    ).items()
})  # fmt: skip


# Keyed by id: the types asked about may have a metaclass that defines ``__hash__``.
_BY_ID: Final = {(id(kind), name): operation for (kind, name), operation in METHODS.items()}


def find(kind: type, name: str) -> Operation:
    """The operation of a C method that was reached through an object, or a class, of type ``kind``."""
    for base in mro_of(kind):
        known = _BY_ID.get((id(base), name)) if base is not object else None
        if known is not None:
            return known
    native = next((base for base in mro_of(kind) if is_native(base)), object)
    return unknown(native, name) if native is not object else METHODS.get((object, name), NOTHING)


def unknown(kind: type, name: str) -> Operation:
    """What to think of method ``name`` of a C type that ``METHODS`` has nothing about.

    Objects that cannot change have none; special methods go by their names; anything else is taken to change its owner.
    """
    nature = nature_of(kind)
    if nature is Nature.SCALAR:
        return NOTHING
    if nature is Nature.UNKNOWN and databases.is_driver(kind):
        found = databases.of_method(kind, name)
        if found is not None:
            return found
    if name in SPECIAL:
        return SPECIAL[name]
    inherited = METHODS.get((object, name))
    if inherited is not None:
        return inherited
    return NOTHING if nature is Nature.PLAIN else WRITE_OTHERS
