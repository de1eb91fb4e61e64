"""Numbers that the user typed, as checked values."""

from __future__ import annotations

from collections.abc import Callable

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.plugin.markers import Check

# So much of a wrong value is shown.
_SHOWN = 60


def number(check: Check) -> Callable[[str], float]:
    """What makes a number of a text; raises :class:`Misuse` for one that ``check`` does not accept."""

    def parse(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = -1.0
        valid = check(found)
        if valid is not None:
            raise Misuse(f"{shown(text)} is not {valid}")
        return found

    return parse


def shown(text: str) -> str:
    """``text`` as it stands in a message: the middle of a long one is left out."""
    half = _SHOWN // 2
    return repr(text if len(text) <= _SHOWN else f"{text[:half]}…{text[-half:]}")
