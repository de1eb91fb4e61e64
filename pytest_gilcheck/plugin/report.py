"""What a test's report carries: both records as builtins, and the section about a race."""

from __future__ import annotations

import pytest

from pytest_gilcheck.plugin.outcomes import Outcomes
from pytest_gilcheck.record import Checked

#: The attribute of a report that carries the records to where the session is reported.
ATTRIBUTE = "gilcheck"

TITLE = "gilcheck race"


def attach(report: pytest.TestReport, outcomes: Outcomes) -> None:
    """Add to ``report`` what came of the checks."""
    if outcomes.scaling is not None or outcomes.race is not None:
        setattr(report, ATTRIBUTE, outcomes.checked.to_builtins())
    if outcomes.section is not None:
        _show(report, outcomes.section)


def _show(report: pytest.TestReport, text: str) -> None:
    """With the failure itself where that can hold it, whatever ``--show-capture`` says; else as a section of its own."""
    add = getattr(report.longrepr, "addsection", None)
    if add is None:
        report.sections.append((TITLE, text))
    else:
        add(TITLE, text, "-")


def records(report: pytest.TestReport) -> Checked | None:
    """The records that a report carries, wherever the test ran."""
    plain = getattr(report, ATTRIBUTE, None)
    return None if plain is None else Checked.from_builtins(plain)
