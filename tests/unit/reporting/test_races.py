from __future__ import annotations

import pytest

from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.reporting.races import ORDER, not_reproduced, summary, table
from pytest_gilcheck.verdict import Race

FOUND = RaceRecord(verdict=Race.RACE, reason="assert 1 == 2", schedules=1200, threads=2, seconds=0.0605, failed=True)
CLEAN = RaceRecord(verdict=Race.CLEAN, reason="exhausted", coverage="exhausted", schedules=34, threads=8, seconds=1.5)
SKIPPED = RaceRecord(verdict=Race.SKIPPED, reason="it is async")


def test_the_table() -> None:
    assert table({"t.py::c": SKIPPED, "t.py::b": CLEAN, "t.py::a": FOUND}, 80) == [
        "race check   coverage  schedules  threads     took  test",
        "race                       1,200        2  60.5 ms  t.py::a",
        "    assert 1 == 2",
        "clean       exhausted         34        8   1.50 s  t.py::b",
        "    exhausted",
        "skipped                                             t.py::c",
        "    it is async",
    ]
    assert table({}, 80) == []


def test_every_verdict_has_its_place_and_what_failed_is_first() -> None:
    assert set(ORDER) == set(Race)
    records = {verdict.value: RaceRecord(verdict=verdict, reason="x") for verdict in reversed(Race)}
    rows = [line.split()[-1] for line in table(records, 80)[1:] if not line.startswith(" ")]
    assert rows[:3] == ["race", "deadlock", "hang"]
    assert rows[-2:] == ["clean", "skipped"]


def test_what_could_not_be_controlled_is_listed() -> None:
    record = RaceRecord(verdict=Race.UNCONTROLLED, reason="x", uncontrolled=("thread 'a' reads a socket", "thread 'b'"))
    assert table({"t": record}, 80)[2:] == ["    x", "    ! thread 'a' reads a socket", "    ! thread 'b'"]


def test_long_stacks_are_cut() -> None:
    record = RaceRecord(verdict=Race.UNCONTROLLED, reason="x", uncontrolled=tuple(f"frame {n}" for n in range(20)))
    lines = table({"t": record}, 80)[3:]
    assert (lines[0], lines[7], lines[8:]) == (
        "    ! frame 0",
        "    ! frame 7",
        ["    ! and 12 more lines, which --gilcheck-json writes"],
    )


def test_the_summary_names_what_is_flagged_and_nothing_else() -> None:
    records = {"a": CLEAN, "b": FOUND, "c": SKIPPED, "d": RaceRecord(verdict=Race.HANG, reason="x"), "e": FOUND}
    assert summary(records, full=False) == ["gilcheck: 2 race (b, e), 1 hang (d); --gilcheck-report shows why"]
    assert summary(records, full=True) == ["gilcheck: 2 race (b, e), 1 hang (d)"]
    assert summary({"a": CLEAN, "c": SKIPPED}, full=False) == []


@pytest.mark.parametrize("record", [FOUND, SKIPPED])
def test_a_replay_that_fails_or_is_refused_says_so_itself(record: RaceRecord) -> None:
    assert not_reproduced({"t": record}) == []


def test_a_replay_that_passes_says_so() -> None:
    assert not_reproduced({"t[\x1b]": CLEAN}) == ["gilcheck: the schedule ran and did not fail: t[\\x1b]"]
