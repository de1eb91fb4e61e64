"""How bad a record is: what a reader should look at first, and in which colour and with which sign it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.verdict import FLAGGED, UNDECIDED, WITNESSED, Race, Scaling


class Level(StrEnum):
    """Worst first. What passed comes before what says nothing, as it is what a reader looks for next."""

    BAD = "bad"
    WARN = "warn"
    GOOD = "good"
    NONE = "none"


#: The place of each level in that order.
RANK: Final = {level: rank for rank, level in enumerate(Level)}


def of_race(verdict: Race) -> Level:
    """How bad it is what a race check came to."""
    if verdict in WITNESSED:
        return Level.BAD
    if verdict in {Race.NONDETERMINISTIC, Race.UNCONTROLLED}:
        return Level.WARN
    return Level.GOOD if verdict is Race.CLEAN else Level.NONE


def of_search(record: RaceRecord) -> Level:
    """The same, with what the search came to: one that was cut short may have seen nothing, and is no good news."""
    return Level.NONE if record.verdict is Race.CLEAN and record.coverage == "cut" else of_race(record.verdict)


def of_scaling(verdict: Scaling) -> Level:
    """The same of a scaling check; threads that do not help are no failure."""
    if verdict in FLAGGED:
        return Level.WARN
    return Level.NONE if verdict in UNDECIDED else Level.GOOD


def by_word() -> dict[str, Level]:
    """How bad each verdict is, by its word; both checks mean the same by the words that they share."""
    return {
        **{verdict.value: of_scaling(verdict) for verdict in Scaling},
        **{verdict.value: of_race(verdict) for verdict in Race},
    }


def fails(checked: Checked, words: Sequence[str]) -> bool:
    """Whether a check failed its test, or the test is not as expected, or fails the run with one of ``words``."""
    scaling, race = checked.scaling, checked.race
    broken = scaling is not None and (scaling.failed or scaling.expectation == "broken")
    return bool(words) or broken or (race is not None and race.failed)


def tags(checked: Checked, words: Sequence[str]) -> list[str]:
    """What is to be said of a test besides its verdicts, in a few words each."""
    found = [*_scaling_tags(checked.scaling), *_race_tags(checked.race)]
    return [*found, *(f"fails the run: {word}" for word in words)]


def _scaling_tags(record: ScalingRecord | None) -> list[str]:
    if record is None:
        return []
    said = {"broken": ["not as expected"], "unchecked": ["expectation unchecked"]}.get(record.expectation or "", [])
    return [*(["failed when rerun"] if record.failed else []), *said]


def _race_tags(record: RaceRecord | None) -> list[str]:
    if record is None or not record.hazards:
        return []
    return [f"{len(record.hazards)} hazard{'s' * (len(record.hazards) != 1)}"]
