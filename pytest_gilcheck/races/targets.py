"""Which location an attribute, an item or a variable is, by the types of the objects: found once a type and remembered."""

from __future__ import annotations

import threading
import types
from collections import OrderedDict, deque
from enum import Enum
from typing import Any

from pytest_gilcheck.races import library
from pytest_gilcheck.races.classes import bases, has_own_dict, namespace, of_module
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Site


class Attribute(Enum):
    """What reading an attribute of instances of a type does."""

    CODE = 0  # a method or property: its own code is watched, and looking it up changes nothing
    OWN = 1  # kept in the instance
    INHERITED = 2  # a plain value of the class, unless the instance has its own
    MODULE = 3  # a global variable of a module
    CLASS = 4  # the owner is itself a class
    NAMESPACE = 5  # __dict__: its items are the attributes


_CODE = (
    types.FunctionType, types.BuiltinFunctionType, types.MethodDescriptorType, types.WrapperDescriptorType,
    types.ClassMethodDescriptorType, classmethod, staticmethod, property,
)  # fmt: skip
#: Values of module and class attributes that are as good as constant, until somebody is seen to replace one.
CONSTANT = (*_CODE, type, types.ModuleType)
PRIVATE = threading.local  # what each thread has its own of
_GET_SET = types.GetSetDescriptorType


def attribute(kind: type, name: str) -> Attribute:
    """What reading ``name`` of instances of ``kind`` does."""
    if issubclass(kind, types.ModuleType):
        return Attribute.MODULE
    if issubclass(kind, type):
        return Attribute.CLASS
    if issubclass(kind, PRIVATE):
        return Attribute.CODE
    if name == "__dict__" and has_own_dict(kind):
        return Attribute.NAMESPACE
    for base in bases(kind):
        found = namespace(base).get(name, run)
        if found is not run:
            if isinstance(found, _CODE):
                return Attribute.INHERITED if name in run.volatile else Attribute.CODE
            if isinstance(found, types.MemberDescriptorType | _GET_SET) or hasattr(type(found), "__get__"):
                return Attribute.OWN
            return Attribute.INHERITED
    return Attribute.OWN


def class_location(owner: type, name: str) -> type | None:
    """The class that ``name`` of ``owner`` comes from; ``None`` for code that nobody was seen to replace."""
    for base in bases(owner):
        if name in namespace(base):
            return None if isinstance(namespace(base)[name], CONSTANT) and name not in run.volatile else base
    return owner


class Items(Enum):
    """What subscripting instances of a type does."""

    NONE = 0  # nothing that is shared, or Python code that is watched itself
    MAPPING = 1
    SEQUENCE = 2
    UNKNOWN = 3  # C code of somebody: all of the object


_IMMUTABLE = (
    str, bytes, tuple, range, int, float, bool, complex, type(None), frozenset, type,
    types.GenericAlias, types.MappingProxyType,
)  # fmt: skip


def items(kind: type, special: str) -> Items:
    """What the operation ``special`` (such as ``__getitem__``) of instances of ``kind`` does."""
    for base in bases(kind):
        if special in namespace(base):
            if type(namespace(base)[special]) is types.FunctionType:
                return Items.NONE
            break
    if issubclass(kind, dict | OrderedDict):
        return Items.MAPPING
    if issubclass(kind, list | deque | bytearray):
        return Items.SEQUENCE
    return Items.NONE if issubclass(kind, _IMMUTABLE) else Items.UNKNOWN


def exporter(container: object) -> object:
    """What has the items of ``container``: itself, unless it is a view of all of a ``bytearray``. Views of parts of one may
    have nothing in common."""
    if type(container) is not memoryview:
        return container
    try:
        whole = container.obj
        return whole if type(whole) is bytearray and container.nbytes == len(whole) else container
    except ValueError:  # it was released
        return container


_KEYS = frozenset(map(id, (str, int, bytes, float, bool, type(None))))


def safe(key: object) -> bool:
    """Whether ``key`` can be hashed and compared without running anybody's code."""
    kind = type(key)
    return id(kind) in _KEYS or (kind is tuple and all(id(type(part)) in _KEYS for part in key))  # type: ignore[attr-defined]


