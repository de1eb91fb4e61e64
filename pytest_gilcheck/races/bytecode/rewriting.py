"""Puts hooks into code objects: asks the families what they want, the factory for the hooks, and writes the code anew."""

from __future__ import annotations

from types import CodeType

from pytest_gilcheck.races.bytecode import methods
from pytest_gilcheck.races.bytecode.families import PLANS, Plans
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.rebinding import mark_rebound
from pytest_gilcheck.races.bytecode.versions import LAYOUT
from pytest_gilcheck.races.bytecode.writing import Edit, write
from pytest_gilcheck.races.sites import HookFactory, Kind, Site

# Their hooks get what is called, which has to be in a slot of its own.
_OF_CALLEES = frozenset({Kind.CALL, Kind.CALLS})


def instrument(code: CodeType, factory: HookFactory, *, trusted: bool = False, plans: Plans = PLANS) -> CodeType:
    """A copy of ``code``, and of the code nested in it, with a call of a hook before each operation on shared state.

    ``factory`` is asked once for each site and may return ``None`` for those that need no hook; when it always does,
    ``code`` itself is returned. The sites of nested code refer to the nested original. The copy does what the original
    does: its tracebacks, line events and positions are the same. Hooks become constants of the copy, so they have to be
    hashable; a free-threaded interpreter keeps its constants for good. ``plans`` say where hooks go.
    """
    instructions = Instructions(code)
    mark_rebound(instructions)
    return _rewrite(instructions, factory, trusted, plans)


def _rewrite(instructions: Instructions, factory: HookFactory, trusted: bool, plans: Plans) -> CodeType:
    code = instructions.code
    consts: list[object] = list(code.co_consts)
    nested = False
    for i, child in instructions.children:
        consts[i] = _rewrite(child, factory, trusted, plans)
        nested = nested or consts[i] is not child.code
    edit = _hooks(instructions, factory, trusted, plans, consts)
    if edit.inserted:
        return write(instructions, edit, consts)
    return code.replace(co_consts=tuple(consts)) if nested else code


def _hooks(instructions: Instructions, factory: HookFactory, trusted: bool, plans: Plans, consts: list[object]) -> Edit:
    """Ask for all hooks of a code object, and append them to its constants."""
    code, places = instructions.code, instructions.places
    inserted: dict[int, bytes] = {}
    stack = 0
    calls = False
    lines = code.co_lines()
    line_end, line = 0, None
    for i, op in enumerate(instructions.ops):
        plan = plans[op]
        if plan is None:
            continue
        offset = 2 * places[i]
        while offset >= line_end:
            _, line_end, line = next(lines)
        for kind, name, shape, before in plan(instructions, i):
            hook = factory(Site(code=code, offset=offset, line=line, kind=kind, name=name, trusted=trusted))
            if hook is None:
                continue
            inserted[before] = inserted.get(before, b"") + shape.call(len(consts))
            consts.append(hook)
            stack = max(stack, shape.stack)
            calls = calls or kind in _OF_CALLEES
    if calls and LAYOUT.null_first:
        return _with_plain_methods(instructions, inserted, stack)
    return Edit(inserted, {}, stack)


def _with_plain_methods(instructions: Instructions, inserted: dict[int, bytes], stack: int) -> Edit:
    loads, replaced = methods.plain_loads(instructions)
    for i, load in loads.items():
        inserted[i] = inserted.get(i, b"") + load
    return Edit(inserted, replaced, stack + methods.STACK)
