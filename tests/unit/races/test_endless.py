"""A loop that never ends, and sleeps, is shown again as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.races.alone import alone

HEAD = """
import time
from types import SimpleNamespace
from pytest_gilcheck.races import Budget, explore, replay, run

def scenario(early):
    state = SimpleNamespace(wanted=True)

    def work():
        if not early:
            state.wanted = True
        while state.wanted:
            time.sleep(0.01)

    def stop():
        state.wanted = False

    run(work, stop)
"""


@pytest.mark.parametrize(("early", "verdict", "kind"), [("False", "hang", "livelock"), ("True", "clean", None)])
def test_a_sleeping_loop_that_nobody_can_end_is_a_livelock(
    tmp_path: Path, early: str, verdict: str, kind: str | None
) -> None:
    alone(
        tmp_path,
        HEAD
        + f"""
found = explore(lambda: scenario({early}), budget=Budget(seconds=2.0, schedules=30))
assert (found.verdict, found.kind) == ({verdict!r}, {kind!r}), found
if found.token is not None:
    again = replay(lambda: scenario({early}), found.token, limit=5.0)
    assert (again.verdict, again.kind) == ({verdict!r}, {kind!r}), again
""",
    )
