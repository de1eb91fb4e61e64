"""No oracle finds fault with a correct program, and those that need no assertion tell most of the buggy ones."""

from __future__ import annotations

from typing import Any

import pytest

from programs.asking import ask
from programs.unasserted import BUGGY, CORRECT
from programs.unasserted_answers import load

load()


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    return ask("unasserted_answers")


@pytest.mark.parametrize("name", CORRECT)
def test_what_is_correct(answers: dict[str, dict[str, Any]], name: str) -> None:
    answer = answers[name]
    assert answer["verdict"] == "clean", answer["reason"] + "\n" + answer["text"]


@pytest.mark.parametrize("name", BUGGY)
def test_what_is_told_without_an_assertion(answers: dict[str, dict[str, Any]], name: str) -> None:
    assert answers[name]["kind"] == BUGGY[name][1], answers[name]["reason"]
