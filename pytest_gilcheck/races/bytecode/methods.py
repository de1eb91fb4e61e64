"""Loads of methods in the form of a plain load, so that a call's callable is always in the same slot.

Up to 3.12 a method load pushes either the function and its object or NULL and something bound; which one is not to be
seen in the code. The plain form pushes NULL and what the attribute is.
"""

from __future__ import annotations

from pytest_gilcheck.races.bytecode.hookcalls import encode
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import LAYOUT, METHOD_BIT, NAME_SHIFT, OPCODES, opcode

_LOAD_ATTR = OPCODES["LOAD_ATTR"]
_SWAP = OPCODES["SWAP"]
# By opcode: how many operands the NULL has to go below, and the plain instruction. Those that have a bit for it lose it.
_OPERANDS = {opcode("LOAD_METHOD"): 1, opcode("LOAD_SUPER_ATTR"): 3}
if LAYOUT.shifts["LOAD_ATTR"]:
    _OPERANDS[_LOAD_ATTR] = 1
_PLAIN = {opcode("LOAD_METHOD"): _LOAD_ATTR}

# The NULL goes to the bottom, then the operands get back their order.
_NULLS = {
    count: encode(OPCODES["PUSH_NULL"]) + b"".join(encode(_SWAP, depth) for depth in range(count + 1, 1, -1))
    for count in set(_OPERANDS.values())
}

STACK = 1  # that the NULL needs before the operands are gone


def plain_loads(instructions: Instructions) -> tuple[dict[int, bytes], dict[int, tuple[int, int]]]:
    """By index: the code that goes before each method load, and the instruction that takes its place."""
    inserted = {}
    replaced = {}
    args = instructions.args
    for i, op in enumerate(instructions.ops):
        if op in _OPERANDS:
            arg = args[i]
            bit = METHOD_BIT if NAME_SHIFT[op] else 0
            if arg & bit == bit:
                inserted[i] = _NULLS[_OPERANDS[op]]
                replaced[i] = (_PLAIN.get(op, op), arg & ~bit)
    return inserted, replaced
