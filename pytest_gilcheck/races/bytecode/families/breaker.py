"""Where an interpreter with the GIL hands it over between two threads that both run: where it looks at its eval breaker.

Those are ``RESUME``, except after ``yield from`` and ``await``; jumps backward; and calls, behind what was called, unless
that was a function in Python, which runs in the same loop and looks at its own ``RESUME``. All else goes on to the next
instruction, but may run code that looks. (``HAS_EVAL_BREAK_FLAG`` in CPython's ``pycore_opcode_metadata.h`` and
``CHECK_EVAL_BREAKER`` in its ``ceval.c``; the tests ask the interpreter itself.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_gilcheck.races.bytecode.families import calls
from pytest_gilcheck.races.bytecode.hookcalls import Want, looking
from pytest_gilcheck.races.bytecode.reading import UNKNOWN, Instructions
from pytest_gilcheck.races.bytecode.versions import BINARY_OPERATORS, COMPARISONS, LAYOUT, SPEC_BIT, opcode, opcodes
from pytest_gilcheck.races.sites import Kind

_Plan = Callable[[Instructions, int], Sequence[Want]]

_NOTHING = looking()
_TOP = looking(1)

# The place of a RESUME, in the low bits of its argument, of which 3.15 has one more; there is no look from this one on.
_PLACE_BITS, _AFTER_YIELD_FROM = 7 if LAYOUT.late_iteration else 3, 2
# From 3.15 on nothing comes between the call that enters a context and its block.
_ENTERING = opcode("LOAD_SPECIAL") if LAYOUT.late_iteration else -2
_LOAD_CONST = opcode("LOAD_CONST")
_ITERATES = opcodes("GET_ITER", "GET_AITER")
# Up to 3.13 a bound __exit__ is called, in a loop of its own.
_EXIT_BOUND = opcode("BEFORE_WITH") >= 0
# __exit__ gets so many arguments, of which a call counts one less where the method itself is in the other slot.
_OF_EXIT = 3

#: In the names of hooks before a call: what is called in the caller's own loop.
IN_LOOP, FUNCTIONS_IN_LOOP, NEVER_IN_LOOP = "functions and methods", "functions", "nothing"


def _resume(instructions: Instructions, i: int) -> Sequence[Want]:
    if instructions.args[i] & _PLACE_BITS >= _AFTER_YIELD_FROM:
        return ()
    return (Want(Kind.LOOKED, None, _NOTHING, i + 1),)


def _jump(_instructions: Instructions, i: int) -> Sequence[Want]:
    return (Want(Kind.LOOKED, None, _NOTHING, i),)


def _jump_if(condition: str) -> _Plan:
    return lambda _instructions, i: (Want(Kind.LOOKED_IF, condition, _TOP, i),)


def _call(instructions: Instructions, i: int) -> Sequence[Want]:
    before = calls.begin(instructions, i)
    if instructions.before(before) in _ITERATES and not instructions.args[i]:
        return ()  # a comprehension: a function that is called in the same loop
    if instructions.before(before) == _ENTERING and not instructions.args[i]:
        return _called(instructions, i, before, IN_LOOP)[:1]
    in_loop = NEVER_IN_LOOP if _EXIT_BOUND and _is_exit(instructions, i, before) else IN_LOOP
    return _called(instructions, i, before, in_loop)


def _spread_call(instructions: Instructions, i: int) -> Sequence[Want]:
    return _called(instructions, i, i, NEVER_IN_LOOP if LAYOUT.precall else FUNCTIONS_IN_LOOP)


def _call_with_names(instructions: Instructions, i: int) -> Sequence[Want]:
    return _called(instructions, i, i, IN_LOOP)


def _called(instructions: Instructions, i: int, before: int, in_loop: str) -> Sequence[Want]:
    callee = calls.callee(instructions, i)
    shape = _NOTHING if callee is None else looking(callee.depth)
    return (Want(Kind.CALLS, in_loop, shape, before), Want(Kind.CALLED, None, _NOTHING, i + 1))


def _is_exit(instructions: Instructions, i: int, before: int) -> bool:
    """Whether it is the call at the end of a ``with`` block."""
    if instructions.args[i] != _OF_EXIT - 1 or before < _OF_EXIT:
        return False
    consts = instructions.code.co_consts
    return all(
        instructions.ops[at] == _LOAD_CONST and consts[instructions.args[at]] is None
        for at in range(before - _OF_EXIT, before)
    )


def _implicit(how: str, *depths: int) -> _Plan:
    shape = looking(*depths)
    return lambda _instructions, i: (Want(Kind.IMPLICIT, how, shape, i),)


def _attribute(how: str) -> _Plan:
    return lambda instructions, i: (Want(Kind.IMPLICIT, f"{how} {instructions.name(i)}", _TOP, i),)


def _operator(instructions: Instructions, i: int) -> Sequence[Want]:
    symbol = BINARY_OPERATORS[instructions.args[i]]
    how = "item" if symbol == "[]" else f"operator {symbol}"
    return (Want(Kind.IMPLICIT, how, looking(2, 1), i),)


def _comparison(instructions: Instructions, i: int) -> Sequence[Want]:
    symbol = COMPARISONS[instructions.args[i] >> LAYOUT.comparison_shift]
    return (Want(Kind.IMPLICIT, f"operator {symbol}", looking(2, 1), i),)


def _import(instructions: Instructions, i: int) -> Sequence[Want]:
    return (Want(Kind.IMPLICIT, f"import {instructions.name(i)}", _NOTHING, i),)


def _iterate(instructions: Instructions, i: int) -> Sequence[Want]:
    if instructions.constant_before(i) is not UNKNOWN:
        return ()
    return (Want(Kind.IMPLICIT, "iterate", _TOP, i),)


def _format(instructions: Instructions, i: int) -> Sequence[Want]:
    depth = 2 if instructions.args[i] & SPEC_BIT == SPEC_BIT else 1
    return (Want(Kind.IMPLICIT, "format", looking(depth), i),)


_TRUTH = _implicit("truth", 1)
# From 3.15 on what keeps the place in an iteration may lie above what is iterated over, and is no object.
_ITERATOR = 2 if LAYOUT.late_iteration else 1
_ANYTHING = _implicit("anything")

PLANS: dict[str, _Plan] = {
    "RESUME": _resume,
    "JUMP_BACKWARD": _jump,
    "CALL": _call,
    "CALL_KW": _call_with_names,
    "CALL_FUNCTION_EX": _spread_call,
    "LOAD_ATTR": _attribute("load"),
    "LOAD_METHOD": _attribute("load"),
    "IMPORT_FROM": _attribute("load"),
    "STORE_ATTR": _attribute("store"),
    "DELETE_ATTR": _attribute("store"),
    "BINARY_OP": _operator,
    "COMPARE_OP": _comparison,
    "BINARY_SUBSCR": _implicit("item", 2, 1),
    "STORE_SUBSCR": _implicit("item", 2, 1),
    "DELETE_SUBSCR": _implicit("item", 2, 1),
    "BINARY_SLICE": _implicit("slice", 3),
    "STORE_SLICE": _implicit("slice", 3),
    "CONTAINS_OP": _implicit("contains", 1, 2),
    "UNARY_NEGATIVE": _implicit("unary", 1),
    "UNARY_POSITIVE": _implicit("unary", 1),
    "UNARY_INVERT": _implicit("unary", 1),
    "GET_ITER": _iterate,
    "FOR_ITER": _implicit("next", _ITERATOR),
    "UNPACK_SEQUENCE": _implicit("spread", 1),
    "UNPACK_EX": _implicit("spread", 1),
    "LIST_EXTEND": _implicit("spread", 1),
    "SET_UPDATE": _implicit("spread", 1),
    "DICT_UPDATE": _implicit("spread", 1),
    "DICT_MERGE": _implicit("spread", 1),
    "FORMAT_VALUE": _format,
    "FORMAT_SIMPLE": _implicit("format", 1),
    "CONVERT_VALUE": _implicit("format", 1),
    "FORMAT_WITH_SPEC": _implicit("format", 2),
    "BEFORE_WITH": _implicit("enter", 1),
    "IMPORT_NAME": _import,
    **dict.fromkeys(
        (
            "WITH_EXCEPT_START",
            "BEFORE_ASYNC_WITH",
            "SEND",
            "GET_YIELD_FROM_ITER",
            "GET_AWAITABLE",
            "GET_AITER",
            "GET_ANEXT",
            "END_ASYNC_FOR",
            "GET_LEN",
            "MATCH_CLASS",
            "MATCH_KEYS",
        ),
        _ANYTHING,
    ),
    **(
        {"TO_BOOL": _TRUTH}
        if opcode("TO_BOOL") >= 0
        else dict.fromkeys(
            (
                "POP_JUMP_IF_TRUE",
                "POP_JUMP_IF_FALSE",
                "POP_JUMP_FORWARD_IF_TRUE",
                "POP_JUMP_FORWARD_IF_FALSE",
                "JUMP_IF_TRUE_OR_POP",
                "JUMP_IF_FALSE_OR_POP",
                "UNARY_NOT",
            ),
            _TRUTH,
        )
    ),
    "POP_JUMP_BACKWARD_IF_TRUE": _jump_if("true"),
    "POP_JUMP_BACKWARD_IF_FALSE": _jump_if("false"),
    "POP_JUMP_BACKWARD_IF_NONE": _jump_if("none"),
    "POP_JUMP_BACKWARD_IF_NOT_NONE": _jump_if("not none"),
}
