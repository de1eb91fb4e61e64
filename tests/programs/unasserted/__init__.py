"""Programs without an assertion, as they are written: ``CORRECT`` ones, which no oracle may find fault with, and ``BUGGY``
ones by name, each with the kind of failure that the oracles alone tell it by (``None``: by none; it takes an assertion)."""

from __future__ import annotations

from collections.abc import Callable

Scenario = Callable[[], object]
CORRECT: dict[str, Scenario] = {}
BUGGY: dict[str, tuple[Scenario, str | None]] = {}


def correct(scenario: Scenario) -> Scenario:
    _new(scenario)
    CORRECT[scenario.__name__] = scenario
    return scenario


def buggy(kind: str | None) -> Callable[[Scenario], Scenario]:
    def register(scenario: Scenario) -> Scenario:
        _new(scenario)
        BUGGY[scenario.__name__] = scenario, kind
        return scenario

    return register


def _new(scenario: Scenario) -> None:
    assert scenario.__name__ not in CORRECT.keys() | BUGGY.keys(), scenario.__name__
