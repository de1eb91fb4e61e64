"""The truth value of an operand: empty or not."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Want, looking
from pytest_gilcheck.races.bytecode.reading import UNKNOWN, Instructions
from pytest_gilcheck.races.bytecode.versions import opcode, opcodes
from pytest_gilcheck.races.sites import Kind

_TOP = looking(1)
_COPY = opcode("COPY")

# These push a bool, or what another thread cannot have.
_BOOLS = opcodes(
    "COMPARE_OP",
    "CONTAINS_OP",
    "IS_OP",
    "UNARY_NOT",
    "TO_BOOL",
    "MATCH_MAPPING",
    "MATCH_SEQUENCE",
    "CHECK_EXC_MATCH",
    "WITH_EXCEPT_START",
)


def _truth(instructions: Instructions, i: int) -> Sequence[Want]:
    before = instructions.before(i)
    if before == _COPY and instructions.args[i - 1] == 1:
        before = instructions.before(i - 1)
    if before in _BOOLS or instructions.constant_before(i) is not UNKNOWN:
        return ()
    return (Want(Kind.READ, None, _TOP, i),)


if opcode("TO_BOOL") >= 0:
    PLANS = {"TO_BOOL": _truth}
else:
    PLANS = dict.fromkeys(
        (
            "POP_JUMP_IF_TRUE",
            "POP_JUMP_IF_FALSE",
            "POP_JUMP_FORWARD_IF_TRUE",
            "POP_JUMP_FORWARD_IF_FALSE",
            "POP_JUMP_BACKWARD_IF_TRUE",
            "POP_JUMP_BACKWARD_IF_FALSE",
            "JUMP_IF_TRUE_OR_POP",
            "JUMP_IF_FALSE_OR_POP",
            "UNARY_NOT",
        ),
        _truth,
    )
