"""``history PATH``: the runs that ``--gilcheck-history`` kept, or one test's figures over time."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pytest_gilcheck.cli.columns import aligned, show
from pytest_gilcheck.errors import Misuse, unknown
from pytest_gilcheck.gating import history
from pytest_gilcheck.reporting.layout import printable

HELP = "list the runs of a history, or one test's figures over time"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", type=Path, help="the file that --gilcheck-history names")
    parser.add_argument("--test", metavar="ID", help="this test's figures over time, instead of the runs")
    parser.add_argument(
        "--last", type=_count, default=history.TREND, metavar="N", help="the latest N (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print what was asked for, the oldest first. Raises :class:`Misuse`."""
    rows = _runs(arguments.path) if arguments.test is None else _test(arguments.path, arguments.test, arguments.last)
    rows = rows[-arguments.last :]
    show([json.dumps(rows, indent=2)] if arguments.json else _table(rows))
    return 0


def _count(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return number


def _runs(path: Path) -> list[dict[str, Any]]:
    return [
        {**{k: v for k, v in asdict(run).items() if k != "machine"}, **asdict(run.machine)} for run in history.runs(path)
    ]


def _test(path: Path, test: str, last: int) -> list[dict[str, Any]]:
    points = history.trend(path, [test], last)[test]
    if not points:
        known = history.tests(path)
        closest = get_close_matches(test, known, n=_LISTED, cutoff=0.0)
        raise Misuse(unknown("test", test, closest) + (" …" if len(known) > len(closest) else ""))
    return points


# So many of the ids that there are go into a message.
_LISTED = 20


def _table(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return ["no run yet"]
    # The longest text is the last column, which is not padded.
    names = [name for name in rows[0] if name not in _LAST] + [name for name in _LAST if name in rows[0]]
    cells = [tuple(_shown(name, row[name]) for name in names) for row in rows]
    return aligned([tuple(name.replace("_", " ") for name in names), *cells])


_LAST = ("cpu_model",)
_FORMATS = {"speedup_threads": "×{:.2f}", "gil_share": "{:.0%}", "cpus": "{:g}"}


def _shown(name: str, value: Any) -> str:
    if value is None:
        return ""
    return printable(_FORMATS.get(name, "{}").format(value))
