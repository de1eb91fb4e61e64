"""Annotations for GitHub Actions: the workflow commands ``error``, ``warning`` and ``notice``, one for each finding.

What a runner reads: https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_gilcheck.reporting.findings import Finding, findings
from pytest_gilcheck.reporting.layout import printable, replay_lines
from pytest_gilcheck.reporting.paths import Paths
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.reporting.rules import Level

#: A step has so many annotations of each kind; what comes after them is not shown.
MOST_OF_A_KIND = 10

#: What the summary of a step may have, in bytes.
MOST_OF_SUMMARY = 1024 * 1024

_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}

#: A longer title or message is cut.
LONGEST_TITLE = 200
_LONGEST_MESSAGE = 4_000


def commands(report: Report, workspace: str | None = None) -> list[str]:
    """The lines for a runner, the worst findings first, and a line on those that have no room. Paths are those below
    ``workspace``, where the repository was checked out."""
    found = findings(report)
    paths = Paths.of(report, workspace)
    lines: list[str] = []
    left: list[str] = []
    for level, command in _COMMANDS.items():
        alike = [finding for finding in found if finding.level is level]
        lines += [_command(command, finding, _where(finding, report, paths)) for finding in alike[:MOST_OF_A_KIND]]
        missing = len(alike) - MOST_OF_A_KIND
        if missing > 0:
            left.append(f"{missing:,} more {command}{'s' * (missing != 1)}")
    if left:
        lines.append(f"gilcheck: not annotated, as a step has {MOST_OF_A_KIND} of a kind: {', '.join(left)}")
    return lines


def _command(command: str, finding: Finding, where: Mapping[str, str]) -> str:
    properties = {**where, "title": _cut(f"gilcheck: {finding.title}", LONGEST_TITLE)}
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    token = None if finding.race is None else finding.race.token
    message = "\n".join([finding.test, finding.text, *replay_lines(finding.test, token)])
    return f"::{command} {said}::{_data(_cut(message, _LONGEST_MESSAGE))}"


def _where(finding: Finding, report: Report, paths: Paths) -> dict[str, str]:
    """The first of its lines that is in the workspace, else where the test begins; nothing if that is outside."""
    for spot in finding.spots:
        file = _inside(paths, paths.of_place(spot.file))
        if file is not None:
            return {"file": file, "line": str(max(1, spot.line))}
    file = _inside(paths, paths.of_test(finding.test))
    if file is None:
        return {}
    checked = report.tests.get(finding.test)
    line = {} if checked is None or checked.line is None else {"line": str(max(1, checked.line))}
    return {"file": file, **line}


def _inside(paths: Paths, path: str | None) -> str | None:
    return None if path is None else paths.relative(path)


def _data(text: str) -> str:
    """As the message of a command has it: in one line."""
    shown = printable(text, newlines=True)
    return shown.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
