from __future__ import annotations

import pytest

from pytest_gilcheck.plugin.markers import RaceWanted
from pytest_gilcheck.plugin.racecheck import Stage, describe, steps
from pytest_gilcheck.races import Exploration
from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.verdict import Hazard, HazardPlace, Race


@pytest.mark.parametrize(
    ("threads", "first", "expected"),
    [
        (1, None, [1]),
        (2, None, [2]),
        (3, None, [2, 3]),
        (4, None, [2, 4]),
        (8, None, [2, 4, 8]),
        (8, 8, [8, 2, 4]),
        (8, 4, [4, 2, 8]),
        (8, 3, [2, 4, 8]),
        (2, 1, [2]),
    ],
)
def test_few_copies_first_and_the_last_failure_before_them(threads: int, first: int | None, expected: list[int]) -> None:
    assert steps(threads, first) == expected


def stage(copies: int, verdict: Race = Race.CLEAN, reason: str = "x", **more: object) -> Stage:
    exploration = Exploration(verdict=verdict, reason=reason, schedules=10, seconds=0.25, **more)  # type: ignore[arg-type]
    return Stage(copies=copies, exploration=exploration)


def of(*stages: Stage) -> RaceRecord:
    return describe(stages, RaceWanted(strategy="random", seed=7))


def test_one_search_is_its_own_record() -> None:
    record = of(stage(2, reason="all ran", coverage="exhausted", preemption_bound=2))
    assert record == RaceRecord(
        verdict=Race.CLEAN,
        reason="all ran",
        coverage="exhausted",
        preemption_bound=2,
        schedules=10,
        threads=2,
        strategy="random",
        seed=7,
        seconds=0.25,
    )


def test_a_failure_counts_the_schedules_of_all_searches() -> None:
    record = of(stage(2), stage(4, Race.RACE, "lost", first_failure=3, token="gc1:x", switches=1, kind="exception"))
    assert (record.verdict, record.reason, record.threads) == (Race.RACE, "lost", 4)
    assert (record.schedules, record.first_failure) == (20, 13)
    assert record.seconds == 0.5


def test_all_that_passed_is_said_once_each() -> None:
    assert of(stage(2, reason="a"), stage(4, reason="b"), stage(8, reason="b")).reason == "2 threads: a; 4 and 8 threads: b"
    assert of(stage(8, reason="c"), stage(2, reason="a"), stage(4, reason="b")).reason == (
        "2 threads: a; 4 threads: b; 8 threads: c"
    )


@pytest.mark.parametrize("verdict", [Race.NOT_REPEATABLE, Race.SKIPPED])
def test_more_copies_than_can_be_run_leave_the_answer_for_fewer(verdict: Race) -> None:
    record = of(stage(2, reason="a", coverage="sampled"), stage(4, verdict, "a pool of three"))
    assert (record.verdict, record.coverage, record.threads) == (Race.CLEAN, "sampled", 2)
    assert record.reason == "2 threads: a; 4 threads: not run: a pool of three"
    assert of(stage(2, verdict, "no")).verdict is verdict


def hazard(line: int, thread: int, kind: str = "unordered") -> Hazard:
    place = HazardPlace(thread=thread, file="a.py", line=line, function="f", source="x", act="writes .n")
    return Hazard(kind=kind, text="x", places=(place,))


def test_hazards_of_all_searches_are_told_once() -> None:
    few = stage(2, hazards=(hazard(3, 1), hazard(4, 1)))
    more = stage(4, hazards=(hazard(3, 2), hazard(5, 2), hazard(4, 2, "split")))
    assert of(few, more).hazards == (hazard(3, 1), hazard(4, 1), hazard(5, 2), hazard(4, 2, "split"))
