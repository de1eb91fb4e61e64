"""``replay``: run pytest on one test under the schedule that a report has for it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from pytest_gilcheck.cli.reading import rendered
from pytest_gilcheck.errors import Misuse, unknown
from pytest_gilcheck.reporting import jsonreport
from pytest_gilcheck.reporting.layout import printable
from pytest_gilcheck.reporting.paths import Paths
from pytest_gilcheck.reporting.report import Report

HELP = "run a test of a report under the schedule that failed; what follows -- goes to pytest"

PASSES_ON = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file and the test."""
    parser.add_argument("file", metavar="FILE.json", type=Path, help="what --gilcheck-json wrote")
    parser.add_argument("test", metavar="TEST", nargs="?", help="its id, or the end of it that only one has")
    parser.usage = "%(prog)s [-h] FILE.json [TEST] [-- PYTEST_ARGUMENT ...]"


def run(arguments: argparse.Namespace) -> int:
    """The exit status of pytest."""
    report = jsonreport.read(arguments.file)
    tokens = {test: each.race.token for test, each in report.tests.items() if each.race is not None and each.race.token}
    test = _chosen(tokens, arguments.test, arguments.file)
    command = rendered(arguments.file, lambda: _command(report, test, tokens[test]))
    try:
        return _status(subprocess.call([*command, *arguments.passed_on]))  # noqa: S603 - the user's own test, no shell
    except (OSError, ValueError) as error:
        raise Misuse(f"cannot start pytest for {printable(test)}: {error}") from error


def _chosen(tokens: Mapping[str, str], asked: str | None, file: Path) -> str:
    """The id of the test to replay."""
    if not tokens:
        raise Misuse(f"{str(file)!r} has no schedule: no test of it failed in a race check that could be replayed")
    if asked is None:
        if len(tokens) == 1:
            return next(iter(tokens))
        raise Misuse(f"several tests have a schedule; give one of them:{_listed(tokens)}")
    if asked in tokens:
        return asked
    ending = [test for test in tokens if test.endswith(asked)]
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise Misuse(f"{asked!r} is the end of several ids; give one of them:{_listed(ending)}")
    raise Misuse(unknown("test", asked, map(printable, tokens)))


def _listed(tests: Mapping[str, str] | list[str]) -> str:
    return "".join(f"\n  {printable(test)}" for test in tests)


def _command(report: Report, test: str, token: str) -> list[str]:
    """For the folder that this was started in. Where the test's file is not where it was, its id may still be right here."""
    _, separator, name = test.partition("::")
    path = Paths.of(report).of_test(test)
    if path is None or not Path(path).exists():
        where = test
    else:
        try:
            where = os.path.relpath(path) + separator + name
        except ValueError:  # on another drive
            where = path + separator + name
    # Or pytest would take it for an option.
    where = f"./{where}" if where.startswith("-") else where
    return [sys.executable, "-m", "pytest", where, f"--gilcheck-replay={token}"]


def _status(code: int) -> int:
    """That of a process which a signal ended is what a shell makes of it."""
    return 128 - code if code < 0 else code
