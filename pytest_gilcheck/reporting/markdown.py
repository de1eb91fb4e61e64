"""Markdown for a comment on a pull request, and for the summary of a step: GitHub's flavour, readable anywhere.

Whatever comes from tests and their code stands in code: nothing in it is a mention, a link, a reference or markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting import text as scaling
from pytest_gilcheck.reporting.findings import Finding, findings
from pytest_gilcheck.reporting.interleaving import drawn, said_of_gil
from pytest_gilcheck.reporting.layout import printable, replay_lines
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.reporting.rules import Level
from pytest_gilcheck.reporting.table import rank

#: The first line, by which a bot finds the comment that it shall replace.
MARKER = "<!-- pytest-gilcheck -->"

#: What a comment may have, in bytes, less room for what a bot adds: GitHub refuses more than 65,536 characters.
MOST = 60_000

# So much of it the table may take; the failures need the rest more.
_TABLE = 0.5

# One id, and one failure, of those that are far too long.
_LONGEST_ID = 300
_LONGEST_BLOCK = 8_000

_HEADINGS = ("race check", "scaling", "threads", "processes", "GIL held", "test")

#: What means something in Markdown or in HTML, as far as it may within a line.
_MARKUP = re.compile(r"[\\`*\[\]<>&|~@#$\"'!^{}=]|:(?=/)|(?<=www)\.|(?<![^\W_])_|_(?![^\W_])", re.IGNORECASE)


def text(report: Report, most: int = MOST) -> str:
    """The report as text of at most ``most`` bytes of UTF-8; what was left out is said in its last line."""
    found = findings(report)
    room = _Room(most - 400)  # for the lines on what was left out
    parts = [MARKER, f"### gilcheck: {_headline(report, found)}", "", _taken_on(report)]
    room.take(parts)
    left: list[str] = []
    rows, missing = _table(report, room, most)
    parts += rows
    if missing:
        left.append(f"{missing:,} row{'s' * (missing != 1)} of the table")
    told = [each for each in found if each.level is not Level.NOTE]
    shown = 0
    for finding in told:
        section = _section(finding)
        if not room.take(section):
            break
        parts += section
        shown += 1
    if shown < len(told):
        left.append(f"{len(told) - shown:,} finding{'s' * (len(told) - shown != 1)}")
    if left:
        parts += ["", f"Left out, as it would be too long: {' and '.join(left)}. `--gilcheck-json` has everything."]
    return "\n".join(parts) + "\n"


class _Room:
    """How many bytes are left."""

    def __init__(self, left: int) -> None:
        self.left = left

    def take(self, lines: Iterable[str]) -> bool:
        """Whether they fit; if so, they are counted."""
        size = sum(len(line.encode("utf-8")) + 1 for line in lines)
        if size > self.left:
            return False
        self.left -= size
        return True


def _headline(report: Report, found: Sequence[Finding]) -> str:
    counts: dict[str, int] = {}
    for finding in found:
        if finding.level is not Level.NOTE:
            counts[finding.rule] = counts.get(finding.rule, 0) + 1
    tests = f"{len(report.tests):,} checked test{'s' * (len(report.tests) != 1)}"
    if not counts:
        return f"nothing found in {tests}"
    return f"{', '.join(f'{number:,} {rule}' for rule, number in counts.items())} in {tests}"


def _taken_on(report: Report) -> str:
    """What it was taken on."""
    workers = report.session.get("xdist_workers", 0)
    lines = scaling.footnotes(report.environment, workers if isinstance(workers, int) else 0)
    return "<br>".join(escaped(line) for line in lines)


def _table(report: Report, room: _Room, most: int) -> tuple[list[str], int]:
    """The table, worst first, and how many rows had no room."""
    if not report.tests:
        return [], 0
    head = ["", f"| {' | '.join(_HEADINGS)} |", f"|{'---|' * 2}{'---:|' * 3}---|"]
    room.take(head)
    budget = _Room(min(room.left, int(most * _TABLE)))
    rows: list[str] = []
    ranked = sorted(report.tests.items(), key=lambda entry: rank(entry[1]))
    for test, checked in ranked:
        row = _row(test, checked)
        if not budget.take([row]):
            break
        rows.append(row)
    room.take(rows)
    return [*head, *rows], len(ranked) - len(rows)


def _row(test: str, checked: Checked) -> str:
    race, record = checked.race, checked.scaling
    cells = [_race_cell(race), *(_scaling_cells(record) if record is not None else [""] * 4), coded(_cut(test, _LONGEST_ID))]
    return f"| {' | '.join(cells)} |"


def _race_cell(record: RaceRecord | None) -> str:
    if record is None:
        return ""
    verdict = f"**{record.verdict.value}**" if record.failed else record.verdict.value
    number = len(record.hazards)
    return f"{verdict}, {number} hazard{'s' * (number != 1)}" if number and not record.failed else verdict


def _scaling_cells(record: ScalingRecord) -> list[str]:
    verdict = "**failed**" if record.failed else record.verdict.value
    if record.expectation == "broken":
        verdict = f"**{verdict}, not as expected**"
    speedups = [scaling.speedup(each) for each in (record.speedup_threads, record.speedup_processes)]
    return [verdict, *speedups, scaling.share(record)]


def _section(finding: Finding) -> list[str]:
    """What is behind one finding, folded away."""
    lines = finding.text.splitlines()
    if finding.race is not None:
        gil = said_of_gil(finding.race)
        lines += ["", *drawn(finding.race), *([] if gil is None else [gil])]
    elif finding.spots:
        lines += ["", *(f"{spot.file}:{spot.line}  {spot.text}" for spot in finding.spots)]
    if finding.race is not None:
        lines += replay_lines(finding.test, finding.race.token)
    title, test = escaped(finding.title), coded(_cut(finding.test, _LONGEST_ID))
    return ["", f"<details><summary>{title} in {test}</summary>", "", *_fenced(lines), "", "</details>"]


def _fenced(lines: Sequence[str]) -> list[str]:
    """A block of code that nothing in ``lines`` can end."""
    content = _cut("\n".join(printable(line, newlines=True) for line in lines), _LONGEST_BLOCK).rstrip("\n")
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *content.split("\n"), fence]


def coded(said: str) -> str:
    """``said`` as code within a line, also of a table."""
    return f"<code>{escaped(said)}</code>"


def escaped(said: str) -> str:
    """``said`` as one line of plain text, whatever is in it."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", printable(said))


def _cut(said: str, most: int) -> str:
    if len(said) <= most:
        return said
    half = most // 2
    return f"{said[:half]}…{said[-half:]}"
