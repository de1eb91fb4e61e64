"""No oracle finds fault with a correct program, and those that need no assertion tell most of the buggy ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from programs.unasserted import BUGGY, CORRECT
from programs.unasserted_answers import load

TESTS = Path(__file__).resolve().parent.parent
# All programs take some seconds; one that hangs takes for ever.
LIMIT = 300.0

load()


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-m", "programs.unasserted_answers"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", CORRECT)
def test_what_is_correct(answers: dict[str, dict[str, Any]], name: str) -> None:
    answer = answers[name]
    assert answer["verdict"] == "clean", answer["reason"] + "\n" + answer["text"]


@pytest.mark.parametrize("name", BUGGY)
def test_what_is_told_without_an_assertion(answers: dict[str, dict[str, Any]], name: str) -> None:
    assert answers[name]["kind"] == BUGGY[name][1], answers[name]["reason"]
