"""What a class says of itself, without asking its metaclass, which is code of the user's."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Final

# These are what descriptors of `type` are read with, since a call of a function around them would cost as much again.

#: The ``__qualname__`` of a class.
qualname: Final[Callable[[type], str]] = type.__dict__["__qualname__"].__get__
#: Its ``__name__``.
name: Final[Callable[[type], str]] = type.__dict__["__name__"].__get__
#: It and its bases, in the order in which they are asked for attributes.
bases: Final[Callable[[type], tuple[type, ...]]] = type.__dict__["__mro__"].__get__
#: What it holds itself.
namespace: Final[Callable[[type], Mapping[str, Any]]] = type.__dict__["__dict__"].__get__
#: Its ``__flags__``.
flags: Final[Callable[[type], int]] = type.__dict__["__flags__"].__get__
#: The ``__dict__`` of a module, even if its class answers that name with code of its own.
of_module: Final[Callable[[types.ModuleType], dict[str, Any]]] = namespace(types.ModuleType)["__dict__"].__get__

_IN_C: Final = frozenset(map(id, (types.GetSetDescriptorType, types.MemberDescriptorType)))
_NOWHERE: Final = object()


def inherited(kind: type, attribute: str) -> object:
    """What it holds itself or has from a base, ``None`` if that is nothing; no descriptor is asked."""
    for base in bases(kind):
        found = namespace(base).get(attribute, _NOWHERE)
        if found is not _NOWHERE:
            return found
    return None


def module_of(kind: type) -> str:
    """The name of the module that it says it comes from, the empty string if it says something else."""
    found = namespace(kind).get("__module__", "")
    return found if type(found) is str else ""


def has_own_dict(kind: type) -> bool:
    """Whether ``__dict__`` of its instances is what the interpreter gives, no code of anybody's."""
    return id(type(inherited(kind, "__dict__"))) in _IN_C


def own_attributes(value: object) -> Mapping[object, object]:
    """The ``__dict__`` of an object; nothing if it has none, or its class has put something else in its place."""
    if type(inherited(type(value), "__dict__")) is not types.GetSetDescriptorType:
        return {}
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}
