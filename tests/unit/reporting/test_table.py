from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.races import ORDER
from pytest_gilcheck.reporting.table import table
from pytest_gilcheck.verdict import Race, Scaling
from unit.reporting.samples import BOUND, CLEAN, FOUND, HAZARD, NOT_RACED, SKIPPED, scaling


def of(**records: ScalingRecord | RaceRecord) -> dict[str, Checked]:
    return {
        test: Checked(scaling=record) if isinstance(record, ScalingRecord) else Checked(race=record)
        for test, record in records.items()
    }


def rows(lines: list[str]) -> list[str]:
    """The tests, in order."""
    return [line.split()[-1] for line in lines[1:] if not line.startswith("    ")]


def test_scaling_alone() -> None:
    assert table(of(b=SKIPPED, a=BOUND), 80) == [
        "scaling    threads  processes  GIL held    alone  test",
        "gil-bound    ×1.02      ×1.90       98%  12.3 ms  a",
        "    threads do not help",
        "    → use processes",
        "skipped                                           b",
        "    it uses capsys",
    ]


def test_races_alone() -> None:
    assert table(of(c=NOT_RACED, b=CLEAN, a=FOUND), 80) == [
        "race check  coverage   schedules  copies     took  test",
        "race                       1,200       2  60.5 ms  a",
        "    assert 1 == 2",
        "clean       exhausted         34       8   1.50 s  b",
        "    exhausted",
        "skipped                                            c",
        "    it is async",
    ]


BOTH = {"a.py::one": Checked(scaling=BOUND, race=CLEAN), "a.py::two": Checked(race=FOUND)}


def test_both_side_by_side() -> None:
    assert table(BOTH, 200) == [
        "scaling    threads  processes  GIL held    alone  race check  coverage   schedules  copies     took  test",
        "-                                                 race                       1,200       2  60.5 ms  a.py::two",
        "    assert 1 == 2",
        "gil-bound    ×1.02      ×1.90       98%  12.3 ms  clean       exhausted         34       8   1.50 s  a.py::one",
        "    threads do not help",
        "    → use processes",
        "    exhausted",
    ]


@pytest.mark.parametrize(
    ("width", "headings"),
    [
        (110, "scaling threads processes GIL held alone race check coverage schedules copies took"),
        (109, "scaling threads processes GIL held alone race check coverage schedules copies"),
        (92, "scaling threads processes GIL held alone race check coverage"),
        (80, "scaling threads processes GIL held race check coverage"),
        (72, "scaling threads processes GIL held race check"),
        (61, "scaling threads GIL held race check"),
        (50, "scaling threads race check"),
        (0, "scaling threads race check"),
    ],
)
def test_the_least_important_columns_go_where_there_is_no_room(width: int, headings: str) -> None:
    lines = table(BOTH, width)
    assert lines[0].split() == [*headings.split(), "test"]
    assert rows(lines) == ["a.py::two", "a.py::one"]
    if width >= 50:
        assert max(map(len, lines)) <= width


@pytest.mark.parametrize("records", [{}, {"t": Checked()}])
def test_without_records_there_is_no_table(records: dict[str, Checked]) -> None:
    assert table(records, 80) == []


def test_the_worst_is_first() -> None:
    records = {
        "skipped": Checked(scaling=scaling(Scaling.SKIPPED)),
        "io": Checked(scaling=scaling(Scaling.IO_BOUND)),
        "broken": Checked(scaling=scaling(Scaling.IO_BOUND, expectation="broken")),
        "failed": Checked(scaling=scaling(Scaling.INCONCLUSIVE, failed=True)),
        "gil": Checked(scaling=scaling(Scaling.GIL_BOUND), race=CLEAN),
        "gil-2": Checked(scaling=scaling(Scaling.GIL_BOUND)),
        "raced": Checked(scaling=scaling(Scaling.IO_BOUND), race=FOUND),
        "lost": Checked(race=RaceRecord(verdict=Race.UNCONTROLLED, reason="x")),
    }
    assert rows(table(records, 80)) == ["raced", "failed", "broken", "gil", "gil-2", "lost", "io", "skipped"]