def mapping_part(container: Any, key: object) -> tuple[object, object]:
    """The location of an item of a mapping: an attribute if the mapping is the ``__dict__`` of something."""
    owner = run.aliases.get(id(container))
    if owner is not None:
        return owner, key
    return container, (key,)


def located(target: Any, key: Any, write: bool) -> tuple[Any, Any, bool]:
    """An access made by a function, as an instruction that does the same makes it."""
    if type(key) is str:
        if issubclass(type(target), types.ModuleType):
            if write:
                replaced(key)
            return of_module(target), (key,), write
        if write and issubclass(type(target), type):
            replaced(key)
    elif write and type(key) is tuple and type(target) is dict:
        global_stored(target, key[0])
    return of_alias(target, key, write) if run.aliases else (target, key, write)


def global_stored(space: dict[Any, Any], name: object) -> None:
    """An item of a mapping is stored: if it is a global variable, those who read it by name are to be watched."""
    if "__builtins__" in space and type(name) is str:
        replaced(name)


def replaced(name: str) -> None:
    """A name that was taken for constant is stored to: the execution has to be repeated with its reads watched."""
    if name not in run.volatile:
        run.grown.add(name)


def of_alias(target: Any, key: Any, write: bool) -> tuple[Any, Any, bool]:
    """An access to the ``__dict__`` of something is one to its attribute; others are what they are."""
    owner = run.aliases.get(id(target))
    if owner is None:
        return target, key, write
    return owner, key[0] if type(key) is tuple and key and type(key[0]) is str else None, write


def sequence_part(container: Any, key: object) -> object:
    """The location of an item of a sequence; all of it for a slice."""
    if type(key) is not int or not issubclass(type(container), list):
        return None
    return (key if key >= 0 else key + list.__len__(container),)


# Types made by a scenario are kept alive by this, so not many of them are remembered.
_MOST_TYPES = 1_000
_guarded: dict[int, tuple[type, bool]] = {}


def is_guarded(kind: type) -> bool:
    """Whether it is a class, or derives from one, of a module that guards what it shares: the trusted code of such a module
    uses attributes unseen, unless other code was seen to use one of the same name."""
    known = _guarded.get(id(kind))
    if known is None:
        if len(_guarded) > _MOST_TYPES:
            _guarded.clear()
        modules = [namespace(base).get("__module__") for base in bases(kind)]
        guards = any(type(name) is str and library.within(name, library.TRUSTED) for name in modules)
        known = _guarded[id(kind)] = kind, guards
    return known[1]


# Names of attributes that trusted code uses unseen; and those that other code was seen to use, of whatever is guarded.
_unseen: set[str] = set()
_looked_at: set[str] = set()


def is_unseen(site: Site) -> bool:
    """Whether ``site`` is one of trusted code that uses an attribute which no other code was seen to use."""
    name = site.name
    if not site.trusted or name is None or name in run.volatile or name in _looked_at:
        return False
    _unseen.add(name)
    return True


def is_hidden(site: Site) -> bool:
    """Whether what ``site`` uses is the state of a closed object, of which other code was not seen to use any."""
    names = site.code.co_names
    if not site.closed or not (run.volatile.isdisjoint(names) and _looked_at.isdisjoint(names)):
        return False
    _unseen.update(names)
    return True


def expose(owner: object, name: object = None) -> bool:
    """Code that is not trusted uses an attribute of something guarded, or all of them; whether trusted code does so unseen:
    then the execution has to be repeated with the uses of that name watched."""
    names = [name]
    if type(name) is not str:
        if not has_own_dict(type(owner)):
            return False
        try:
            names = list(object.__getattribute__(owner, "__dict__"))
        except AttributeError:
            return False
    known = {name for name in names if type(name) is str}
    _looked_at.update(known)
    new = known & _unseen - run.volatile
    run.grown |= new
    return bool(new)


def alias(owner: object) -> None:
    """Somebody gets hold of the ``__dict__`` of ``owner``; what a class gives in its place is an object like any other."""
    if not has_own_dict(type(owner)):
        return
    try:
        space = object.__getattribute__(owner, "__dict__")
    except AttributeError:
        return
    if is_guarded(type(owner)):
        expose(owner)
    if id(space) not in run.aliases:
        run.keep.append(space)
        run.aliases[id(space)] = owner
