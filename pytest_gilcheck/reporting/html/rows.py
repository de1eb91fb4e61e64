"""The rows of the table of tests, worst first, and what stands above it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeGuard

from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting import races, text
from pytest_gilcheck.reporting.html import levels
from pytest_gilcheck.reporting.html.levels import RANK, Level
from pytest_gilcheck.reporting.layout import replay_command
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.verdict import Race, Scaling


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A verdict and how bad it is."""

    word: str
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One test as the table shows it: ``number`` is its place, from 0; figures are texts, empty where there is none."""

    number: int
    test: str
    checked: Checked
    race: Badge | None
    scaling: Badge | None
    fails: bool
    tags: tuple[str, ...]
    reasons: tuple[str, ...]
    threads: str
    processes: str
    gil: str
    alone: str
    replay: str | None
    covered: str = ""

    @property
    def path(self) -> str:
        """The part of the test's id up to the file, empty where there is no other."""
        file, separator, _ = self.test.partition("::")
        return file + separator if separator else ""

    @property
    def name(self) -> str:
        """What follows it."""
        return self.test[len(self.path) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many tests have a verdict: what the filter of that verdict says."""

    word: str
    level: Level
    count: int


def rows(report: Report) -> list[Row]:
    """A row for each test that has a record, worst first."""
    words: dict[str, list[str]] = {}
    for test, word in report.failing:
        words.setdefault(test, []).append(word)
    found = [(test, checked, tuple(words.get(test, ()))) for test, checked in report.tests.items()]
    ranked = sorted(found, key=lambda entry: _rank(entry[1], entry[2]))
    return [_row(number, *entry) for number, entry in enumerate(ranked)]


def _rank(checked: Checked, words: tuple[str, ...]) -> tuple[bool, int, int, int]:
    race, scaling = checked.race, checked.scaling
    both = [] if race is None else [RANK[levels.of_search(race)]]
    both += [] if scaling is None else [RANK[levels.of_scaling(scaling.verdict)]]
    return (
        not levels.fails(checked, words),
        min(both, default=len(RANK)),
        len(races.ORDER) if race is None else races.ORDER[race.verdict],
        len(text.ORDER) if scaling is None else text.ORDER[scaling.verdict],
    )


def _row(number: int, test: str, checked: Checked, words: tuple[str, ...]) -> Row:
    race, scaling = checked.race, checked.scaling
    token = None if race is None else race.token
    return Row(
        number=number,
        test=test,
        checked=checked,
        race=_race_badge(race),
        scaling=_scaling_badge(scaling),
        fails=levels.fails(checked, words),
        tags=tuple(levels.tags(checked, words)),
        reasons=tuple(record.reason for record in (race, scaling) if record is not None),
        threads="" if scaling is None else speedup(scaling.speedup_threads),
        processes="" if scaling is None else speedup(scaling.speedup_processes),
        gil="" if scaling is None else share(scaling.gil_share),
        alone=text.duration(scaling.single_seconds) if scaling is not None and known(scaling.single_seconds) else "",
        replay=None if token is None else replay_command(test, token),
        covered="" if race is None else race.coverage or "",
    )


def _race_badge(record: RaceRecord | None) -> Badge | None:
    return None if record is None else Badge(word=record.verdict.value, level=levels.of_search(record))


def _scaling_badge(record: ScalingRecord | None) -> Badge | None:
    return None if record is None else Badge(word=record.verdict.value, level=levels.of_scaling(record.verdict))


def known(value: float | None) -> TypeGuard[float]:
    """Whether there is a figure that can be shown."""
    return value is not None and math.isfinite(value)


def speedup(value: float | None) -> str:
    """``×1.92``, or nothing."""
    return text.speedup(value if known(value) else None)


def share(value: float | None) -> str:
    """``94%``, or nothing."""
    return f"{value:.0%}" if known(value) else ""


def tallies(verdicts: Iterable[Race | Scaling]) -> list[Tally]:
    """Each verdict that occurs, the worst first."""
    counted = Counter(verdicts)

    def place(verdict: Race | Scaling) -> int:
        return races.ORDER[verdict] if isinstance(verdict, Race) else text.ORDER[verdict]

    return [
        Tally(
            word=verdict.value,
            level=levels.of_race(verdict) if isinstance(verdict, Race) else levels.of_scaling(verdict),
            count=count,
        )
        for verdict, count in sorted(counted.items(), key=lambda entry: place(entry[0]))
    ]
