"""What a class says of itself, without asking its metaclass, which is code of the user's."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Final

_MRO: Final = type.__dict__["__mro__"].__get__
_NAMESPACE: Final = type.__dict__["__dict__"].__get__
_QUALNAME: Final = type.__dict__["__qualname__"].__get__
_FLAGS: Final = type.__dict__["__flags__"].__get__
_MODULE: Final = _NAMESPACE(types.ModuleType)["__dict__"].__get__
_IN_C: Final = (types.GetSetDescriptorType, types.MemberDescriptorType)
_NOWHERE: Final = object()


def qualname(kind: type) -> str:
    """Its ``__qualname__``."""
    name: str = _QUALNAME(kind)
    return name


def bases(kind: type) -> tuple[type, ...]:
    """It and its bases, in the order in which they are asked for attributes."""
    found: tuple[type, ...] = _MRO(kind)
    return found


def namespace(kind: type) -> Mapping[str, Any]:
    """What it holds itself."""
    found: Mapping[str, Any] = _NAMESPACE(kind)
    return found


def flags(kind: type) -> int:
    """Its ``__flags__``."""
    found: int = _FLAGS(kind)
    return found


def inherited(kind: type, name: str) -> object:
    """What it holds itself or has from a base, ``None`` if that is nothing; no descriptor is asked."""
    for base in bases(kind):
        found = namespace(base).get(name, _NOWHERE)
        if found is not _NOWHERE:
            return found
    return None


def module_of(kind: type) -> str:
    """The name of the module that it says it comes from, the empty string if it says something else."""
    name = namespace(kind).get("__module__", "")
    return name if type(name) is str else ""


def of_module(module: types.ModuleType) -> dict[str, Any]:
    """The ``__dict__`` of a module, even if its class answers that name with code of its own."""
    found: dict[str, Any] = _MODULE(module)
    return found


def has_own_dict(kind: type) -> bool:
    """Whether ``__dict__`` of its instances is what the interpreter gives, no code of anybody's."""
    return type(inherited(kind, "__dict__")) in _IN_C


def own_attributes(value: object) -> Mapping[object, object]:
    """The ``__dict__`` of an object; nothing if it has none, or its class has put something else in its place."""
    if type(inherited(type(value), "__dict__")) is not types.GetSetDescriptorType:
        return {}
    try:
        found = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return found if type(found) is dict else {}
