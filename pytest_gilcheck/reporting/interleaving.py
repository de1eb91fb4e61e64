"""The interleaving of a failure as lines of text, drawn from its record."""

from __future__ import annotations

from pytest_gilcheck.races.story import Story
from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.reporting.columns import Drawing


def drawn(record: RaceRecord) -> list[str]:
    """What the threads did, and for those that are stuck what they wait for; nothing where there is no story."""
    if record.story is None:
        return []
    drawing = Drawing(Story.from_builtins(record.story), str)
    stuck = drawing.stuck()
    return [*drawing.columns(), *([""] if stuck else []), *stuck]


def said_of_gil(record: RaceRecord) -> str | None:
    """Whether it can happen with the GIL, if that was found out."""
    if record.gil_feasible is None:
        return None
    return f"possible on this interpreter with the GIL: {'yes' if record.gil_feasible else 'no'}"
