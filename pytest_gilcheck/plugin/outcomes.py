"""What came of the checks of one test: the records, what to raise, what to show with it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_gilcheck.plugin.checks import Outcome
from pytest_gilcheck.record import Checked, RaceRecord
from pytest_gilcheck.verdict import WITNESSED, Race


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceOutcome:
    """What came of a race check: its record, what to raise when the test must fail, and what to show with it."""

    record: RaceRecord
    error: BaseException | None = None
    section: str | None = None

    @property
    def witnessed(self) -> bool:
        """Whether a failure was seen, if it counts or not."""
        return self.record.verdict in WITNESSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Of both checks; ``None`` for one that was not asked for."""

    scaling: Outcome | None = None
    race: RaceOutcome | None = None

    @property
    def error(self) -> BaseException | None:
        """What to raise: a race is the better reason of the two."""
        errors = [outcome.error for outcome in (self.race, self.scaling) if outcome is not None]
        return next((error for error in errors if error is not None), None)

    @property
    def section(self) -> str | None:
        """What to show with the test's report."""
        return None if self.race is None else self.race.section

    @property
    def checked(self) -> Checked:
        """The records."""
        return Checked(
            scaling=None if self.scaling is None else self.scaling.record,
            race=None if self.race is None else self.race.record,
        )


def race_skipped(reason: str) -> RaceOutcome:
    """The outcome for a test that is not searched."""
    return RaceOutcome(record=RaceRecord(verdict=Race.SKIPPED, reason=reason))
