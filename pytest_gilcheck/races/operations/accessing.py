"""From an operation and the arguments of one call to the accesses of that call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from pytest_gilcheck.races.operations.model import ALL, Access, Operation, Use
from pytest_gilcheck.races.operations.natures import Nature, nature_of
from pytest_gilcheck.races.operations.operands import contents, key_of, nested, underlying

_SCALAR, _MAPPING, _SEQUENCE, _VIEW = Nature.SCALAR, Nature.MAPPING, Nature.SEQUENCE, Nature.VIEW


def accesses(operation: Operation, owner_and_args: tuple[Any, ...], kwargs: Mapping[str, Any] | None = None) -> list[Access]:
    """What a call reads and writes, the writes first; nothing twice.

    ``owner_and_args`` starts with the owner of a method that is bound; see ``operands_of``.
    """
    arguments = operation.prefix + owner_and_args if operation.prefix else owner_and_args
    keywords = kwargs or {}
    if operation.keywords:
        keywords = {**operation.keywords, **keywords}
    uses = operation.uses
    if len(uses) == 1 and uses[0].position >= 0 and operation.special is None and not operation.process:
        return _of_use(uses[0], arguments)
    found: list[Access] = []
    for use in uses:
        found += _of_use(use, arguments) if use.position >= 0 else _of_many(use, arguments, keywords)
    if operation.special is not None:
        found += operation.special(arguments, keywords)
    found += [location.access(write) for location, write in operation.process]
    return _once(found)


def _of_many(use: Use, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
    chosen = arguments if use.position == ALL else arguments[1:]
    found: list[Access] = []
    for argument in (*chosen, *keywords.values()):
        found += nested(argument, use.attribute) if use.deep else contents(argument, use.write)
    return found


def _of_use(use: Use, arguments: tuple[Any, ...]) -> list[Access]:
    if use.position >= len(arguments):
        return []
    target = arguments[use.position]
    if use.attribute:
        return _of_attributes(use, target, arguments)
    if use.deep:
        return nested(target, False)
    if use.key is None or use.key >= len(arguments):
        return contents(target, use.write)
    return _of_item(use, target, arguments[use.key])


def _of_attributes(use: Use, target: object, arguments: tuple[Any, ...]) -> list[Access]:
    if nature_of(type(target)) is _SCALAR:
        return []
    if use.deep:
        return nested(target, True)
    name = arguments[use.key] if use.key is not None and use.key < len(arguments) else None
    return [(target, name if type(name) is str else None, use.write)]


def _of_item(use: Use, target: object, key: object) -> list[Access]:
    nature = nature_of(type(target))
    if nature is _MAPPING or nature is _SEQUENCE:
        write = use.write or (use.fills and issubclass(type(target), defaultdict))
        return [(target, key_of(target, key), write)]
    if nature is _VIEW:
        return [(part, key_of(part, key), use.write) for part in underlying(target)]
    return contents(target, use.write)


def _once(found: list[Access]) -> list[Access]:
    """Without repetitions: a location that is read and written is written."""
    if len(found) < 2:
        return found
    merged: dict[tuple[int, Any], Access] = {}
    for access in sorted(found, key=_is_read):
        merged.setdefault((id(access[0]), access[1]), access)
    return list(merged.values())


def _is_read(access: Access) -> bool:
    return not access[2]
