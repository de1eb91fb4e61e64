from __future__ import annotations

from dataclasses import replace

from pytest_gilcheck.record import Checked, RaceRecord
from pytest_gilcheck.reporting.brief import lines, summary
from pytest_gilcheck.verdict import Race, Scaling
from unit.reporting.samples import BOUND, CLEAN, FOUND, HAZARD, NOT_RACED, SKIPPED, scaling

RECORDS = {
    "a": Checked(scaling=scaling(Scaling.GIL_BOUND)),
    "b": Checked(scaling=scaling(Scaling.IO_BOUND), race=FOUND),
    "c": Checked(scaling=scaling(Scaling.LOCK_BOUND)),
    "d": Checked(scaling=scaling(Scaling.GIL_BOUND), race=RaceRecord(verdict=Race.HANG, reason="stuck\nthere")),
    "e": Checked(scaling=scaling(Scaling.INCONCLUSIVE, failed=True), race=CLEAN),
    "f": Checked(scaling=scaling(Scaling.RELEASES_GIL, expectation="broken", expected="expect='gil-bound'")),
    "g": Checked(scaling=scaling(Scaling.TOO_SHORT, expectation="unchecked"), race=NOT_RACED),
}


def test_one_line_on_what_was_flagged() -> None:
    said = (
        "gilcheck: 1 race (b), 1 hang (d), 2 gil-bound (d, a), 1 failed when rerun (e), 1 not as expected (f), "
        "1 lock-bound (c), 1 expectation unchecked (g)"
    )
    assert summary(RECORDS, full=True) == [said]
    assert summary(RECORDS, full=False) == [f"{said}; --gilcheck-report shows why"]


def test_a_line_for_each_that_pytest_does_not_tell_of() -> None:
    assert lines(RECORDS) == [
        "GILCHECK hang d - stuck",
        "GILCHECK gil-bound d - x",
        "GILCHECK not as expected f - expect='gil-bound'",
        "GILCHECK gil-bound a - x",
        "GILCHECK lock-bound c - x",
        "GILCHECK expectation unchecked g - x",
    ]


def test_a_long_list_of_tests_is_cut() -> None:
    records = {f"t{n}": Checked(scaling=BOUND) for n in range(5)}
    assert summary(records, full=True) == ["gilcheck: 5 gil-bound (t0, t1, t2 and 2 more)"]
    assert summary(dict([*records.items()][:3]), full=True) == ["gilcheck: 3 gil-bound (t0, t1, t2)"]


def test_nothing_flagged_nothing_said() -> None:
    records = {
        "a": Checked(scaling=scaling(Scaling.IO_BOUND), race=replace(CLEAN, hazards=(HAZARD,))),
        "b": Checked(scaling=SKIPPED, race=NOT_RACED),
        "c": Checked(),
    }
    assert summary(records, full=False) == lines(records) == []


def test_ids_and_reasons_are_made_safe() -> None:
    records = {"t[\x1b]": Checked(scaling=replace(BOUND, reason="\x1b[2J"))}
    assert "\x1b" not in "".join(summary(records, full=False) + lines(records))
