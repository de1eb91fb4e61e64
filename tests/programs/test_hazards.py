"""Every program with a hazard is seen to have it, and no other."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from programs.hazard_answers import WAYS
from programs.hazards import HAZARDS
from programs.no_hazards import FINE

TESTS = Path(__file__).resolve().parent.parent
# All programs take a few seconds; one that hangs takes for ever.
LIMIT = 300.0


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-m", "programs.hazard_answers"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


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
