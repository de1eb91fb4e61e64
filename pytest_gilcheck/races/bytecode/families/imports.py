"""Import statements."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.races.bytecode.hookcalls import Want, looking
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.sites import Kind

_NOTHING = looking()


def _import(instructions: Instructions, i: int) -> Sequence[Want]:
    return (Want(Kind.IMPORT, instructions.name(i), _NOTHING, i),)


PLANS = {"IMPORT_NAME": _import}
