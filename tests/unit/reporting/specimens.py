"""Records as checks make them, for the tests of reports."""

from __future__ import annotations

from typing import Any

from pytest_gilcheck.races.story import Doing, Hold, Line, Place, Story, Stuck
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.verdict import Hazard, HazardPlace, HotLine, Race, Scaling
from unit.scaling.fakes import an_environment

INCREMENT = Place(file="src/counter.py", line=5, source="self.value += 1")
LOST = Story(
    cause="lost update of Counter.value",
    lines=(
        Line(thread=1, at=INCREMENT, acts=(Doing(verb="reads", what="Counter.value", before="0", conflict=True),)),
        Line(
            thread=2,
            at=INCREMENT,
            acts=(
                Doing(verb="reads", what="Counter.value", before="0"),
                Doing(verb="writes", what="Counter.value", before="0", after="1", conflict=True),
            ),
        ),
        Line(
            thread=1,
            at=INCREMENT,
            acts=(Doing(verb="writes", what="Counter.value", before="1", after="1", conflict=True, note="2's is lost"),),
        ),
    ),
)
RACE = RaceRecord(
    verdict=Race.RACE,
    reason="lost update of Counter.value (found on schedule 2)",
    kind="lost-update",
    schedules=2,
    first_failure=2,
    switches=1,
    token="gc1:AAAA",
    gil_feasible=False,
    threads=2,
    failed=True,
    story=LOST.to_builtins(),
)
FIRST = Place(file="/elsewhere/locks.py", line=3, source="with a:")
DEADLOCK = RaceRecord(
    verdict=Race.DEADLOCK,
    reason="threads 1 and 2 wait for one another",
    kind="deadlock",
    token="gc1:BBBB",
    failed=True,
    story=Story(
        lines=(Line(thread=1, at=FIRST, acts=(Doing(verb="takes", what="a"),)),),
        stuck=(
            Stuck(
                thread=1,
                name="one",
                what="b",
                at=Place(file="/elsewhere/locks.py", line=4, source="with b: ..."),
                holder=2,
                holds=(Hold(what="a", at=FIRST),),
            ),
        ),
    ).to_builtins(),
)
HAZARD = Hazard(
    kind="unordered",
    text="nothing keeps thread 2 from writing it in between",
    places=(
        HazardPlace(thread=1, file="src/cache.py", line=8, function="f", source="d[k] = v", act="writes"),
        HazardPlace(thread=2, file="src/cache.py", line=9, function="g", source="del d[k]", act="writes"),
    ),
)
CLEAN = RaceRecord(verdict=Race.CLEAN, reason="exhausted", coverage="exhausted", schedules=9, hazards=(HAZARD,))
BOUND = ScalingRecord(
    verdict=Scaling.GIL_BOUND,
    reason="4 threads ×1.02",
    advice="processes help",
    threads=4,
    processes=4,
    gil_share=0.98765,
    speedup_threads=1.02,
    speedup_processes=1.9,
    hot_lines=(HotLine(file="/repo/src/a b.py", line=3, function="f", share=1.0, kind="bytecode"),),
)
WAITS = ScalingRecord(verdict=Scaling.IO_BOUND, reason="it waits", speedup_threads=3.9)


def a_report(failing: tuple[tuple[str, str], ...] = (), /, **tests: Checked) -> Report:
    """Of tests in ``tests/test_it.py``, by name."""
    return of_tests({f"tests/test_it.py::{name}": checked for name, checked in tests.items()}, failing)


def of_tests(tests: dict[str, Checked], failing: tuple[tuple[str, str], ...] = (), **session: Any) -> Report:
    folders = {"xdist_workers": 0, "folder": "/repo", "root": "/repo", "repository": "/repo"}
    return Report(environment=an_environment(), tests=tests, session={**folders, **session}, failing=failing)
