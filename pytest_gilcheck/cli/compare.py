"""``compare BASE HEAD``: the scaling of two runs side by side, from their JSON reports or baselines."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_gilcheck.cli.columns import aligned, show
from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating import baseline
from pytest_gilcheck.gating.figures import Figures, Machine
from pytest_gilcheck.gating.regression import MAX_REGRESSION, Comparison, Limits, compare
from pytest_gilcheck.reporting import jsonreport
from pytest_gilcheck.reporting.layout import INDENT, printable

HELP = "compare the scaling of two runs; exit status 1 where it is worse"

# What has to be looked at comes first; what is the same is counted only.
_ORDER = ("worse", "better", "new", "gone", "not compared")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Side:
    """One of the two files: figures by test id, and why those without a verdict have none."""

    figures: Mapping[str, Figures]
    reasons: Mapping[str, str]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("base", type=Path, help="what --gilcheck-json or --gilcheck-save-baseline wrote before")
    parser.add_argument("head", type=Path, help="the same of now")
    parser.add_argument(
        "--max-regression",
        type=_share,
        default=MAX_REGRESSION,
        metavar="SHARE",
        help="what the GIL share may rise by, and the part that the runnable ratio may fall by (default: %(default)s)",
    )
    parser.add_argument(
        "--max-speedup-loss",
        type=_share,
        metavar="SHARE",
        help="the part of the speed-up in threads that may be lost (default: a loss is reported only)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the differences, the worst first; returns 1 if a test is worse, else 0. Raises :class:`Misuse`."""
    base, head = _read(arguments.base), _read(arguments.head)
    limits = Limits(regression=arguments.max_regression, speedup_loss=arguments.max_speedup_loss)
    found = {
        test: compare(base.figures.get(test), now, limits, head.reasons.get(test, "")) for test, now in head.figures.items()
    }
    found |= {test: Comparison(outcome="gone") for test in base.figures if test not in head.figures}
    show([*_table(found, base, head), _counts(found)])
    return int(any(comparison.worse for comparison in found.values()))


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share above 0, at most 1, such as 0.25")
    return number


def _read(path: Path) -> _Side:
    try:
        is_baseline = f'"{baseline.KEY}"'.encode() in path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Misuse(f"cannot read {str(path)!r}: {reason}; give a JSON report or a baseline") from error
    if is_baseline:
        return _Side(figures=baseline.read(path).tests, reasons={})
    report = jsonreport.read(path)
    machine = Machine.of(report.environment)
    records = {test: checked.scaling for test, checked in report.tests.items() if checked.scaling is not None}
    return _Side(
        figures={test: Figures.of(record, machine) for test, record in records.items()},
        reasons={test: record.reason for test, record in records.items()},
    )


def _table(found: Mapping[str, Comparison], base: _Side, head: _Side) -> list[str]:
    """A row for each test that is not the same, with what was measured before and now, and why below it."""
    ranked = [(test, c) for outcome in _ORDER for test, c in sorted(found.items()) if c.outcome == outcome]
    ranked += [(test, c) for test, c in sorted(found.items()) if c.slower is not None]
    if not ranked:
        return []
    rows: list[tuple[str, ...]] = [("", "verdict", "GIL held", "runnable", "threads", "test")]
    rows += [_cells(test, c, base.figures.get(test), head.figures.get(test)) for test, c in ranked]
    heading, *others = aligned(rows)
    lines = [heading]
    for (_, comparison), row in zip(ranked, others, strict=True):
        lines.append(row)
        why = comparison.slower or (comparison.why if comparison.outcome == "not compared" else None)
        lines += [f"{INDENT}{printable(why)}"] if why else []
    return lines


def _cells(test: str, comparison: Comparison, before: Figures | None, now: Figures | None) -> tuple[str, ...]:
    sides = [figures for figures in (before, now) if figures is not None]
    return (
        "slower" if comparison.slower else comparison.outcome,
        _change([figures.verdict.value for figures in sides]),
        _change([_shown("{:.0%}", figures.gil_share) for figures in sides]),
        _change([_shown("{:.2f}", figures.runnable_ratio) for figures in sides]),
        _change([_shown("×{:.2f}", figures.speedup_threads) for figures in sides]),
        printable(test),
    )


def _change(texts: list[str]) -> str:
    """``before → now``, or the one of them where they are the same, or where the other is missing."""
    return " → ".join(dict.fromkeys(text for text in texts if text))


def _shown(form: str, figure: float | None) -> str:
    return "" if figure is None else form.format(figure)


def _counts(found: Mapping[str, Comparison]) -> str:
    counts = {outcome: sum(c.outcome == outcome for c in found.values()) for outcome in (*_ORDER, "same")}
    return (
        ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "neither file has a scaling verdict"
    )
