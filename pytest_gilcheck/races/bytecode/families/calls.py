"""Calls: the hook sees what is called, when all the arguments are there, and says what to call instead."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.bytecode.callees import Callee, callees
from pytest_gilcheck.races.bytecode.hookcalls import Want, replacing
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import LAYOUT, opcode
from pytest_gilcheck.races.sites import Kind

_KW_NAMES = opcode("KW_NAMES")


def _callee(instructions: Instructions, i: int) -> Callee | None:
    if instructions.callees is None:
        instructions.callees = callees(instructions)
    callee = instructions.callees.get(i)
    return None if callee is None or callee.plain else callee


def _spread_call(instructions: Instructions, i: int) -> Sequence[Want]:
    callee = _callee(instructions, i)
    return (Want(Kind.CALL, callee.name, replacing(callee.depth), i),) if callee else ()


def _call(instructions: Instructions, i: int) -> Sequence[Want]:
    callee = _callee(instructions, i)
    if callee is None:
        return ()
    before = i - 1 if LAYOUT.precall else i
    if instructions.ops[before - 1] == _KW_NAMES:
        before -= 1  # what it sets is for the next call that runs
    return (Want(Kind.CALL, callee.name, replacing(callee.depth), before),)


PLANS = {"CALL": _call, "CALL_KW": _spread_call, "CALL_FUNCTION_EX": _spread_call}
