"""Which slot of the stack holds what a call calls, and under which name it was loaded: a walk along the stack's depth."""

from __future__ import annotations

from collections.abc import Callable
from dis import HAVE_ARGUMENT, stack_effect
from operator import attrgetter
from typing import Final, NamedTuple

from pytest_gilcheck.races.bytecode.reading import Handler, Instructions
from pytest_gilcheck.races.bytecode.versions import (
    FINAL,
    KEYWORDS_BIT,
    LAYOUT,
    METHOD_BIT,
    NAME_SHIFT,
    NULL_BIT,
    OPCODES,
    opcodes,
)


class Callee(NamedTuple):
    """What a call calls: the depth of its slot when the call runs; ``plain`` calls need no hook."""

    depth: int
    name: str | None
    plain: bool


class _Opening(NamedTuple):
    """What was pushed to be called later: ``floor`` is how deep the stack was below it."""

    floor: int
    name: str | None
    plain: bool = False


class _Effects(dict[int, int]):
    """Of an instruction on the stack's depth, by opcode, argument and whether it jumps."""

    def __missing__(self, key: int) -> int:
        op, jump, arg = key & 255, bool(key & 256), key >> 9
        effect = stack_effect(op, arg if op >= HAVE_ARGUMENT else None, jump=jump)
        self[key] = effect
        return effect


_effects: Final = _Effects()
# The generator that it pushes for its caller is gone when the body goes on, but the POP_TOP behind it is for what was sent.
_effects[OPCODES["RETURN_GENERATOR"]] = 1
_FRESH = opcodes("LOAD_BUILD_CLASS", "MAKE_FUNCTION", "SET_FUNCTION_ATTRIBUTE")
_SWAP = OPCODES["SWAP"]


def _global(instructions: Instructions, i: int, depth: int) -> _Opening | None:
    return _Opening(depth, instructions.name(i)) if instructions.args[i] & NULL_BIT else None


def _method(instructions: Instructions, i: int, depth: int) -> _Opening | None:
    wanted = NAME_SHIFT[instructions.ops[i]] == 0 or instructions.args[i] & METHOD_BIT
    return _Opening(depth - 1, instructions.name(i)) if wanted else None


def _super_method(instructions: Instructions, i: int, depth: int) -> _Opening | None:
    return _Opening(depth - 3, instructions.name(i)) if instructions.args[i] & METHOD_BIT else None


def _null(instructions: Instructions, i: int, depth: int) -> _Opening:
    if LAYOUT.null_first:
        return _Opening(depth, None)
    loader = instructions.before(i)
    named = loader >= 0 and NAME_SHIFT[loader] >= 0
    return _Opening(depth - 1, instructions.name(i - 1) if named else None, loader in _FRESH)


def _error(_instructions: Instructions, _i: int, depth: int) -> _Opening:
    return _Opening(depth, None, plain=True)


def _function(instructions: Instructions, i: int, depth: int) -> _Opening:
    return _Opening(depth + _effects[instructions.ops[i] | instructions.args[i] << 9] - 1, None, plain=True)


_OPENERS: dict[str, Callable[[Instructions, int, int], _Opening | None]] = {
    "LOAD_GLOBAL": _global,
    "LOAD_METHOD": _method,
    "LOAD_SUPER_ATTR": _super_method,
    "PUSH_NULL": _null,
    "LOAD_ASSERTION_ERROR": _error,
}
if LAYOUT.shifts["LOAD_ATTR"]:
    _OPENERS["LOAD_ATTR"] = _method
if not LAYOUT.null_first:
    _OPENERS.update(MAKE_FUNCTION=_function, SET_FUNCTION_ATTRIBUTE=_function)
_BY_OPCODE = {OPCODES[name]: opener for name, opener in _OPENERS.items() if name in OPCODES}

# The arguments above the two slots of a call: as many as its own argument says, and these.
_CALLS = {OPCODES[name]: more for name, more in {"CALL": 0, "CALL_KW": 1}.items() if name in OPCODES}
_CALL_EX = OPCODES["CALL_FUNCTION_EX"]
# A call without arguments directly behind one of these runs a comprehension or enters a context.
_INTERNAL = opcodes("GET_ITER", "GET_AITER", "LOAD_SPECIAL")