def test_every_verdict_of_a_race_has_its_place_and_what_failed_is_first() -> None:
    assert set(ORDER) == set(Race)
    found = rows(table(of(**{verdict.value: RaceRecord(verdict=verdict, reason="x") for verdict in reversed(Race)}), 80))
    assert found[:3] == ["race", "deadlock", "hang"]
    assert found[-2:] == ["clean", "skipped"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.00001234, "0.0123 ms"), (0.5, "500 ms"), (0.9994, "999 ms"), (1.0, "1.00 s"), (75.0, "75.00 s")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert f"  {shown}  t" in table(of(t=replace(BOUND, single_seconds=seconds)), 80)[1]


@pytest.mark.parametrize("seconds", [0.9996, 0.99999])
def test_a_duration_that_rounds_up_to_a_second_is_one(seconds: float) -> None:
    assert "e+03" not in table(of(t=replace(BOUND, single_seconds=seconds)), 80)[1]


@pytest.mark.parametrize("width", [0, 20, 40, 60, 200])
def test_notes_are_wrapped_but_never_too_narrow(width: int) -> None:
    lines = table(of(t=replace(BOUND, reason="word " * 40, advice=None)), width)[2:]
    assert max(map(len, lines)) <= max(width, 40)
    assert "".join(lines).split() == ["word"] * 40
    assert all(line.startswith("    ") for line in lines)


def test_lines_of_a_reason_stay_lines() -> None:
    lines = table(of(t=replace(SKIPPED, reason="first\nits last output:\n  Error: x")), 80)[2:]
    assert [line.strip() for line in lines] == ["first", "its last output:", "Error: x"]


@pytest.mark.parametrize(("outcome", "shown"), [("broken", True), ("unchecked", True), ("met", False)])
def test_an_expectation_is_shown_unless_it_is_met(outcome: str, shown: bool) -> None:
    lines = table(of(t=replace(BOUND, expectation=outcome, expected="expect='scales', but")), 80)
    assert ("    ! expect='scales', but" in lines) is shown


def test_what_could_not_be_controlled_is_listed() -> None:
    record = RaceRecord(verdict=Race.UNCONTROLLED, reason="x", uncontrolled=("thread 'a' reads a socket", "thread 'b'"))
    assert table(of(t=record), 80)[2:] == ["    x", "    ! thread 'a' reads a socket", "    ! thread 'b'"]


def test_long_stacks_are_cut() -> None:
    record = RaceRecord(verdict=Race.UNCONTROLLED, reason="x", uncontrolled=tuple(f"frame {n}" for n in range(20)))
    lines = table(of(t=record), 80)[3:]
    assert (lines[0], lines[7], lines[8:]) == (
        "    ! frame 0",
        "    ! frame 7",
        ["    ! and 12 more lines, which --gilcheck-json writes"],
    )


def test_hazards_are_listed() -> None:
    record = RaceRecord(verdict=Race.CLEAN, reason="all ran", hazards=(HAZARD,))
    assert table(of(t=record), 100)[2:] == [
        "    all ran",
        "    1 hazard",
        "    ? unordered: two threads write it (a.py:4, a.py:9)",
    ]


def test_one_reason_for_both_is_said_once() -> None:
    both = Checked(scaling=SKIPPED, race=RaceRecord(verdict=Race.SKIPPED, reason=SKIPPED.reason))
    assert table({"t": both}, 80)[2:] == ["    it uses capsys"]


def test_ids_and_reasons_are_made_safe() -> None:
    lines = table({"t[\x1b]": Checked(scaling=replace(SKIPPED, reason="\x1b[2J"))}, 80)
    assert "\x1b" not in "".join(lines)
