from __future__ import annotations

from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.reporting.comparison import Compared, Saved, lines, saved
from pytest_gilcheck.verdict import Scaling


def record(compared: str, regression: str | None = None) -> ScalingRecord:
    return ScalingRecord(verdict=Scaling.IO_BOUND, reason="r", compared=compared, regression=regression)


RECORDS = {
    "a": record("same"),
    "b": record("worse", "it was better"),
    "c": record("same"),
    "d": record("not compared: too-short"),
    "e\x1b": record("new"),
    "f": record("better"),
}


def compared(*, gated: bool) -> Compared:
    return Compared(
        name="b.json",
        records=RECORDS,
        slower={"c": "slow"},
        gone=["g"],
        not_run=["h", "i"],
        renamed=[("g", "e\x1b")],
        gated=gated,
    )


def test_all_outcomes_are_told_in_one_line_and_what_matters_in_more() -> None:
    assert lines(compared(gated=False)) == [
        "gilcheck: compared with b.json: 2 same, 1 worse (b), 1 better (f), 1 new (e\\x1b), 1 not compared (d), 1 gone (g), "
        "2 not run (h, i)",
        "    worse: b: it was better",
        "    slower: c: slow",
        "    renamed? g is gone, e\\x1b is new",
    ]


def test_what_the_gate_says_is_not_said_twice() -> None:
    assert "    worse: b: it was better" not in lines(compared(gated=True))


def test_nothing_was_measured() -> None:
    nothing = Compared(name="b.json", records={}, slower={}, gone=[], not_run=[], renamed=[])
    assert lines(nothing) == ["gilcheck: compared with b.json: no test was measured"]


def test_what_was_saved() -> None:
    assert saved(Saved(name="b.json", measured=2, new=["a"], kept=3, gone=["g"], renamed=[("g", "a")])) == [
        "gilcheck: saved to b.json: 2 measured (1 new (a)), 3 kept as they were, 1 gone (g)",
        "    renamed? g is gone, a is new",
    ]
    assert saved(Saved(name="b.json", measured=1, new=[], kept=0, gone=[], renamed=[])) == [
        "gilcheck: saved to b.json: 1 measured"
    ]
    assert saved(Saved(name="b.json", measured=0, new=[], kept=3, gone=[], renamed=[])) == [
        "gilcheck: nothing was saved to b.json: no test came to a verdict"
    ]