class _Walk:
    """Follows the depth of the stack through the instructions in their order, and where a call was begun."""

    def __init__(self, instructions: Instructions) -> None:
        self._instructions = instructions
        self._at_targets: dict[int, tuple[int, list[_Opening]]] = {}
        self._guarded: dict[int, list[Handler]] = {}
        for handler in instructions.handlers:
            self._guarded.setdefault(instructions.index[handler.start], []).append(handler)
        self.callees: dict[int, Callee] = {}

    def run(self) -> None:
        instructions, effects = self._instructions, _effects
        jumps, guarded = instructions.jumps, self._guarded
        depth, known = 0, True
        openings: list[_Opening] = []
        for i, (op, arg) in enumerate(zip(instructions.ops, instructions.args, strict=True)):
            if not known:
                if i not in self._at_targets:
                    continue
                (depth, openings), known = self._at_targets[i], True
            elif self._at_targets.get(i, (depth,))[0] != depth:
                return  # never seen; better no hooks than a NULL taken for an object
            if i in guarded:
                self._enter_handlers(i, openings)
            if op in _CALLS or op == _CALL_EX:
                self._call(i, depth, openings)
            if i in jumps:
                at_target = depth + effects[op | 256 | arg << 9]
                self._at_targets.setdefault(jumps[i], (at_target, openings.copy()))
            if openings or op in _BY_OPCODE:
                depth = self._pass(i, depth, openings)
            else:
                depth += effects[op | arg << 9]
            known = op not in FINAL

    def _pass(self, i: int, depth: int, openings: list[_Opening]) -> int:
        """The depth behind instruction ``i``; what it has pushed to be called, or taken, is noted."""
        op, arg = self._instructions.ops[i], self._instructions.args[i]
        opener = _BY_OPCODE.get(op)
        opening = opener(self._instructions, i, depth) if opener else None
        depth += _effects[op | arg << 9]
        while openings and openings[-1].floor >= depth:
            openings.pop()
        if opening:
            openings.append(opening)
        elif LAYOUT.null_first and openings:
            self._follow(i, depth, openings)
        return depth

    def _enter_handlers(self, i: int, openings: list[_Opening]) -> None:
        """What is below the depth that a handler unwinds to stays: after ``async for`` in an argument, the call goes on."""
        for handler in self._guarded[i]:
            depth, lasti = handler.depth >> 1, handler.depth & 1
            kept = [opening for opening in openings if opening.floor < depth]
            self._at_targets.setdefault(self._instructions.index[handler.target], (depth + lasti + 1, kept))

    def _follow(self, i: int, depth: int, openings: list[_Opening]) -> None:
        """What an instruction does to the NULL of a call, or to what is put on it."""
        op, arg = self._instructions.ops[i], self._instructions.args[i]
        if op == _SWAP:
            moved = {depth - 1: depth - arg, depth - arg: depth - 1}
            openings[:] = sorted(
                (each._replace(floor=moved.get(each.floor, each.floor)) for each in openings), key=attrgetter("floor")
            )
        elif openings[-1].floor + 2 != depth:
            return
        elif NAME_SHIFT[op] >= 0:
            openings[-1] = openings[-1]._replace(name=self._instructions.name(i))
        elif op in _FRESH:
            openings[-1] = openings[-1]._replace(plain=True)

    def _call(self, i: int, depth: int, openings: list[_Opening]) -> None:
        op, arg = self._instructions.ops[i], self._instructions.args[i]
        if op == _CALL_EX:
            above = 1 + (1 if LAYOUT.keywords_always else arg & KEYWORDS_BIT)
        else:
            above = arg + _CALLS[op]
            depth += above if LAYOUT.precall else 0  # PRECALL counts as taking the arguments
        floor = depth - above - 2
        opening = None
        while openings and openings[-1].floor >= floor:
            last = openings.pop()
            opening = opening or (last if last.floor == floor else None)
        instructions = self._instructions
        previous = instructions.before(i - 1 if LAYOUT.precall else i)
        internal = arg == 0 and previous in _INTERNAL
        upper = LAYOUT.null_first and (op == _CALL_EX or opening is not None)
        self.callees[i] = Callee(
            depth=depth - floor - (1 if upper else 0),
            name=opening.name if opening else None,
            plain=internal or (opening is not None and opening.plain),
        )


def callees(instructions: Instructions) -> dict[int, Callee]:
    """By the index of each call that can be understood, what it calls."""
    walk = _Walk(instructions)
    walk.run()
    return walk.callees
