"""What a search by free runs is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_gilcheck.races.exploration import Budget
from pytest_gilcheck.races.oracles import Rules
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.search import Observer


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is searched; see :func:`~pytest_gilcheck.races.explore` for each."""

    scenario: Callable[[], object]
    scope: Scope
    name: str
    budget: Budget
    seed: int
    observer: Observer | None
    rules: Rules
