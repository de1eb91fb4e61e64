"""Calls: the hook sees what is called, when all the arguments are there, and says what to call instead."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.bytecode.callees import Callee, callees
from pytest_gilcheck.races.bytecode.hookcalls import Want, replacing
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import LAYOUT, opcode
from pytest_gilcheck.races.sites import Kind

_KW_NAMES = opcode("KW_NAMES")


def callee(instructions: Instructions, i: int) -> Callee | None:
    """What the call of index ``i`` calls; ``None`` if that is not understood."""
    if instructions.callees is None:
        instructions.callees = callees(instructions)
    return instructions.callees.get(i)


def begin(instructions: Instructions, i: int) -> int:
    """The index of the first of the instructions that make up the ``CALL`` of index ``i``."""
    before = i - 1 if LAYOUT.precall else i
    if instructions.ops[before - 1] == _KW_NAMES:
        before -= 1  # what it sets is for the next call that runs
    return before


def _spread_call(instructions: Instructions, i: int) -> Sequence[Want]:
    return _wanted(callee(instructions, i), i)


def _call(instructions: Instructions, i: int) -> Sequence[Want]:
    return _wanted(callee(instructions, i), begin(instructions, i))


def _wanted(called: Callee | None, before: int) -> Sequence[Want]:
    if called is None or called.plain:
        return ()
    return (Want(Kind.CALL, called.name, replacing(called.depth), before),)


PLANS = {"CALL": _call, "CALL_KW": _spread_call, "CALL_FUNCTION_EX": _spread_call}
