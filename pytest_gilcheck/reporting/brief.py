"""What every run says of what was flagged: one line, and one for each test where short summaries were asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_gilcheck.record import Checked
from pytest_gilcheck.reporting import text
from pytest_gilcheck.reporting.layout import counted, printable
from pytest_gilcheck.reporting.table import rank


def summary(records: Mapping[str, Checked], *, full: bool) -> list[str]:
    """One line on what was flagged, worst first; ``full``: the table has been shown, too. Nothing if nothing was."""
    groups: dict[str, list[str]] = {}
    for test, word, _ in _flagged(records):
        groups.setdefault(word, []).append(test)
    hint = "" if full else "; --gilcheck-report shows why"
    return [f"gilcheck: {counted(groups)}{hint}"] if groups else []


def lines(records: Mapping[str, Checked]) -> list[str]:
    """A line for each check that was flagged and has not failed its test, as pytest's own short summaries are: a word, the
    test and the reason."""
    passed = {test: _without_failures(checked) for test, checked in records.items()}
    return [f"GILCHECK {word} {printable(test)} - {printable(reason)}" for test, word, reason in _flagged(passed)]


def _without_failures(checked: Checked) -> Checked:
    """Pytest itself tells of a test that failed."""
    scaling, race = checked.scaling, checked.race
    return Checked(
        scaling=None if scaling is not None and scaling.failed else scaling,
        race=None if race is not None and race.failed else race,
    )


def _flagged(records: Mapping[str, Checked]) -> Iterator[tuple[str, str, str]]:
    """Tests, the words for what was flagged, and the first line of each reason."""
    for test, checked in sorted(records.items(), key=lambda entry: rank(entry[1])):
        race, scaling = checked.race, checked.scaling
        if race is not None and race.flagged:
            yield test, race.verdict.value, _first(race.reason)
        if scaling is not None and scaling.flagged:
            yield test, text.flag(scaling), _first(scaling.expected or scaling.reason)


def _first(reason: str) -> str:
    return reason.partition("\n")[0]
