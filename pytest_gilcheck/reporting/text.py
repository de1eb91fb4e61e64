"""The terminal's view of the scaling records: their cells in the table; where they were taken; and what the gate says."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.gating.policy import Decision, reason
from pytest_gilcheck.record import Checked, ScalingRecord
from pytest_gilcheck.reporting.layout import INDENT, printable
from pytest_gilcheck.verdict import Scaling

#: Worst first: what a reader has to act on is at the top.
ORDER = {verdict: rank for rank, verdict in enumerate(Scaling)}

# From here on three digits of milliseconds would round to a fourth.
_SHOWN_IN_SECONDS = 0.9995


def rank(record: ScalingRecord | None) -> tuple[bool, bool, int]:
    """Worst first."""
    if record is None:
        return True, True, len(ORDER)
    return (not record.failed, record.expectation != "broken", ORDER[record.verdict])


def verdict(record: ScalingRecord) -> str:
    """The verdict in a word, or that a rerun failed the test."""
    return "failed" if record.failed else record.verdict.value


def share(record: ScalingRecord) -> str:
    """The GIL share, if there is one."""
    return "" if record.gil_share is None else f"{record.gil_share:.0%}"


def alone(record: ScalingRecord) -> str:
    """How long one call of the body takes, if that is known."""
    return "" if record.single_seconds is None else duration(record.single_seconds)


def speedup(value: float | None) -> str:
    """A speed-up, if there is one."""
    return "" if value is None else f"×{value:.2f}"


def duration(seconds: float) -> str:
    """``12.3 ms`` or ``1.50 s``."""
    return f"{seconds:.2f} s" if seconds >= _SHOWN_IN_SECONDS else f"{seconds * 1e3:.3g} ms"


def texts(record: ScalingRecord) -> list[str]:
    """What the table says below a row: the reason, what would help, what was expected."""
    found = [record.reason]
    if record.advice:
        found.append(f"→ {record.advice}")
    if record.details:
        found.append(record.details)
    if record.expected and record.expectation != "met":
        found.append(f"! {record.expected}")
    return found


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


def flag(record: ScalingRecord) -> str:
    """In a few words why the user should hear of it on every run."""
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
        why = reason(word, records.get(test, Checked()))
        lines += [f"{INDENT}{INDENT}{printable(why)}"] if why else []
    return lines
