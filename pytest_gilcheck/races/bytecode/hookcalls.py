"""What a hook's call looks like in bytecode, and what a family of instructions wants to be called with."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import NamedTuple

from pytest_gilcheck.races.bytecode.versions import LAYOUT, UNITS, opcode
from pytest_gilcheck.races.sites import Kind

_EXTENDED_ARG = opcode("EXTENDED_ARG")
_LOAD_CONST = opcode("LOAD_CONST")
# The callable and the NULL beside it.
_CALL_SLOTS = 2


@lru_cache(maxsize=8192)
def encode(op: int, arg: int = 0, extended: int = 0) -> bytes:
    """One instruction without its caches; at least ``extended`` EXTENDED_ARG come first."""
    prefixes = max(extended, (max(arg.bit_length(), 1) - 1) // 8)
    units = bytearray()
    for shift in range(8 * prefixes, 0, -8):
        units += bytes((_EXTENDED_ARG, arg >> shift & 255))
    units += bytes((op, arg & 255))
    return bytes(units)


def with_caches(op: int, arg: int = 0) -> bytes:
    """One instruction and its empty caches."""
    return encode(op, arg) + bytes(2 * (UNITS[op] - 1))


_PUSH_NULL = encode(opcode("PUSH_NULL"))
_POP_TOP = encode(opcode("POP_TOP"))
_COPY = opcode("COPY")
_SWAP = opcode("SWAP")
_CELL_LOAD = opcode(LAYOUT.cell_load)


class Shape(NamedTuple):
    """The code of a hook's call around the instruction that loads the hook, and how far the stack grows for it."""

    head: bytes
    tail: bytes
    stack: int

    def call(self, constant: int) -> bytes:
        """The whole call of the hook that is ``co_consts[constant]``."""
        return self.head + encode(_LOAD_CONST, constant) + self.tail


def _shape(load: bytes, count: int, drop: bytes) -> Shape:
    call = with_caches(opcode("CALL"), count)
    if LAYOUT.precall:
        call = with_caches(opcode("PRECALL"), count) + call
    null_above = b"" if LAYOUT.null_first else _PUSH_NULL
    return Shape(_PUSH_NULL if LAYOUT.null_first else b"", null_above + load + call + drop, _CALL_SLOTS + count)


@cache
def looking(*depths: int) -> Shape:
    """A hook that is called with copies of what lies at these depths of the stack (1: on top), in this order.

    None of these may be NULL: copying one crashes the interpreter.
    """
    load = b"".join(encode(_COPY, depth + _CALL_SLOTS + copied) for copied, depth in enumerate(depths))
    return _shape(load, len(depths), _POP_TOP)


@cache
def replacing(depth: int) -> Shape:
    """A hook that is called with what lies at this depth, and whose result takes its place."""
    return _shape(encode(_COPY, depth + _CALL_SLOTS), 1, encode(_SWAP, depth + 1) + _POP_TOP)


@cache
def of_cell(slot: int) -> Shape:
    """A hook that is called with the cell of a variable."""
    return _shape(encode(_CELL_LOAD, slot), 1, _POP_TOP)


class Want(NamedTuple):
    """A hook that a family wants: which call of it goes before the instruction of index ``before``."""

    kind: Kind
    name: str | None
    shape: Shape
    before: int
