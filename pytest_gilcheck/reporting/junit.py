"""What a test case in a JUnit file says of a test's checks: properties, each a name and a text."""

from __future__ import annotations

from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.layout import printable

#: All names begin with this.
PREFIX = "gilcheck."


def properties(checked: Checked) -> dict[str, str]:
    """By name without the prefix; what is not known is absent. No text has a character that XML could not hold."""
    found: dict[str, object] = {}
    if checked.scaling is not None:
        found |= _of_scaling(checked.scaling)
    if checked.race is not None:
        found |= _of_race(checked.race)
    return {name: _text(value) for name, value in found.items() if value is not None}


def _of_scaling(record: ScalingRecord) -> dict[str, object]:
    return {
        "scaling": "failed" if record.failed else record.verdict.value,
        "scaling_reason": record.reason,
        "expectation": record.expectation,
        "threads": record.threads,
        "processes": record.processes,
        "gil_share": record.gil_share,
        "runnable_ratio": record.runnable_ratio,
        "speedup_threads": record.speedup_threads,
        "speedup_processes": record.speedup_processes,
        "single_seconds": record.single_seconds,
    }


def _of_race(record: RaceRecord) -> dict[str, object]:
    return {
        "race": record.verdict.value,
        "race_reason": record.reason,
        "kind": record.kind,
        "coverage": record.coverage,
        "schedules": record.schedules,
        "hazards": len(record.hazards),
        "gil_feasible": record.gil_feasible,
        "token": record.token,
    }


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4g}"
    return printable(str(value), newlines=True)
