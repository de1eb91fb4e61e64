"""The terminal's view of the race records: a table, and one line for what was flagged."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.reporting import hazards
from pytest_gilcheck.reporting.layout import column_widths, counted, line, notes, printable
from pytest_gilcheck.reporting.text import duration
from pytest_gilcheck.verdict import Race

#: Worst first. What passed comes before what says nothing, as it is what a reader looks for next.
ORDER = {
    verdict: rank
    for rank, verdict in enumerate(
        (
            Race.RACE,
            Race.DEADLOCK,
            Race.HANG,
            Race.NONDETERMINISTIC,
            Race.UNCONTROLLED,
            Race.NOT_REPEATABLE,
            Race.CLEAN,
            Race.SKIPPED,
        )
    )
}

# The table shows this many lines on what could not be controlled.
_SHOWN = 8

_HEADINGS = ("race check", "coverage", "schedules", "threads", "took", "test")


def table(records: Mapping[str, RaceRecord], width: int) -> list[str]:
    """A row for each test, worst first, with the reason below it; nothing without records."""
    if not records:
        return []
    ranked = sorted(records.items(), key=lambda entry: ORDER[entry[1].verdict])
    rows = [_cells(test, record) for test, record in ranked]
    widths = column_widths([_HEADINGS, *rows])
    lines = [line(_HEADINGS, widths)]
    for (_, record), cells in zip(ranked, rows, strict=True):
        lines.append(line(cells, widths))
        lines += notes([record.reason, *_coverage(record), *_uncontrolled(record), *hazards.short(record.hazards)], width)
    return lines


def _coverage(record: RaceRecord) -> list[str]:
    """What the search saw of what there is, in numbers."""
    if record.verdict is not Race.CLEAN or not record.conflicts:
        return []
    pairs = f"{record.conflicts:,} conflicting pair{'s' * (record.conflicts != 1)} of accesses"
    said = f"{pairs}, in {record.orders_seen:,} of {record.orders_total:,} orders"
    return [f"{said}; {record.pruned:,} choices pruned as equivalent" if record.pruned else said]


def _uncontrolled(record: RaceRecord) -> list[str]:
    """What could not be controlled; of many lines, such as the stacks of an execution that took too long, the first."""
    lines = [f"! {thing}" for thing in record.uncontrolled[:_SHOWN]]
    left = len(record.uncontrolled) - len(lines)
    return [*lines, f"! and {left} more lines, which --gilcheck-json writes"] if left else lines


def _cells(test: str, record: RaceRecord) -> tuple[str, ...]:
    done = record.schedules > 0
    return (
        record.verdict.value,
        record.coverage or "",
        f"{record.schedules:,}" if done else "",
        "" if record.threads is None else str(record.threads),
        duration(record.seconds) if done else "",
        printable(test),
    )


def summary(records: Mapping[str, RaceRecord], *, full: bool) -> list[str]:
    """One line on what was flagged, shown on every run; ``full``: the table has been shown, too."""
    groups: dict[str, list[str]] = {}
    for test, record in sorted(records.items(), key=lambda entry: ORDER[entry[1].verdict]):
        if record.flagged:
            groups.setdefault(record.verdict.value, []).append(test)
    hint = "" if full else "; --gilcheck-report shows why"
    return [f"gilcheck: {counted(groups)}{hint}"] if groups else []


def not_reproduced(records: Mapping[str, RaceRecord]) -> list[str]:
    """What a replay says about tests that passed under the schedule that they were given."""
    passed = [test for test, record in records.items() if record.verdict is Race.CLEAN]
    return [f"gilcheck: the schedule ran and did not fail: {printable(test)}" for test in passed]
