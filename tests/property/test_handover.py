"""What is said about the GIL is what the interpreter does, for random programs."""

from __future__ import annotations

import sys

import pytest

from property.handover import compare

HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


# A sample of what ``python -m property.handover`` runs by the thousand.
@pytest.mark.skipif(not HAS_GIL, reason="without a GIL there is nothing to say")
def test_the_interpreter_agrees() -> None:
    answers = [compare(seed) for seed in range(25)]
    assert [problem for _, problem in answers if problem] == []
    said = [word for word, _ in answers]
    assert min(said.count("yes"), said.count("no")) > 3
    assert said.count("not known") < 4
