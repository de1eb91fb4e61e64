"""Whether a race can happen with the GIL: every program of ``handover`` gets its known answer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from programs.handover import PROGRAMS

TESTS = Path(__file__).resolve().parent.parent
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


@pytest.fixture(scope="module")
def answers() -> dict[str, list[object]]:
    command = [sys.executable, "-m", "programs.handover"]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, list[object]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_answer_is_known(name: str, answers: dict[str, list[object]]) -> None:
    verdict, feasible, said = answers[name]
    assert verdict in {"race", "deadlock"}
    assert feasible is (PROGRAMS[name].answer if HAS_GIL else None)
    if not HAS_GIL:
        assert said == ""
    elif feasible is None:
        assert str(said).startswith("not found in ")
    else:
        assert said == ("yes" if feasible else "no: free-threaded builds only, today")
