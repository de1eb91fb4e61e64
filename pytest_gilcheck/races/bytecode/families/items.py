"""Items and slices of containers, and membership."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Want, looking
from pytest_gilcheck.races.bytecode.reading import UNKNOWN, Instructions
from pytest_gilcheck.races.bytecode.versions import BINARY_OPERATORS, opcode
from pytest_gilcheck.races.sites import Kind

_LOAD_ITEM = looking(2, 1)
_LOAD_WITH_SLICE = looking(2)
_STORE_ITEM = looking(2, 1, 3)
_STORE_WITH_SLICE = looking(2, 3)
_DELETE_ITEM = looking(2, 1)
_LOAD_SLICE = looking(3)
_STORE_SLICE = looking(3, 4)
_CONTAINS = looking(1, 2)

_BUILD_SLICE = opcode("BUILD_SLICE")
_SUBSCRIPT = BINARY_OPERATORS.index("[]")


def _by_slice(instructions: Instructions, i: int) -> bool:
    """Whether the key, on top of the stack, is visibly a slice."""
    return instructions.before(i) == _BUILD_SLICE or isinstance(instructions.constant_before(i), slice)


def _load(instructions: Instructions, i: int) -> Sequence[Want]:
    if _by_slice(instructions, i):
        return (Want(Kind.LOAD_SLICE, None, _LOAD_WITH_SLICE, i),)
    return (Want(Kind.LOAD_ITEM, None, _LOAD_ITEM, i),)


def _load_by_operator(instructions: Instructions, i: int) -> Sequence[Want]:
    return _load(instructions, i) if instructions.args[i] == _SUBSCRIPT else ()


def _store(instructions: Instructions, i: int) -> Sequence[Want]:
    if _by_slice(instructions, i):
        return (Want(Kind.STORE_SLICE, None, _STORE_WITH_SLICE, i),)
    return (Want(Kind.STORE_ITEM, None, _STORE_ITEM, i),)


def _delete(_instructions: Instructions, i: int) -> Sequence[Want]:
    return (Want(Kind.DELETE_ITEM, None, _DELETE_ITEM, i),)


def _load_slice(_instructions: Instructions, i: int) -> Sequence[Want]:
    return (Want(Kind.LOAD_SLICE, None, _LOAD_SLICE, i),)


def _store_slice(_instructions: Instructions, i: int) -> Sequence[Want]:
    return (Want(Kind.STORE_SLICE, None, _STORE_SLICE, i),)


def _contains(instructions: Instructions, i: int) -> Sequence[Want]:
    if instructions.constant_before(i) is not UNKNOWN:
        return ()  # a constant container never changes
    return (Want(Kind.CONTAINS, None, _CONTAINS, i),)


PLANS = {
    "BINARY_SUBSCR": _load,
    "STORE_SUBSCR": _store,
    "DELETE_SUBSCR": _delete,
    "BINARY_SLICE": _load_slice,
    "STORE_SLICE": _store_slice,
    "CONTAINS_OP": _contains,
}
if opcode("BINARY_SUBSCR") < 0:
    PLANS["BINARY_OP"] = _load_by_operator
