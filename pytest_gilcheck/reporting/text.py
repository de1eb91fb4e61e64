"""The terminal's view of the scaling records: a table, one line for what was flagged; and what the gate says."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.gating.policy import Decision, reason
from pytest_gilcheck.record import Checked, ScalingRecord
from pytest_gilcheck.reporting.layout import INDENT, column_widths, counted, line, notes, printable
from pytest_gilcheck.verdict import Scaling

#: Worst first: what a reader has to act on is at the top.
ORDER = {verdict: rank for rank, verdict in enumerate(Scaling)}

_HEADINGS = ("verdict", "threads", "processes", "GIL held", "alone", "test")

# From here on three digits of milliseconds would round to a fourth.
_SHOWN_IN_SECONDS = 0.9995


def table(records: Mapping[str, ScalingRecord], width: int) -> list[str]:
    """A row for each test, worst first, with the reason and what would help below it; nothing without records."""
    if not records:
        return []
    ranked = sorted(records.items(), key=lambda entry: _rank(entry[1]))
    rows = [_cells(test, record) for test, record in ranked]
    widths = column_widths([_HEADINGS, *rows])
    lines = [line(_HEADINGS, widths)]
    for (_, record), cells in zip(ranked, rows, strict=True):
        lines.append(line(cells, widths))
        lines += notes(_texts(record), width)
    return lines


def _rank(record: ScalingRecord) -> tuple[bool, bool, int]:
    return (not record.failed, record.expectation != "broken", ORDER[record.verdict])


def _cells(test: str, record: ScalingRecord) -> tuple[str, ...]:
    share = "" if record.gil_share is None else f"{record.gil_share:.0%}"
    return (
        "failed" if record.failed else record.verdict.value,
        _speedup(record.speedup_threads),
        _speedup(record.speedup_processes),
        share,
        "" if record.single_seconds is None else duration(record.single_seconds),
        printable(test),
    )


def _speedup(value: float | None) -> str:
    return "" if value is None else f"×{value:.2f}"


def duration(seconds: float) -> str:
    """``12.3 ms`` or ``1.50 s``."""
    return f"{seconds:.2f} s" if seconds >= _SHOWN_IN_SECONDS else f"{seconds * 1e3:.3g} ms"


def _texts(record: ScalingRecord) -> list[str]:
    texts = [record.reason]
    if record.advice:
        texts.append(f"→ {record.advice}")
    if record.details:
        texts.append(record.details)
    if record.expected and record.expectation != "met":
        texts.append(f"! {record.expected}")
    return texts


def footnotes(environment: Environment, xdist_workers: int) -> list[str]:
    """What the figures were taken on."""
    cpus = f"{environment.cpus:g} usable CPU{'' if environment.cpus == 1 else 's'}"
    quota = f" (cgroup quota of {environment.usable_cpus} CPUs)" if environment.cpu_quota is not None else ""
    gil = f"GIL {environment.gil}" + (f" by {environment.gil_reenabled_by}" if environment.gil_reenabled_by else "")
    lines = [f"{environment.implementation} {environment.python}, {gil}, {cpus}{quota}"]
    if not environment.run_queue_delay:
        lines.append("this system does not tell how long threads wait for a CPU: verdicts are less certain when it is busy")
    if xdist_workers:
        lines.append(f"{xdist_workers} xdist workers ran tests at the same time: one measured at a time, beside the others")
    return lines


def summary(records: Mapping[str, ScalingRecord], *, full: bool) -> list[str]:
    """One line on what was flagged, shown on every run; ``full``: the table has been shown, too."""
    groups: dict[str, list[str]] = {}
    for test, record in sorted(records.items(), key=lambda entry: _rank(entry[1])):
        if record.flagged:
            groups.setdefault(_flag(record), []).append(test)
    hint = "" if full else "; --gilcheck-report shows why"
    return [f"gilcheck: {counted(groups)}{hint}"] if groups else []


def _flag(record: ScalingRecord) -> str:
    if record.failed:
        return "failed when rerun"
    if record.expectation == "broken":
        return "not as expected"
    if record.expectation == "unchecked":
        return "expectation unchecked"
    return record.verdict.value


def gate(decision: Decision, records: Mapping[str, Checked]) -> list[str]:
    """Which tests fail the run and why; nothing when none does."""
    if not decision.fails:
        return []
    words = sorted({word for _, word in decision.failing})
    lines = [f"gilcheck: --gilcheck-fail-on={','.join(words)} fails this run:"]
    for test, word in decision.failing:
        lines.append(f"{INDENT}{word}: {printable(test)}")
        why = reason(word, records[test])
        lines += [f"{INDENT}{INDENT}{printable(why)}"] if why else []
    return lines
