from __future__ import annotations

import json

import pytest

from pytest_gilcheck.plugin.checks import describe
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.verdict import Hazard, HazardPlace, HotLine, Race, Scaling
from unit.scaling.fakes import a_measurement

LINE = HotLine(file="a.py", line=3, function="f", share=0.5, kind="bytecode", inside=None)
FULL = ScalingRecord(
    verdict=Scaling.GIL_BOUND,
    reason="because",
    advice="use processes",
    details="its last output:\nx",
    threads=4,
    processes=2,
    gil_share=0.98,
    runnable_ratio=3.9,
    speedup_threads=1.02,
    speedup_processes=1.91,
    single_seconds=0.01,
    cpu_share=1.0,
    waiting_for_cpu=0.02,
    hot_lines=(LINE, LINE),
    expectation="broken",
    expected="expect='scales', but",
    failed=True,
    seconds=1.25,
)
BARE = ScalingRecord(verdict=Scaling.SKIPPED, reason="x")

PLACE = HazardPlace(
    thread=1, file="a.py", line=4, function="f", source="x.n += 1", act="reads .n", locks=("a.py:3", "b.py:7")
)
HAZARD = Hazard(kind="unordered", text="two threads", places=(PLACE, PLACE))
FULL_RACE = RaceRecord(
    verdict=Race.DEADLOCK,
    reason="found",
    kind="deadlock",
    coverage=None,
    preemption_bound=2,
    schedules=12,
    first_failure=11,
    switches=3,
    token="gc1:AAAA",
    gil_feasible=False,
    uncontrolled=("thread 'a' waits",),
    threads=4,
    strategy="auto",
    seed=3,
    hazards=(HAZARD,),
    failed=True,
    seconds=0.5,
    story={"cause": "lost update", "steps": [{"thread": 1, "acts": [{"verb": "reads"}]}], "stuck": []},
)
BARE_RACE = RaceRecord(verdict=Race.SKIPPED, reason="x")


@pytest.mark.parametrize("record", [FULL, BARE], ids=["full", "bare"])
def test_what_crosses_a_process_is_the_same_on_the_other_side(record: ScalingRecord) -> None:
    assert ScalingRecord.from_builtins(json.loads(json.dumps(record.to_builtins()))) == record


@pytest.mark.parametrize(
    "checked",
    [
        Checked(),
        Checked(scaling=FULL),
        Checked(race=FULL_RACE),
        Checked(scaling=BARE, race=BARE_RACE),
        Checked(race=RaceRecord(verdict=Race.CLEAN, reason="x", coverage="exhausted")),
    ],
    ids=["neither", "scaling", "race", "both", "clean"],
)
def test_both_records_of_a_test_cross_a_process(checked: Checked) -> None:
    assert Checked.from_builtins(json.loads(json.dumps(checked.to_builtins()))) == checked


def test_builtins_of_a_race_are_exact() -> None:
    plain = FULL_RACE.to_builtins()
    assert type(plain["verdict"]) is str
    assert plain["uncontrolled"] == ["thread 'a' waits"]
    assert {type(value) for value in plain.values()} <= {str, int, float, bool, list, dict, type(None)}


@pytest.mark.parametrize("verdict", list(Race))
def test_what_was_witnessed_and_what_stopped_a_search_is_flagged(verdict: Race) -> None:
    quiet = {Race.CLEAN, Race.NOT_REPEATABLE, Race.SKIPPED}
    assert RaceRecord(verdict=verdict, reason="x").flagged is (verdict not in quiet)


def test_builtins_are_exact() -> None:
    plain = FULL.to_builtins()
    assert type(plain["verdict"]) is str
    assert type(plain["hot_lines"]) is list
    assert type(plain["hot_lines"][0]) is dict
    assert {type(value) for value in plain.values()} <= {str, int, float, bool, list, dict, type(None)}


def test_a_newer_field_from_another_version_is_ignored_and_a_missing_one_has_its_default() -> None:
    record = ScalingRecord.from_builtins({"verdict": "io-bound", "reason": "x", "new": 1})
    assert record == ScalingRecord(verdict=Scaling.IO_BOUND, reason="x")


@pytest.mark.parametrize(
    ("missing", "details"),
    [
        ("it died: exit status 3\nwhat it printed", "it died: exit status 3\nwhat it printed"),
        ("not asked for", None),
        (None, None),
    ],
)
def test_the_record_of_a_measurement_keeps_what_does_not_fit_into_its_sentence(
    missing: str | None, details: str | None
) -> None:
    record = describe(a_measurement(processes_missing=missing))
    assert record.details == details
    assert "printed" not in record.reason


FLAGGED = {Scaling.GIL_BOUND, Scaling.PARTLY_GIL_BOUND, Scaling.LOCK_BOUND, Scaling.SHARED_RESOURCE}


@pytest.mark.parametrize("verdict", list(Scaling))
def test_verdicts_against_threads_are_flagged(verdict: Scaling) -> None:
    assert ScalingRecord(verdict=verdict, reason="x").flagged is (verdict in FLAGGED)


@pytest.mark.parametrize(
    ("record", "flagged"),
    [
        (ScalingRecord(verdict=Scaling.IO_BOUND, reason="x", expectation="broken"), True),
        (ScalingRecord(verdict=Scaling.TOO_SHORT, reason="x", expectation="unchecked"), True),
        (ScalingRecord(verdict=Scaling.IO_BOUND, reason="x", expectation="met"), False),
        (ScalingRecord(verdict=Scaling.INCONCLUSIVE, reason="x", failed=True), True),
    ],
)
def test_open_and_broken_expectations_and_failures_are_flagged(record: ScalingRecord, flagged: bool) -> None:
    assert record.flagged is flagged
