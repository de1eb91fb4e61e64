"""What fails the run: a pure function from a policy and the records to a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_gilcheck.errors import Misuse, unknown
from pytest_gilcheck.record import Checked
from pytest_gilcheck.verdict import WITNESSED, Race, Scaling

# Words whose verdicts fail the run at its end, the tests themselves pass.
_SCALING = {
    "gil-bound": Scaling.GIL_BOUND,
    "lock-bound": Scaling.LOCK_BOUND,
    "inconclusive": Scaling.INCONCLUSIVE,
}
_RACES = {
    "nondeterministic": Race.NONDETERMINISTIC,
    "uncontrolled": Race.UNCONTROLLED,
}

#: A word that fails the run at its end: scaling that is worse than its baseline.
REGRESSION = "regression"

# A word that fails the test itself, if asked for: what may go wrong and was not seen to.
_HAZARD = "hazard"

#: What fails unless something else is asked for: all but the last fail the test itself.
DEFAULT = ("race", "deadlock", "hang", "expectation", REGRESSION)

#: The words of ``--gilcheck-fail-on``.
WORDS = (
    "race",
    "deadlock",
    "hang",
    "nondeterministic",
    "uncontrolled",
    _HAZARD,
    "gil-bound",
    "lock-bound",
    REGRESSION,
    "expectation",
    "inconclusive",
    "none",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``fail_on`` names what fails: a witnessed race, a hazard or a broken expectation its test, other verdicts and a
    regression the run at its end."""

    fail_on: frozenset[str] = frozenset(DEFAULT)

    def fails_test(self, verdict: Race) -> bool:
        """Whether a test whose race search came to ``verdict`` fails."""
        return verdict in WITNESSED and verdict.value in self.fail_on

    @property
    def hazards_fail(self) -> bool:
        """Whether a test that has hazards fails."""
        return _HAZARD in self.fail_on

    @classmethod
    def parse(cls, text: str) -> Policy:
        """From a comma list; raises :class:`Misuse` for a word that is not one, or ``none`` beside others."""
        words = [word.strip() for word in text.split(",") if word.strip()]
        for word in words:
            if word not in WORDS:
                raise Misuse(unknown("word", word, WORDS))
        if not words:
            raise Misuse(f"needs at least one word; valid: {', '.join(WORDS)}")
        if "none" in words and len(words) > 1:
            raise Misuse("'none' means that nothing fails the run; it cannot stand beside other words")
        return cls(fail_on=frozenset(words) - {"none"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Which tests fail the run and why: ``(test id, word)`` in the order of the records."""

    failing: tuple[tuple[str, str], ...]

    @property
    def fails(self) -> bool:
        """Whether the run fails."""
        return bool(self.failing)


def decide(policy: Policy, records: Mapping[str, Checked]) -> Decision:
    """Apply ``policy`` to ``records``. What has failed its test (a race, a broken expectation) is not in it."""
    failing = [(test, word) for test, checked in records.items() for word in _words(policy, checked)]
    return Decision(failing=tuple(failing))


def reason(word: str, checked: Checked) -> str | None:
    """Why ``word`` applies to a test, in a sentence; ``None`` if its record says nothing about it."""
    if word in _RACES:
        return None if checked.race is None else checked.race.reason
    if checked.scaling is None:
        return None
    return checked.scaling.regression if word == REGRESSION else checked.scaling.reason


def _words(policy: Policy, checked: Checked) -> list[str]:
    """The words that apply to one test."""
    words: list[str] = []
    if checked.scaling is not None and not checked.scaling.failed:
        words += [word for word, verdict in _SCALING.items() if checked.scaling.verdict is verdict]
        words += [REGRESSION] if checked.scaling.regression is not None else []
    if checked.race is not None:
        words += [word for word, verdict in _RACES.items() if checked.race.verdict is verdict]
    return [word for word in words if word in policy.fail_on]
