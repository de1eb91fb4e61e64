"""When a search has to end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_gilcheck.races.exploration import Budget
from pytest_gilcheck.races.planning import _LEAST, _SHORT, Plan


@pytest.mark.parametrize(
    ("count", "took", "goes_on"),
    [
        (0, 0.0, False),
        (1, _SHORT / 2, True),
        (_LEAST - 1, _SHORT / 2, True),
        (_LEAST, _SHORT / 2, False),
        (1, _SHORT * 2, False),
        (7, _SHORT / 2, False),
    ],
)
def test_a_budget_that_is_spent_leaves_some_short_executions(count: int, took: float, goes_on: bool) -> None:
    laboratory: Any = SimpleNamespace(seconds=took, broken_off=False, place=None, spending=SimpleNamespace(left=False))
    schedules = 7 if count == 7 else 1000
    budget = Budget(schedules=schedules)
    plan = Plan(laboratory, strategy="auto", budget=budget, seed=0, bound=None, count=lambda: count)
    assert plan.left_over() is goes_on
    laboratory.broken_off = True
    assert not plan.left_over(), "what ran unseen could not be told from what was tried"
