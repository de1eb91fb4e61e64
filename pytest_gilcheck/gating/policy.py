"""What fails the run: a pure function from a policy and the records to a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_gilcheck.errors import Misuse, unknown
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import Scaling

#: The words of ``--gilcheck-fail-on``.
WORDS = ("gil-bound", "lock-bound", "expectation", "inconclusive", "none")

_VERDICTS = {
    "gil-bound": Scaling.GIL_BOUND,
    "lock-bound": Scaling.LOCK_BOUND,
    "inconclusive": Scaling.INCONCLUSIVE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``fail_on`` names what fails the run: ``expectation`` fails the test itself, the other words the run at its end."""

    fail_on: frozenset[str] = frozenset({"expectation"})

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


def decide(policy: Policy, records: Mapping[str, ScalingRecord]) -> Decision:
    """Apply ``policy`` to ``records``. Broken expectations and failed reruns are not in it: they failed their tests."""
    failing = [
        (test, word)
        for test, record in records.items()
        for word, verdict in _VERDICTS.items()
        if word in policy.fail_on and record.verdict is verdict and not record.failed
    ]
    return Decision(failing=tuple(failing))
