"""Records that reports are made from."""

from __future__ import annotations

from dataclasses import replace

from pytest_gilcheck.record import RaceRecord, ScalingRecord
from pytest_gilcheck.verdict import Hazard, HazardPlace, Race, Scaling

BOUND = ScalingRecord(
    verdict=Scaling.GIL_BOUND,
    reason="threads do not help",
    advice="use processes",
    gil_share=0.984,
    speedup_threads=1.021,
    speedup_processes=1.9,
    single_seconds=0.0123,
)
SKIPPED = ScalingRecord(verdict=Scaling.SKIPPED, reason="it uses capsys")

FOUND = RaceRecord(verdict=Race.RACE, reason="assert 1 == 2", schedules=1200, threads=2, seconds=0.0605, failed=True)
CLEAN = RaceRecord(verdict=Race.CLEAN, reason="exhausted", coverage="exhausted", schedules=34, threads=8, seconds=1.5)
NOT_RACED = RaceRecord(verdict=Race.SKIPPED, reason="it is async")

READ = HazardPlace(thread=1, file="a.py", line=4, function="C.f", source="v = self.n", act="reads .n", locks=("a.py:3",))
WRITE = HazardPlace(thread=2, file="a.py", line=9, function="C.g", source="self.n = 0", act="writes .n")
HAZARD = Hazard(kind="unordered", text="two threads write it", places=(READ, READ, WRITE))


def scaling(verdict: Scaling, **changes: object) -> ScalingRecord:
    return replace(ScalingRecord(verdict=verdict, reason="x"), **changes)  # type: ignore[arg-type]
