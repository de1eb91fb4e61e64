"""Whether an instruction that is no call runs only code that is seen: none, or functions in Python that hooks stand in."""

from __future__ import annotations

import sys
import types
from _thread import allocate_lock
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

from pytest_gilcheck.races import preparing
from pytest_gilcheck.races.classes import bases, namespace

#: The ids of types, as everywhere here: a metaclass may define how its types are hashed. Of the values of these no operation
#: runs any code.
ATOMS = frozenset(map(id, (int, float, complex, bool, str, bytes, type(None), type(Ellipsis), type(NotImplemented))))
_LISTS = frozenset(map(id, (list, tuple, deque)))
_HASHED = frozenset(map(id, (dict, set, frozenset)))
#: The types in C whose own operations run no code but that of what they contain.
PLAIN = ATOMS | _LISTS | _HASHED | frozenset(map(id, (range, slice, bytearray, memoryview)))
# Their iterators, and what else the interpreter makes.
_ITERATED: tuple[Iterable[object], ...] = (
    [], (), {}, {}.values(), {}.items(), set(), range(0), range(2**70), "", "é", b"", bytearray(), deque(),
)  # fmt: skip
_ITERATORS = frozenset(id(type(iter(iterated))) for iterated in _ITERATED)
_MADE = frozenset(map(id, (
    types.FunctionType, types.BuiltinFunctionType, types.MethodType, types.ModuleType, types.CellType, types.CodeType,
    types.MappingProxyType, OrderedDict, defaultdict, array, type({}.keys()), type({}.values()), type({}.items()),
    type(allocate_lock()),
)))  # fmt: skip
# So many items of a container are looked at; a larger one may contain anything.
_MOST_ITEMS = 32
# Types made by a scenario are kept alive by what is remembered of them, so not many are.
_MOST_TYPES = 1_000

Check = Callable[..., bool]

_OPERATORS = {
    "+": "add", "-": "sub", "*": "mul", "/": "truediv", "//": "floordiv", "%": "mod", "**": "pow", "@": "matmul",
    "<<": "lshift", ">>": "rshift", "&": "and", "|": "or", "^": "xor",
}  # fmt: skip
_COMPARISONS = {"<": "lt", "<=": "le", "==": "eq", "!=": "ne", ">": "gt", ">=": "ge"}
_REFLECTED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}

_is_rewritten: Callable[[CodeType], bool] = lambda _: False  # noqa: E731 - replaced by start()
# With the types, so that their ids stay their own.
_known: dict[tuple[int, tuple[str, ...]], tuple[type, bool]] = {}


def start(is_rewritten: Callable[[CodeType], bool]) -> None:
    """From now on hooks stand in the code objects that ``is_rewritten`` is true of."""
    global _is_rewritten  # noqa: PLW0603 - hooks are everywhere, and there is one exploration at a time
    _is_rewritten = is_rewritten
    _known.clear()


def stop() -> None:
    """Forget everything."""
    start(lambda _: False)


def is_seen(kind: type, names: tuple[str, ...]) -> bool:
    """Whether those of these special methods that ``kind`` has are seen when they run, or plain ones in C."""
    if id(kind) in PLAIN or id(kind) in _MADE:
        return True
    known = _known.get((id(kind), names))
    if known is None:
        if len(_known) > _MOST_TYPES:
            _known.clear()
        known = _known[id(kind), names] = kind, all(_is_seen(kind, name) for name in names)
    return known[1]


def _is_seen(kind: type, name: str) -> bool:
    for base in bases(kind):
        found = namespace(base).get(name)
        if found is not None:
            return id(base) in PLAIN or id(base) in _MADE or base is object or base is type or _is_function(found)
    return True


def _is_function(found: object) -> bool:
    """Whether it is a function in Python, or a wrapper around one, that hooks stand in."""
    if isinstance(found, classmethod | staticmethod):
        found = found.__func__
    if type(found) is not FunctionType:
        return False
    preparing.function(found)
    return _is_rewritten(found.__code__)


def check(how: str) -> Check:
    """The check of the operands of an instruction, by what it does; see :mod:`bytecode.families.breaker`."""
    what, _, detail = how.partition(" ")
    return _CHECKS[what](detail)


def _special(*names: str) -> Callable[[str], Check]:
    def make(_detail: str) -> Check:
        return lambda operand: id(type(operand)) in PLAIN or is_seen(type(operand), names)

    return make


def _operator(symbol: str) -> Check:
    if symbol in _COMPARISONS:
        name = _COMPARISONS[symbol]
        names = {f"__{name}__", f"__{_REFLECTED.get(name, name)}__"} | ({"__eq__"} if name == "ne" else set())
    else:
        name = _OPERATORS[symbol.removesuffix("=")]
        names = {f"__{name}__", f"__r{name}__"} | ({f"__i{name}__"} if symbol.endswith("=") else set())
    wanted = tuple(sorted(names))
    compares = symbol in _COMPARISONS

    def known(left: Any, right: Any) -> bool:
        if id(type(left)) in ATOMS and id(type(right)) in ATOMS:
            return True
        if not is_seen(type(left), wanted) or not is_seen(type(right), wanted):
            return False
        return _are_atoms(left) and _are_atoms(right) if compares or _may_compare(left) or _may_compare(right) else True

    return known


