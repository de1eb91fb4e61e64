"""Iteration begins: the hook says what to iterate over."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Want, replacing
from pytest_gilcheck.races.bytecode.reading import UNKNOWN, Instructions
from pytest_gilcheck.races.bytecode.versions import LAYOUT, opcode, opcodes
from pytest_gilcheck.races.sites import Kind

_ITERABLE = replacing(1)
_LOCAL = opcodes("LOAD_FAST", "LOAD_FAST_BORROW")
_SWAP = opcode("SWAP")


def _of_iterator(instructions: Instructions, i: int) -> bool:
    """Whether this is the second time, inside a comprehension: ``.0`` is its argument, and inlined ones swap first."""
    if LAYOUT.late_iteration:
        return False
    before = instructions.before(i)
    return before == _SWAP or (before in _LOCAL and instructions.variable(i - 1) == ".0")


def _iterate(instructions: Instructions, i: int) -> Sequence[Want]:
    # The argument, from 3.15 on, tells ``yield from`` and ``await`` from a plain iteration.
    if instructions.args[i] or instructions.constant_before(i) is not UNKNOWN or _of_iterator(instructions, i):
        return ()
    return (Want(Kind.ITERATE, None, _ITERABLE, i),)


PLANS = {"GET_ITER": _iterate}
