"""The families of instructions that hooks stand before. A new one is a module here and a line in ``_FAMILIES``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pytest_gilcheck.races.bytecode.families import (
    attributes,
    calls,
    cells,
    contexts,
    imports,
    items,
    iteration,
    names,
    operators,
    reads,
    truth,
    yields,
)
from pytest_gilcheck.races.bytecode.hookcalls import Want
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import OPCODES

#: Says which hooks are wanted for the instruction of an index.
Plan = Callable[[Instructions, int], Sequence[Want]]

_FAMILIES: tuple[Mapping[str, Plan], ...] = (
    attributes.PLANS,
    items.PLANS,
    reads.PLANS,
    truth.PLANS,
    operators.PLANS,
    iteration.PLANS,
    names.PLANS,
    cells.PLANS,
    calls.PLANS,
    contexts.PLANS,
    imports.PLANS,
    yields.PLANS,
)

#: By opcode; an instruction may be of several families.
PLANS: list[Plan | None] = [None] * 256


def _both(first: Plan, second: Plan) -> Plan:
    return lambda instructions, i: (*first(instructions, i), *second(instructions, i))


for _family in _FAMILIES:
    for _name, _plan in _family.items():
        if _name in OPCODES:
            _present = PLANS[OPCODES[_name]]
            PLANS[OPCODES[_name]] = _both(_present, _plan) if _present else _plan