def _may_compare(operand: object) -> bool:
    return id(type(operand)) in _HASHED or id(type(operand)) in _MADE


def _are_atoms(operand: object) -> bool:
    """Whether it is no container, or one of atoms only."""
    kind = type(operand)
    if id(kind) in _LISTS or id(kind) in _HASHED:
        items: Any = operand
        if len(items) > _MOST_ITEMS:
            return False
        values = [*items.values()] if kind is dict else []
        return all(id(type(item)) in ATOMS for item in [*items, *values])
    return id(kind) not in _MADE or not hasattr(kind, "__len__")


def _item(_detail: str) -> Check:
    names = ("__getitem__", "__setitem__", "__delitem__", "__missing__", "__class_getitem__")

    def known(container: Any, key: Any) -> bool:
        return is_seen(type(container), names) and _is_key(key)

    return known


def _is_key(key: Any) -> bool:
    kind = type(key)
    if kind is tuple:
        return len(key) <= _MOST_ITEMS and all(_is_key(part) for part in key)
    return id(kind) in ATOMS or kind is slice or is_seen(kind, ("__hash__", "__eq__", "__index__"))


def _contains(_detail: str) -> Check:
    def known(container: Any, item: Any) -> bool:
        kind = type(container)
        if id(kind) in _LISTS:
            return _is_key(item) and _are_atoms(container)
        return is_seen(kind, ("__contains__", "__iter__", "__getitem__")) and _is_key(item)

    return known


def _spread(_detail: str) -> Check:
    return lambda operand: id(type(operand)) in PLAIN or id(type(operand)) in _MADE or id(type(operand)) in _ITERATORS


def _next(_detail: str) -> Check:
    def known(iterator: Any) -> bool:
        kind = type(iterator)
        if id(kind) in _ITERATORS or id(kind) in PLAIN:
            return True
        if kind is types.GeneratorType:
            code = iterator.gi_code
            return _is_rewritten(code) or iterator.gi_frame is None or code.co_filename.startswith(_PACKAGE)
        return is_seen(kind, ("__next__",))

    return known


# What the engine iterates with in place of something else looks nowhere.
_PACKAGE = str(Path(__file__).parents[1])


def _load(name: str) -> Check:
    return lambda owner: _has_attribute(owner, name, ("__getattribute__", "__getattr__"), "__get__")


def _store(name: str) -> Check:
    return lambda owner: _has_attribute(owner, name, ("__setattr__", "__delattr__"), "__set__")


_OWN_ACCESS = frozenset(map(id, (object, type, types.ModuleType, types.SimpleNamespace, BaseException)))


def _has_attribute(owner: Any, name: str, access: tuple[str, str], descriptor: str) -> bool:
    kind = type(owner)
    if id(kind) in PLAIN or id(kind) in _MADE:
        return True
    key = (id(kind), (name, descriptor))
    if issubclass(kind, type):
        return _finds(owner, name, descriptor) and is_seen(kind, access)
    known = _known.get(key)
    if known is None:
        if len(_known) > _MOST_TYPES:
            _known.clear()
        known = _known[key] = kind, _finds(kind, name, descriptor) and all(_is_own(kind, each) for each in access)
    return known[1]


def _is_own(kind: type, name: str) -> bool:
    for base in bases(kind):
        found = namespace(base).get(name)
        if found is not None:
            return id(base) in _OWN_ACCESS or id(base) in PLAIN or _is_function(found)
    return True


_HARMLESS = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.ClassMethodDescriptorType, types.MemberDescriptorType, types.GetSetDescriptorType, classmethod, staticmethod,
)  # fmt: skip


def _finds(kind: type, name: str, descriptor: str) -> bool:
    """Whether what the class has under ``name`` runs no code that is not seen when it is found in an instance."""
    for base in bases(kind):
        space = namespace(base)
        if name not in space:
            continue
        found = space[name]
        if isinstance(found, _HARMLESS):
            return True
        if isinstance(found, property):
            part = found.fget if descriptor == "__get__" else found.fset
            return part is None or _is_function(part)
        return is_seen(type(found), (descriptor, "__delete__"))
    return True


def _import(name: str) -> Check:
    return lambda: name in sys.modules


_CHECKS: dict[str, Callable[[str], Check]] = {
    "load": _load,
    "store": _store,
    "operator": _operator,
    "item": _item,
    "contains": _contains,
    "spread": _spread,
    "next": _next,
    "import": _import,
    "slice": _special("__getitem__", "__setitem__"),
    "unary": _special("__neg__", "__pos__", "__invert__"),
    "truth": _special("__bool__", "__len__"),
    "iterate": _special("__iter__", "__getitem__"),
    "enter": _special("__enter__"),
    "anything": lambda _detail: lambda *_: False,
}


def _format(_detail: str) -> Check:
    def known(operand: Any) -> bool:
        kind = type(operand)
        if id(kind) in ATOMS:
            return True
        if id(kind) in PLAIN:
            return _are_atoms(operand)
        return is_seen(kind, ("__format__", "__str__", "__repr__"))

    return known


_CHECKS["format"] = _format
