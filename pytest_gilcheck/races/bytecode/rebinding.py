"""Which of the variables that functions share through cells are bound more than once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from inspect import CO_VARARGS, CO_VARKEYWORDS

from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import BACKWARD, opcodes

_BINDING = opcodes("STORE_DEREF", "DELETE_DEREF")
# The compiler binds these once, before anybody can see them.
_COMPILER = frozenset(("__class__", "__classdict__"))


def mark_rebound(instructions: Instructions, outer: AbstractSet[str] | None = None) -> None:
    """Set ``rebound`` of the instructions and of all code nested in them.

    ``outer`` are the variables of the enclosing code that are; ``None`` where that code is not known, and every free
    variable may be.
    """
    if not instructions.code.co_cellvars and not instructions.code.co_freevars:
        for _, child in instructions.children:
            mark_rebound(child, frozenset())
        return
    free = {name for name in instructions.code.co_freevars if name not in _COMPILER and not name.startswith(".")}
    rebound = free if outer is None else free & outer
    bindings = _bindings(instructions)
    own = set(instructions.code.co_cellvars)
    rebound |= {name for name in own if bindings[name] > 1}
    for _, child in instructions.children:
        rebound |= own & _bound_inside(child)
    instructions.rebound = frozenset(rebound)
    for _, child in instructions.children:
        mark_rebound(child, instructions.rebound)


def _bindings(instructions: Instructions) -> Counter[str]:
    """How often each variable is bound, as far as it matters: once, or more often. An argument is bound by the call."""
    code = instructions.code
    arguments = code.co_argcount + code.co_kwonlyargcount
    arguments += bool(code.co_flags & CO_VARARGS) + bool(code.co_flags & CO_VARKEYWORDS)
    bindings = Counter(code.co_varnames[:arguments])
    loops = [(target, i) for i, target in instructions.jumps.items() if instructions.ops[i] in BACKWARD]
    for i, op in enumerate(instructions.ops):
        if op in _BINDING:
            bindings[instructions.variable(i)] += 2 if any(start <= i < end for start, end in loops) else 1
    return bindings


def _bound_inside(instructions: Instructions) -> set[str]:
    """The free variables that the code, or code nested in it, binds."""
    free = set(instructions.code.co_freevars)
    if not free:
        return free
    bound = {instructions.variable(i) for i, op in enumerate(instructions.ops) if op in _BINDING}
    for _, child in instructions.children:
        bound |= _bound_inside(child)
    return bound & free
