"""What a location is called in a story: by its class and attribute, or by the variable that refers to it."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_gilcheck.races.operations import Location
from pytest_gilcheck.races.peeking import attributes_of, class_name, plain, short, slots_of
from pytest_gilcheck.races.sites import Kind, Site

#: ``(owner, identity, part)``: objects of one name have their identities to tell them apart; 0 for what there is one of.
Name = tuple[str, int, str]

_CELLS = (Kind.LOAD_CELL, Kind.STORE_CELL, Kind.DELETE_CELL)
_OPTIMIZED = 1  # CO_OPTIMIZED: the variables of a frame are not in a mapping of somebody's
# So many variables of a frame, attributes of each and global variables are looked through.
_VARIABLES, _ATTRIBUTES, _GLOBALS = 40, 60, 2_000
# So often is a name looked for before there is none.
_ATTEMPTS = 3


class Names:
    """The names found in one execution. An object keeps the first that it gets."""

    def __init__(self) -> None:
        self._found: dict[int, Name] = {}
        self._attempts: dict[int, int] = {}

    def of(self, location: tuple[Any, object, int], site: Site | None, frame: types.FrameType | None) -> Name:
        """What ``frame`` calls the ``location``: a target, a key and the identity of the target."""
        target, key, identity = location
        kind = type(target)
        if kind is types.CellType:
            name = site.name if site is not None and site.kind in _CELLS else None
            return plain(name or "a variable"), identity, ""
        if issubclass(kind, Location):
            return f"the {target.name}", 0, f"[{short(key[0])}]" if type(key) is tuple and key else ""
        if type(key) is str:
            if issubclass(kind, type):
                return class_name(target), 0, f".{plain(key)}"
            return class_name(kind), id(target), f".{plain(key)}"
        part = key[0] if type(key) is tuple and key else None
        if kind is dict and type(part) is str and "__builtins__" in target and "__name__" in target:
            return plain(part), 0, ""
        owner, number, rest = self.of_object(target, identity, frame)
        return owner, number, rest if key is None else f"{rest}[{short(part)}]"

    def of_object(self, target: object, identity: int, frame: types.FrameType | None) -> Name:
        """The name of all of an object: an attribute of something that ``frame`` has, or one of its variables."""
        known = self._found.get(identity)
        if known is not None:
            return known
        attempts = self._attempts[identity] = self._attempts.get(identity, 0) + 1
        if attempts <= _ATTEMPTS and frame is not None:
            found = _search(target, frame)
            if found is not None:
                self._found[identity] = found
                return found
        return class_name(type(target)), identity, ""


def variables(frame: types.FrameType) -> Mapping[str, object]:
    """The variables of a function that is running; nothing for other code."""
    return frame.f_locals if frame.f_code.co_flags & _OPTIMIZED else {}


def _search(target: object, frame: types.FrameType) -> Name | None:
    own = [(name, value) for name, value in variables(frame).items() if not name.startswith(".")][:_VARIABLES]
    for _, value in own:
        for attribute, found in _attributes(value):
            if found is target and type(attribute) is str:
                is_class = issubclass(type(value), type)
                name = class_name(value if is_class else type(value))  # type: ignore[arg-type]
                return name, 0 if is_class else id(value), f".{plain(attribute)}"
    shared = frame.f_globals
    if type(shared) is dict and len(shared) <= _GLOBALS:
        for name, found in list(shared.items()):
            if found is target and type(name) is str:
                return plain(name), 0, ""
    return next(((plain(name), id(target), "") for name, value in own if value is target), None)


def _attributes(value: Any) -> Iterator[tuple[object, object]]:
    if issubclass(type(value), type):
        yield from type.__dict__["__dict__"].__get__(value).items()
        return
    namespace = attributes_of(value)
    if len(namespace) <= _ATTRIBUTES:
        yield from list(dict.items(namespace))
    yield from slots_of(value)
