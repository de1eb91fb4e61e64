"""``with``: the hook says which manager to enter. ``async with`` is left alone."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Want, replacing
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.bytecode.versions import EXIT_METHOD
from pytest_gilcheck.races.sites import Kind

_MANAGER = replacing(1)


def _enter(_instructions: Instructions, i: int) -> Sequence[Want]:
    return (Want(Kind.ENTER, None, _MANAGER, i),)


def _special(instructions: Instructions, i: int) -> Sequence[Want]:
    """From 3.14 on the manager is copied first, and both its methods are loaded."""
    return (Want(Kind.ENTER, None, _MANAGER, i - 1),) if instructions.args[i] == EXIT_METHOD else ()


PLANS = {"BEFORE_WITH": _enter, "LOAD_SPECIAL": _special}
