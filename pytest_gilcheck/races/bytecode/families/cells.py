"""Variables that functions share through a cell, where they are bound more than once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Want, of_cell
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.sites import Kind


def _cell(kind: Kind) -> Callable[[Instructions, int], Sequence[Want]]:
    def plan(instructions: Instructions, i: int) -> Sequence[Want]:
        name = instructions.variable(i)
        if name not in instructions.rebound:
            return ()
        return (Want(kind, name, of_cell(instructions.args[i]), i),)

    return plan


PLANS = {
    "LOAD_DEREF": _cell(Kind.LOAD_CELL),
    "LOAD_CLASSDEREF": _cell(Kind.LOAD_CELL),
    "LOAD_FROM_DICT_OR_DEREF": _cell(Kind.LOAD_CELL),
    "STORE_DEREF": _cell(Kind.STORE_CELL),
    "DELETE_DEREF": _cell(Kind.DELETE_CELL),
}
