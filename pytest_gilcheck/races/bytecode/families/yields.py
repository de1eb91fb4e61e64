"""A generator is about to hand out a value: the last moment of its running, when no other thread may ask it for more."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import CO_GENERATOR

from pytest_gilcheck.races.bytecode.hookcalls import Want, looking
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.sites import Kind

_NOTHING = looking()


def _yield(instructions: Instructions, i: int) -> Sequence[Want]:
    if not instructions.code.co_flags & CO_GENERATOR:
        return ()
    return (Want(Kind.YIELD, None, _NOTHING, i),)


PLANS = {"YIELD_VALUE": _yield}
