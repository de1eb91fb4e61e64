"""The table of verdicts on the terminal: scaling and races side by side, worst first, as wide as the terminal allows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting import races, text
from pytest_gilcheck.reporting.layout import line, notes, printable
from pytest_gilcheck.verdict import WITNESSED


class _Column(NamedTuple):
    """``of`` makes the cell of a record; of columns that do not fit, the one with the highest ``order`` is left out first;
    those of order 0 stay."""

    heading: str
    of: Callable[[Checked], str]
    order: int
    left: bool = False


# In place of the verdict of a check that nobody asked for.
_NONE = "-"


def _scaling(cell: Callable[[ScalingRecord], str], none: str = "") -> Callable[[Checked], str]:
    return lambda checked: none if checked.scaling is None else cell(checked.scaling)


def _race(cell: Callable[[RaceRecord], str], none: str = "") -> Callable[[Checked], str]:
    return lambda checked: none if checked.race is None else cell(checked.race)


_OF_SCALING = (
    _Column("scaling", _scaling(text.verdict, _NONE), 0, left=True),
    _Column("threads", _scaling(lambda record: text.speedup(record.speedup_threads)), 0),
    _Column("processes", _scaling(lambda record: text.speedup(record.speedup_processes)), 2),
    _Column("GIL held", _scaling(text.share), 1),
    _Column("alone", _scaling(text.alone), 4),
)
_OF_RACES = (
    _Column("race check", _race(lambda record: record.verdict.value, _NONE), 0, left=True),
    _Column("coverage", _race(lambda record: record.coverage or ""), 3, left=True),
    _Column("schedules", _race(races.schedules), 5),
    _Column("copies", _race(races.copies), 6),
    _Column("took", _race(races.took), 7),
)


def table(records: Mapping[str, Checked], width: int) -> list[str]:
    """A row for each test, with the reasons and what would help below it; nothing without records.

    Columns of a check that no test had are left out, and so are the least important ones where ``width`` is too small for
    the longest test id.
    """
    shown = {test: checked for test, checked in records.items() if checked.scaling or checked.race}
    if not shown:
        return []
    ranked = sorted(shown.items(), key=lambda entry: rank(entry[1]))
    columns = [
        *(_OF_SCALING if any(checked.scaling for checked in shown.values()) else ()),
        *(_OF_RACES if any(checked.race for checked in shown.values()) else ()),
    ]
    rows = [[column.of(checked) for column in columns] for _, checked in ranked]
    names = [printable(test) for test, _ in ranked]
    kept = _fitting(columns, rows, width - max(map(len, names)))
    headings = [columns[number].heading for number in kept]
    widths = [max(len(cells) for cells in (headings[n], *(row[number] for row in rows))) for n, number in enumerate(kept)]
    left = [columns[number].left for number in kept]
    lines = [line([*headings, "test"], widths, left)]
    for (_, checked), name, row in zip(ranked, names, rows, strict=True):
        lines.append(line([*(row[number] for number in kept), name], widths, left))
        lines += notes(_texts(checked), width)
    return lines


def _fitting(columns: Sequence[_Column], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """The numbers of the columns that fit into ``width``, with two spaces behind each."""
    widths = [max(len(column.heading), *(len(row[n]) for row in rows)) + 2 for n, column in enumerate(columns)]
    kept = list(range(len(columns)))
    while sum(widths[number] for number in kept) > width:
        least = max(kept, key=lambda number: columns[number].order)
        if columns[least].order == 0:
            break
        kept.remove(least)
    return kept


def rank(checked: Checked) -> tuple[object, ...]:
    """What a reader has to act on first comes first: what was witnessed, what is not as expected, what was flagged."""
    scaling, race = checked.scaling, checked.race
    witnessed = race is not None and race.verdict in WITNESSED
    broken = scaling is not None and (scaling.failed or scaling.expectation == "broken")
    flagged = (scaling is not None and scaling.flagged) or (race is not None and race.flagged)
    first = races.rank(race) if witnessed else 0
    return (not witnessed, first, not broken, not flagged, *text.rank(scaling), races.rank(race))


def _texts(checked: Checked) -> list[str]:
    of_scaling = [] if checked.scaling is None else text.texts(checked.scaling)
    of_race = [] if checked.race is None else races.texts(checked.race)
    return [*dict.fromkeys([*of_scaling, *of_race])]  # one reason may keep both from being run
