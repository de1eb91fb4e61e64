"""Which stores of a code object store what was made from which loads: a forward data-flow analysis of its bytecode.

The analysis is a must analysis: where ways meet, a value depends on what it depends on whichever way led there. So
``x = x or make()`` does not depend on ``x``, and what cannot be followed depends on nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dis import HAVE_ARGUMENT, stack_effect
from inspect import CO_VARARGS, CO_VARKEYWORDS
from typing import NamedTuple

from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import (
    BINARY_OPERATORS,
    FINAL,
    LAYOUT,
    METHOD_BIT,
    NAME_SHIFT,
    NULL_BIT,
    OPCODES,
    opcode,
    opcodes,
)

#: By the byte offset of a load: whether all that was made of it on the way to the store went through a call, or through
#: anything else that need not give a new value each time (a comparison, a slice, a display).
Dependence = Mapping[int, bool]


class _Source(NamedTuple):
    """A load at a byte offset; ``called``: see :data:`Dependence`."""

    offset: int
    called: bool


_Value = frozenset[_Source]
_NOTHING: _Value = frozenset()


def _called(value: _Value) -> _Value:
    return frozenset(_Source(offset, True) for offset, _ in value)


class _State(NamedTuple):
    """``variables`` that are not there are not bound: to read one would be an error, so they say nothing."""

    stack: tuple[_Value, ...]
    variables: Mapping[int, _Value]

    def met(self, other: _State) -> _State:
        """What holds whichever of the two it was."""
        stack = tuple(one & two for one, two in zip(self.stack, other.stack, strict=True))
        variables = {**self.variables, **other.variables}
        for name in self.variables.keys() & other.variables.keys():
            variables[name] = self.variables[name] & other.variables[name]
        return _State(stack, variables)


_STORES_ATTRIBUTE = opcode("STORE_ATTR")
_STORES_ITEM = opcode("STORE_SUBSCR")
_STORES_NAME = opcodes("STORE_GLOBAL", "STORE_NAME", "STORE_DEREF")
_LOADS_NAME = opcodes("LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF")
_LOADS_ATTRIBUTE = opcodes("LOAD_ATTR", "LOAD_METHOD")
_LOADS_VARIABLE = opcodes("LOAD_FAST", "LOAD_FAST_CHECK", "LOAD_FAST_BORROW")
_LOADS_TWO = opcodes("LOAD_FAST_LOAD_FAST", "LOAD_FAST_BORROW_LOAD_FAST_BORROW")
_STORES_VARIABLE = opcodes("STORE_FAST", "STORE_FAST_MAYBE_NULL")
_STORES_TWO = opcode("STORE_FAST_STORE_FAST")
_STORES_AND_LOADS = opcode("STORE_FAST_LOAD_FAST")
_LOADS_AND_CLEARS = opcode("LOAD_FAST_AND_CLEAR")
_RETURN_GENERATOR = opcode("RETURN_GENERATOR")
_DELETES_VARIABLE = opcode("DELETE_FAST")
_CALLS = opcodes("CALL", "CALL_KW", "CALL_FUNCTION_EX")
_CALL, _COPY, _SWAP, _PRECALL = opcode("CALL"), opcode("COPY"), opcode("SWAP"), opcode("PRECALL")
_OPERATORS = opcodes("BINARY_OP", "UNARY_NEGATIVE", "UNARY_POSITIVE", "UNARY_INVERT")
_BINARY = opcode("BINARY_OP")
# The second time that the same is combined by one of these makes no difference.
_IDEMPOTENT = frozenset(i for i, symbol in enumerate(BINARY_OPERATORS) if symbol in {"&", "|", "&=", "|="})
_SUBSCRIPT = BINARY_OPERATORS.index("[]")
_SUBSCRIPTS = opcodes("BINARY_SUBSCR", "BINARY_OP")
# These take operands and give one result made from them.
_RESULTS = opcodes(
    "BINARY_SUBSCR", "BINARY_SLICE", "COMPARE_OP", "CONTAINS_OP", "IS_OP", "UNARY_NOT", "TO_BOOL", "GET_ITER",
    "BUILD_TUPLE", "BUILD_LIST", "BUILD_SET", "BUILD_MAP", "BUILD_STRING", "BUILD_SLICE", "BUILD_CONST_KEY_MAP",
    "FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "CONVERT_VALUE", "LIST_TO_TUPLE", "CALL_INTRINSIC_1",
)  # fmt: skip
# These add the uppermost values, so many, to one that lies below the others.
_ADDS = dict.fromkeys(opcodes("LIST_APPEND", "SET_ADD", "LIST_EXTEND", "SET_UPDATE", "DICT_UPDATE", "DICT_MERGE"), 1)
_ADDS[opcode("MAP_ADD")] = 2
# These leave what stays on the stack as it is; what they push depends on nothing.
_HARMLESS = opcodes(
    "NOP", "CACHE", "RESUME", "NOT_TAKEN", "KW_NAMES", "MAKE_CELL", "COPY_FREE_VARS", "POP_TOP", "POP_ITER", "PUSH_NULL",
    "LOAD_CONST", "LOAD_SMALL_INT", "LOAD_COMMON_CONSTANT", "LOAD_CLOSURE", "LOAD_BUILD_CLASS", "LOAD_ASSERTION_ERROR",
    "POP_JUMP_IF_TRUE", "POP_JUMP_IF_FALSE", "POP_JUMP_IF_NONE", "POP_JUMP_IF_NOT_NONE", "POP_JUMP_FORWARD_IF_TRUE",
    "POP_JUMP_FORWARD_IF_FALSE", "POP_JUMP_FORWARD_IF_NONE", "POP_JUMP_FORWARD_IF_NOT_NONE", "POP_JUMP_BACKWARD_IF_TRUE",
    "POP_JUMP_BACKWARD_IF_FALSE", "POP_JUMP_BACKWARD_IF_NONE", "POP_JUMP_BACKWARD_IF_NOT_NONE", "JUMP_FORWARD",
    "JUMP_BACKWARD", "JUMP_BACKWARD_NO_INTERRUPT", "JUMP_IF_TRUE_OR_POP", "JUMP_IF_FALSE_OR_POP", "FOR_ITER", "END_FOR",
    "PUSH_EXC_INFO", "POP_EXCEPT", "RETURN_VALUE", "RETURN_CONST", "DELETE_ATTR", "DELETE_SUBSCR", "STORE_SLICE",
    "BEFORE_WITH", "LOAD_SPECIAL", "IMPORT_NAME", "MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE",
)  # fmt: skip


def dependences(instructions: Instructions) -> dict[int, Dependence]:
    """By the byte offset of each store that can be followed, the loads that the stored value depends on, if any."""
    return _Flow(instructions).run()


class _Lost(Exception):
    """The depth of the stack does not come out: nothing is known of this code."""


class _Flow:
    def __init__(self, instructions: Instructions) -> None:
        self._instructions = instructions
        self._handlers = {
            i: handler
            for handler in instructions.handlers
            for i in range(instructions.index[handler.start], bisect_left(instructions.starts, handler.end))
        }
        self._before: dict[int, _State] = {}
        self._todo: list[int] = []

    def run(self) -> dict[int, Dependence]:
        instructions = self._instructions
        code = instructions.code
        arguments = code.co_argcount + code.co_kwonlyargcount
        arguments += bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
        try:
            self._reach(0, _State((), dict.fromkeys(range(arguments), _NOTHING)))
            while self._todo:
                self._step(self._todo.pop())
        except (_Lost, IndexError):
            return {}
        found: dict[int, Dependence] = {}
        for i, state in self._before.items():
            stored = self._stored(i, state)
            if stored:
                offsets: dict[int, bool] = {}
                for offset, called in stored:
                    offsets[offset] = offsets.get(offset, True) and called
                found[2 * instructions.places[i]] = offsets
        return found

    def _stored(self, i: int, state: _State) -> _Value:
        op = self._instructions.ops[i]
        if op in _STORES_NAME:
            return state.stack[-1]
        if op == _STORES_ATTRIBUTE:
            return state.stack[-2]
        return state.stack[-3] if op == _STORES_ITEM else _NOTHING

    def _reach(self, i: int, state: _State) -> None:
        before = self._before.get(i)
        if before is not None:
            if len(before.stack) != len(state.stack):
                raise _Lost
            state = before.met(state)
            if state == before:
                return
        self._before[i] = state
        self._todo.append(i)

    def _step(self, i: int) -> None:
        instructions = self._instructions
        op, arg = instructions.ops[i], instructions.args[i]
        stack, variables = list(self._before[i].stack), dict(self._before[i].variables)
        handler = self._handlers.get(i)
        if handler is not None:
            depth = (handler.depth >> 1) + (handler.depth & 1) + 1
            self._reach(instructions.index[handler.target], _State((_NOTHING,) * depth, variables.copy()))
        target = instructions.jumps.get(i)
        if target is not None:
            jumped = stack.copy()
            self._by_effect(op, arg, jumped, jump=True)
            self._reach(target, _State(tuple(jumped), variables.copy()))
        if op in FINAL:
            return
        if not self._run_known(i, op, arg, stack, variables):
            self._by_effect(op, arg, stack, jump=False)
        self._reach(i + 1, _State(tuple(stack), variables))

    def _by_effect(self, op: int, arg: int, stack: list[_Value], *, jump: bool) -> None:
        """All that is known is how the depth changes."""
        effect = stack_effect(op, arg if op >= HAVE_ARGUMENT else None, jump=jump)
        if op not in _HARMLESS:
            stack[:] = [_NOTHING] * len(stack)
        if -effect > len(stack):
            raise _Lost
        if effect < 0:
            del stack[effect:]
        else:
            stack += [_NOTHING] * effect

    def _run_known(self, i: int, op: int, arg: int, stack: list[_Value], variables: dict[int, _Value]) -> bool:
        return (
            self._move(op, arg, stack)
            or self._use_variable(op, arg, stack, variables)
            or self._load(i, op, arg, stack)
            or self._make(i, op, arg, stack)
        )

    @staticmethod
    def _move(op: int, arg: int, stack: list[_Value]) -> bool:
        if op == _COPY:
            stack.append(stack[-arg])
        elif op == _SWAP:
            stack[-1], stack[-arg] = stack[-arg], stack[-1]
        elif op != _PRECALL:  # what it seems to take, the call after it takes
            return False
        return True

    def _use_variable(self, op: int, arg: int, stack: list[_Value], variables: dict[int, _Value]) -> bool:
        if op in _LOADS_VARIABLE:
            stack.append(variables.get(arg, _NOTHING))
        elif op in _STORES_VARIABLE:
            variables[arg] = stack.pop()
        elif op in _LOADS_TWO:
            stack += [variables.get(arg >> 4, _NOTHING), variables.get(arg & 15, _NOTHING)]
        elif op == _STORES_TWO:
            variables[arg >> 4] = stack.pop()
            variables[arg & 15] = stack.pop()
        elif op == _STORES_AND_LOADS:
            variables[arg >> 4] = stack.pop()
            stack.append(variables.get(arg & 15, _NOTHING))
        elif op == _LOADS_AND_CLEARS:
            stack.append(variables.pop(arg, _NOTHING))
        elif op == _DELETES_VARIABLE:
            variables.pop(arg, None)
        else:
            return False
        return True

    def _load(self, i: int, op: int, arg: int, stack: list[_Value]) -> bool:
        here = _Source(2 * self._instructions.places[i], False)
        if op in _LOADS_NAME:
            pushes_null = op == OPCODES["LOAD_GLOBAL"] and arg & NULL_BIT
            value = frozenset({here})
            if not pushes_null:
                stack.append(value)
            else:
                stack += [_NOTHING, value] if LAYOUT.null_first else [value, _NOTHING]
        elif op == _RETURN_GENERATOR:
            stack.append(_NOTHING)  # what is sent first
        elif op in _LOADS_ATTRIBUTE:
            value = stack.pop() | {here}
            method = arg & METHOD_BIT if NAME_SHIFT[op] else op != OPCODES["LOAD_ATTR"]
            stack += [value, value] if method else [value]
        else:
            return False
        return True

    def _make(self, i: int, op: int, arg: int, stack: list[_Value]) -> bool:
        if op in _CALLS or op in _RESULTS or op in _OPERATORS:
            taken = 1 - stack_effect(op, arg if op >= HAVE_ARGUMENT else None)
            if op == _CALL and LAYOUT.precall:
                taken = arg + 2
            if taken > len(stack):
                raise _Lost
            operands = stack[len(stack) - taken :] if taken else []
            del stack[len(stack) - taken :]
            made = frozenset().union(*operands)
            if op not in _OPERATORS or (op == _BINARY and arg in _IDEMPOTENT):
                made = _called(made)
            if op in _CALLS or (op in _SUBSCRIPTS and (op != _BINARY or arg == _SUBSCRIPT)):
                made |= {_Source(2 * self._instructions.places[i], False)}
            stack.append(made)
            return True
        if op in _ADDS:
            added = _called(frozenset().union(*stack[-_ADDS[op] :]))
            del stack[-_ADDS[op] :]
            stack[-arg] |= added
        elif op == _STORES_ATTRIBUTE:
            del stack[-2:]
        elif op == _STORES_ITEM:
            del stack[-3:]
        elif op in _STORES_NAME:
            stack.pop()
        else:
            return False
        return True
