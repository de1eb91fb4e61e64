"""Whether a race can happen with the GIL: every program of ``handover`` gets its known answer."""

from __future__ import annotations

import sys

import pytest

from programs.asking import ask
from programs.handover import PROGRAMS

HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


@pytest.fixture(scope="module")
def answers() -> dict[str, list[object]]:
    return ask("handover")


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
