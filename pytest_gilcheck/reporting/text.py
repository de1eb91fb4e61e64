"""The terminal's view of the records: a table, one line for what was flagged, what the gate says."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.gating.policy import Decision
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import Scaling

#: Worst first: what a reader has to act on is at the top.
ORDER = {verdict: rank for rank, verdict in enumerate(Scaling)}

_HEADINGS = ("verdict", "threads", "processes", "GIL held", "alone", "test")
_INDENT = "    "

# From here on three digits of milliseconds would round to a fourth.
_SHOWN_IN_SECONDS = 0.9995
_NARROWEST = 40
_PLAIN = {"×": "x", "→": "->"}

# A summary line names this many tests, then counts.
_NAMED = 3


def table(records: Mapping[str, ScalingRecord], width: int) -> list[str]:
    """A row for each test, worst first, with the reason and what would help below it."""
    if not records:
        return ["no check was finished; mark tests with @pytest.mark.gilcheck, or use --gilcheck for all"]
    ranked = sorted(records.items(), key=lambda entry: _rank(entry[1]))
    rows = [_cells(test, record) for test, record in ranked]
    widths = [max(len(row[column]) for row in [_HEADINGS, *rows]) for column in range(len(_HEADINGS) - 1)]
    lines = [_row(_HEADINGS, widths)]
    for (_, record), cells in zip(ranked, rows, strict=True):
        lines.append(_row(cells, widths))
        lines += _notes(record, width)
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
        _duration(record.single_seconds),
        printable(test),
    )


def _speedup(value: float | None) -> str:
    return "" if value is None else f"×{value:.2f}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.2f} s" if seconds >= _SHOWN_IN_SECONDS else f"{seconds * 1e3:.3g} ms"


def _row(cells: Iterable[str], widths: list[int]) -> str:
    *narrow, last = cells
    padded = [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(narrow, widths, strict=True))
    ]
    return "  ".join([*padded, last])


def _notes(record: ScalingRecord, width: int) -> list[str]:
    texts = [record.reason]
    if record.advice:
        texts.append(f"→ {record.advice}")
    if record.details:
        texts.append(record.details)
    if record.expected and record.expectation != "met":
        texts.append(f"! {record.expected}")
    lines: list[str] = []
    for text in texts:
        for paragraph in printable(text, newlines=True).splitlines():
            lines += textwrap.wrap(
                paragraph, max(_NARROWEST, width), initial_indent=_INDENT, subsequent_indent=_INDENT + "  "
            )
    return lines


def printable(text: str, *, newlines: bool = False) -> str:
    """``text`` without control characters and lone surrogates, which could garble a terminal."""
    return "".join(c if c.isprintable() or (newlines and c == "\n") else ascii(c)[1:-1] for c in text)


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


def summary(records: Mapping[str, ScalingRecord], *, races: int, full: bool) -> list[str]:
    """One line on what was flagged, shown on every run; one more when tests ask for a race search."""
    lines = []
    flagged = {test: record for test, record in records.items() if record.flagged}
    if flagged:
        groups: dict[str, list[str]] = {}
        for test, record in sorted(flagged.items(), key=lambda entry: _rank(entry[1])):
            groups.setdefault(_flag(record), []).append(printable(test))
        parts = [f"{len(tests)} {word} ({_some(tests)})" for word, tests in groups.items()]
        hint = "" if full else "; --gilcheck-report shows why"
        lines.append(f"gilcheck: {', '.join(parts)}{hint}")
    if races:
        tests = "1 test asks" if races == 1 else f"{races} tests ask"
        lines.append(f"gilcheck: {tests} for a race search, which arrives with the next part of this release; none was done")
    return lines


def _flag(record: ScalingRecord) -> str:
    if record.failed:
        return "failed when rerun"
    if record.expectation == "broken":
        return "not as expected"
    if record.expectation == "unchecked":
        return "expectation unchecked"
    return record.verdict.value


def _some(tests: list[str]) -> str:
    named = ", ".join(tests[:_NAMED])
    return named if len(tests) <= _NAMED else f"{named} and {len(tests) - _NAMED} more"


def gate(decision: Decision) -> list[str]:
    """Which tests fail the run and why; nothing when none does."""
    if not decision.fails:
        return []
    words = sorted({word for _, word in decision.failing})
    lines = [f"gilcheck: --gilcheck-fail-on={','.join(words)} fails this run:"]
    return lines + [f"{_INDENT}{word}: {printable(test)}" for test, word in decision.failing]


def fits(encoding: str | None) -> bool:
    """Whether a terminal with this encoding can show the two signs that these texts use beyond ASCII."""
    try:
        "".join(_PLAIN).encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def plain(line: str) -> str:
    """``line`` with those signs in ASCII."""
    for sign, ascii_sign in _PLAIN.items():
        line = line.replace(sign, ascii_sign)
    return line
