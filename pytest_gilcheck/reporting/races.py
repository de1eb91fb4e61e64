"""The terminal's view of the race records: their cells in the table, and what a replay says."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.reporting import hazards
from pytest_gilcheck.reporting.layout import printable
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


def rank(record: RaceRecord | None) -> int:
    """Worst first."""
    return len(ORDER) if record is None else ORDER[record.verdict]


def texts(record: RaceRecord) -> list[str]:
    """What the table says below a row: the reason, what was covered, what was not controlled, what may go wrong."""
    return [record.reason, *_coverage(record), *_uncontrolled(record), *hazards.short(record.hazards)]


def schedules(record: RaceRecord) -> str:
    """How many executions there were, if any."""
    return f"{record.schedules:,}" if record.schedules else ""


def copies(record: RaceRecord) -> str:
    """The most copies of the body that ran at once."""
    return "" if record.threads is None else str(record.threads)


def took(record: RaceRecord) -> str:
    """What the search cost, if there was one."""
    return duration(record.seconds) if record.schedules else ""


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


def not_reproduced(records: Mapping[str, RaceRecord]) -> list[str]:
    """What a replay says about tests that passed under the schedule that they were given."""
    passed = [test for test, record in records.items() if record.verdict is Race.CLEAN]
    return [f"gilcheck: the schedule ran and did not fail: {printable(test)}" for test in passed]
