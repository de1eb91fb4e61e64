"""Global names, loaded, stored and deleted; the names of a module's own code are global, those of a class body are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Want, looking
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.sites import Kind

_NOTHING = looking()


def _name(kind: Kind) -> Callable[[Instructions, int], Sequence[Want]]:
    return lambda instructions, i: (Want(kind, instructions.name(i), _NOTHING, i),)


def _of_module(kind: Kind) -> Callable[[Instructions, int], Sequence[Want]]:
    def plan(instructions: Instructions, i: int) -> Sequence[Want]:
        if instructions.code.co_name != "<module>":
            return ()
        return (Want(kind, instructions.name(i), _NOTHING, i),)

    return plan


PLANS = {
    "LOAD_GLOBAL": _name(Kind.LOAD_GLOBAL),
    "LOAD_NAME": _name(Kind.LOAD_GLOBAL),
    "LOAD_FROM_DICT_OR_GLOBALS": _name(Kind.LOAD_GLOBAL),
    "STORE_GLOBAL": _name(Kind.STORE_GLOBAL),
    "DELETE_GLOBAL": _name(Kind.DELETE_GLOBAL),
    "STORE_NAME": _of_module(Kind.STORE_GLOBAL),
    "DELETE_NAME": _of_module(Kind.DELETE_GLOBAL),
}
