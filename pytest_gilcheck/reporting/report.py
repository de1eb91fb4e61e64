"""What all reports are made from: the records of one session, and where they were taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from pytest_gilcheck import __version__
from pytest_gilcheck.environment import Environment
from pytest_gilcheck.record import Checked


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``tests`` are the records by test id, in the order in which they came. ``session`` are facts about the run that no
    environment tells: ``xdist_workers`` is how many workers of pytest-xdist ran tests at once, ``folder`` where pytest was
    started, ``root`` its root folder and ``repository`` that of the repository around it, or ``None``. ``gilcheck`` is the
    version that took the records.

    ``failing`` are the tests that fail the run at its end, each with the word of ``--gilcheck-fail-on`` that says why.
    ``coverage`` is the coverage of concurrency by file, and ``trend`` the earlier runs by test id, the oldest first, as
    builtins; ``None`` where nobody asked for them.
    """

    environment: Environment
    tests: Mapping[str, Checked]
    session: Mapping[str, Any] = field(default_factory=dict)
    gilcheck: str = __version__
    failing: tuple[tuple[str, str], ...] = ()
    coverage: Mapping[str, Any] | None = None
    trend: Mapping[str, Any] | None = None

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins, as JSON has them."""
        return {
            "environment": {**asdict(self.environment), "gilcheck": self.gilcheck, **self.session},
            "tests": {test: checked.to_builtins() for test, checked in self.tests.items()},
            "failing": [{"test": test, "word": word} for test, word in self.failing],
            "coverage": self.coverage,
            "trend": self.trend,
        }

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> Report:
        """The inverse of :meth:`to_builtins`; raises ``KeyError``, ``TypeError``, ``ValueError`` or ``AttributeError`` for
        what is none."""
        facts = dict(plain["environment"])
        gilcheck = str(facts.pop("gilcheck"))
        return cls(
            environment=Environment(**{each.name: facts.pop(each.name) for each in fields(Environment)}),
            tests={str(test): Checked.from_builtins(checked) for test, checked in plain["tests"].items()},
            session=facts,
            gilcheck=gilcheck,
            failing=tuple((str(each["test"]), str(each["word"])) for each in plain.get("failing", ())),
            coverage=plain.get("coverage"),
            trend=plain.get("trend"),
        )
