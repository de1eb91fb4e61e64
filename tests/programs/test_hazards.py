"""Every program with a hazard is seen to have it, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from programs.asking import ask
from programs.hazard_answers import WAYS
from programs.hazards import HAZARDS
from programs.no_hazards import FINE


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    return ask("hazard_answers")


@pytest.mark.parametrize("name", HAZARDS)
def test_what_has_a_hazard(answers: dict[str, dict[str, Any]], name: str) -> None:
    kinds = [{kind for kind, _ in answers[name][way]["hazards"]} for way in WAYS]
    assert set().union(*kinds) == HAZARDS[name][1]


@pytest.mark.parametrize("name", FINE)
def test_what_has_none(answers: dict[str, dict[str, Any]], name: str) -> None:
    assert {way: (found["verdict"], found["hazards"]) for way, found in answers[name].items()} == {
        way: ("clean", []) for way in WAYS
    }


def test_the_same_lines_are_told_once(answers: dict[str, dict[str, Any]]) -> None:
    for name in HAZARDS:
        for found in answers[name].values():
            told = [(kind, tuple(lines)) for kind, lines in found["hazards"]]
            assert len(told) == len(set(told)), name
