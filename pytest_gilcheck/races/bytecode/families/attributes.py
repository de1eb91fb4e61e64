"""Attributes, loaded, stored and deleted; an import from a module is an attribute of the module, and a class pattern loads
those that it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Shape, Want, looking
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import LAYOUT, METHOD_BIT
from pytest_gilcheck.races.sites import Kind

_OWNER = looking(1)
_PATTERN = looking(3, 2, 1)


def _named(kind: Kind, shape: Shape) -> Callable[[Instructions, int], Sequence[Want]]:
    return lambda instructions, i: (Want(kind, instructions.name(i), shape, i),)


def _load(instructions: Instructions, i: int) -> Sequence[Want]:
    kind = Kind.LOAD_METHOD if instructions.args[i] & METHOD_BIT else Kind.LOAD_ATTR
    return (Want(kind, instructions.name(i), _OWNER, i),)


def _match(instructions: Instructions, i: int) -> Sequence[Want]:
    return (Want(Kind.MATCH, str(instructions.args[i]), _PATTERN, i),)


PLANS = {
    "LOAD_ATTR": _load if LAYOUT.shifts["LOAD_ATTR"] else _named(Kind.LOAD_ATTR, _OWNER),
    "LOAD_METHOD": _named(Kind.LOAD_METHOD, _OWNER),
    "LOAD_SUPER_ATTR": _named(Kind.LOAD_ATTR, _OWNER),
    "IMPORT_FROM": _named(Kind.LOAD_ATTR, _OWNER),
    "MATCH_CLASS": _match,
    "STORE_ATTR": _named(Kind.STORE_ATTR, looking(1, 2)),
    "DELETE_ATTR": _named(Kind.DELETE_ATTR, _OWNER),
}
