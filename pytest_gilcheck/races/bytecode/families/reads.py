"""Operands that are read as a whole: unpacked, spread into a display or a call, formatted, matched."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Shape, Want, looking
from pytest_gilcheck.races.bytecode.reading import UNKNOWN, Instructions
from pytest_gilcheck.races.bytecode.versions import KEYWORDS_BIT, LAYOUT, LIST_TO_TUPLE, SPEC_BIT, opcode, opcodes
from pytest_gilcheck.races.sites import Kind

_TOP = looking(1)
_BELOW_TOP = looking(2)

# What these push is new, and nobody else's: nothing to read there.
_NEW = opcodes(
    "BUILD_TUPLE",
    "BUILD_LIST",
    "BUILD_SET",
    "BUILD_MAP",
    "BUILD_CONST_KEY_MAP",
    "BUILD_STRING",
    "LIST_EXTEND",
    "SET_UPDATE",
    "DICT_UPDATE",
    "DICT_MERGE",
    "LIST_APPEND",
    "LIST_TO_TUPLE",
    "CONVERT_VALUE",
)
_INTRINSIC = opcode("CALL_INTRINSIC_1")
_PUSH_NULL = opcode("PUSH_NULL")


def _is_new(instructions: Instructions, i: int) -> bool:
    """Whether the top of the stack before instruction ``i`` is visibly a constant or new."""
    before = instructions.before(i)
    made = before in _NEW or (before == _INTRINSIC and instructions.args[i - 1] == LIST_TO_TUPLE)
    return made or instructions.constant_before(i) is not UNKNOWN


def _top(instructions: Instructions, i: int) -> Sequence[Want]:
    return () if _is_new(instructions, i) else (Want(Kind.READ, None, _TOP, i),)


def _always(shape: Shape) -> Callable[[Instructions, int], Sequence[Want]]:
    return lambda _instructions, i: (Want(Kind.READ, None, shape, i),)


def _format(instructions: Instructions, i: int) -> Sequence[Want]:
    if instructions.args[i] & SPEC_BIT == SPEC_BIT:
        return (Want(Kind.READ, None, _BELOW_TOP, i),)
    return _top(instructions, i)


def _arguments(instructions: Instructions, i: int) -> Sequence[Want]:
    """The mapping was made by the code that merges, so only ``*args`` may be somebody else's."""
    last = i
    if LAYOUT.keywords_always:
        with_keywords = instructions.before(i) != _PUSH_NULL
        last = i if with_keywords else i - 1
        shape = _BELOW_TOP
    else:
        with_keywords = bool(instructions.args[i] & KEYWORDS_BIT)
        shape = _BELOW_TOP if with_keywords else _TOP
    if not with_keywords and _is_new(instructions, last):
        return ()
    return (Want(Kind.READ, None, shape, i),)


PLANS = {
    "UNPACK_SEQUENCE": _top,
    "UNPACK_EX": _top,
    "LIST_EXTEND": _top,
    "SET_UPDATE": _top,
    "DICT_UPDATE": _top,
    "DICT_MERGE": _top,
    "GET_LEN": _always(_TOP),
    "MATCH_KEYS": _always(_BELOW_TOP),
    "FORMAT_VALUE": _format,
    "FORMAT_SIMPLE": _top,
    "CONVERT_VALUE": _top,
    "FORMAT_WITH_SPEC": _always(_BELOW_TOP),
    "CALL_FUNCTION_EX": _arguments,
}
