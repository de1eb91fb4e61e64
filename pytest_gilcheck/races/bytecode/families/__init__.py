"""The families of instructions that hooks stand before. A new one is a module here and a line in ``_FAMILIES``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from pytest_gilcheck.races.bytecode.families import (
    attributes,
    breaker,
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
Plans = Sequence[Plan | None]

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


def _both(first: Plan, second: Plan) -> Plan:
    return lambda instructions, i: (*first(instructions, i), *second(instructions, i))


def _table(families: Iterable[Mapping[str, Plan]]) -> Plans:
    plans: list[Plan | None] = [None] * 256
    for family in families:
        for name, plan in family.items():
            if name in OPCODES:
                present = plans[OPCODES[name]]
                plans[OPCODES[name]] = _both(present, plan) if present else plan
    return plans


#: By opcode; an instruction may be of several families.
PLANS = _table(_FAMILIES)
#: The same, and before them the hooks that tell where the GIL may be handed over.
WITH_BREAKER = _table((breaker.PLANS, *_FAMILIES))
