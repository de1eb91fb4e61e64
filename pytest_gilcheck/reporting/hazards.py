"""Hazards as text: one line each for the report, with their places below a failure."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_gilcheck.reporting.layout import INDENT
from pytest_gilcheck.verdict import Hazard, HazardPlace

# The table shows this many of a test.
_SHOWN = 8


def short(hazards: Sequence[Hazard]) -> list[str]:
    """How many there are, and a line for each; of many the first. Nothing where there are none."""
    if not hazards:
        return []
    lines = [f"{len(hazards)} hazard{'s' * (len(hazards) != 1)}"]
    lines += [f"? {hazard.kind}: {hazard.text} ({_lines(hazard)})" for hazard in hazards[:_SHOWN]]
    left = len(hazards) - _SHOWN
    return [*lines, f"? and {left} more, which --gilcheck-json writes"] if left > 0 else lines


def full(hazards: Sequence[Hazard]) -> list[str]:
    """Each with its places: the line, what is done there, and the locks that are held."""
    lines: list[str] = []
    for hazard in hazards:
        lines.append(f"hazard ({hazard.kind}): {hazard.text}")
        for place in hazard.places:
            lines += [
                f"{INDENT}{place.file}:{place.line} in {place.function}  {place.source}",
                f"{INDENT * 2}{_done(place)}",
            ]
    return lines


def _lines(hazard: Hazard) -> str:
    """The lines that take part, each once."""
    return ", ".join(dict.fromkeys(f"{place.file}:{place.line}" for place in hazard.places))


def _done(place: HazardPlace) -> str:
    done = f"thread {place.thread} {place.act}"
    if not place.locks:
        return f"{done}, without a lock"
    return f"{done}, with the lock{'s' * (len(place.locks) > 1)} taken at {', '.join(place.locks)}"
