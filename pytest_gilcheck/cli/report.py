"""``report``: what ``--gilcheck-json`` wrote, in any other format or as the table of the terminal."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from pytest_gilcheck.cli.columns import show
from pytest_gilcheck.cli.reading import rendered
from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating.policy import Decision
from pytest_gilcheck.reporting import jsonreport
from pytest_gilcheck.reporting import text as scaling
from pytest_gilcheck.reporting.files import check_writable, write_atomically
from pytest_gilcheck.reporting.formats import FORMATS, renderer
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.reporting.table import table

HELP = "make any report from the file of --gilcheck-json"

_STDOUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file, and an option for each format."""
    parser.add_argument("file", metavar="FILE.json", type=Path, help="what --gilcheck-json wrote")
    for name in FORMATS:
        parser.add_argument(f"--{name}", metavar="PATH", help=f"write {name} to this file; - is standard output")
    parser.add_argument("--text", action="store_true", help="print the table of --gilcheck-report (without another format)")


def run(arguments: argparse.Namespace) -> int:
    """Write all that is asked for, or print the table."""
    asked = {name: path for name in FORMATS if (path := getattr(arguments, name)) is not None}
    printed = [f"--{name}" for name, path in asked.items() if path == _STDOUT] + ["--text"] * arguments.text
    if len(printed) > 1:
        raise Misuse(f"{' and '.join(printed)} cannot share the standard output; give all but one a file")
    for name, path in asked.items():
        if not path:
            raise Misuse(f"--{name}: needs a path; - is standard output")
        renderer(name)
        if path != _STDOUT:
            check_writable(Path(path))
    report = jsonreport.read(arguments.file)
    for name, path in asked.items():
        text = rendered(arguments.file, lambda name=name: renderer(name)(report))  # type: ignore[misc]
        _write(path, text)
    if arguments.text or not asked:
        width = shutil.get_terminal_size().columns
        show(rendered(arguments.file, lambda: shown(report, width)))
    return 0


def shown(report: Report, width: int) -> list[str]:
    """That of ``--gilcheck-report``, with what fails the run."""
    workers = report.session.get("xdist_workers", 0)
    return [
        *(table(report.tests, width) or ["no check was finished"]),
        *scaling.footnotes(report.environment, workers),
        *scaling.gate(Decision(failing=report.failing), report.tests),
    ]


def _write(path: str, text: str) -> None:
    if path == _STDOUT:
        sys.stdout.write(text)
        return
    try:
        write_atomically(Path(path), text)
    except OSError as error:
        raise Misuse(f"cannot write {path!r}: {error.strerror or error}") from error
