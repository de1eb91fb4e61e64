from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_gilcheck.gating.expectation import TOO_LOADED, Expectation, Judged
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import UNDECIDED, Scaling

MEETS = {
    "scales": {Scaling.RELEASES_GIL, Scaling.IO_BOUND},
    "gil-bound": {Scaling.GIL_BOUND},
    "io-bound": {Scaling.IO_BOUND},
}

SCALES = ScalingRecord(verdict=Scaling.RELEASES_GIL, reason="the reason", speedup_threads=1.9, waiting_for_cpu=0.01)


@pytest.mark.parametrize("verdict", list(Scaling))
@pytest.mark.parametrize("expect", list(MEETS))
def test_each_verdict_meets_breaks_or_leaves_open_each_expectation(verdict: Scaling, expect: str) -> None:
    judged = Expectation(verdict=expect).judge(ScalingRecord(verdict=verdict, reason="the reason"), 2)
    if verdict in UNDECIDED:
        why = f"expect='{expect}' cannot be checked: {verdict}: the reason"
        assert judged == Judged(outcome="unchecked", why=why)
    elif verdict in MEETS[expect]:
        assert judged == Judged(outcome="met")
    else:
        assert judged == Judged(outcome="broken", why=f"expect='{expect}', but it is {verdict}: the reason")


@pytest.mark.parametrize("verdict", list(Scaling))
def test_without_an_expectation_there_is_no_judgement(verdict: Scaling) -> None:
    assert Expectation().judge(ScalingRecord(verdict=verdict, reason="x"), 2) == Judged(outcome=None)


def test_a_speedup_that_is_reached() -> None:
    assert Expectation(min_speedup=1.9).judge(SCALES, 2) == Judged(outcome="met")
    assert Expectation(verdict="scales", min_speedup=1.5).judge(SCALES, 2) == Judged(outcome="met")


def test_a_speedup_that_is_missed() -> None:
    judged = Expectation(min_speedup=1.5).judge(replace(SCALES, speedup_threads=1.02), 2)
    assert judged == Judged(outcome="broken", why="min_speedup=1.5, but threads give ×1.02: the reason")


def test_a_speedup_beyond_the_cpus_is_left_open_where_work_is_computed() -> None:
    assert Expectation(min_speedup=4).judge(SCALES, 2) == Judged(
        outcome="unchecked", why="min_speedup=4 cannot be checked on 2 CPUs: ×1.90 here"
    )
    assert Expectation(min_speedup=4).judge(SCALES, 8).outcome == "broken"
    waits = replace(SCALES, verdict=Scaling.IO_BOUND)
    assert Expectation(min_speedup=4).judge(waits, 2).outcome == "broken", "waits overlap on one CPU, too"


def test_on_a_busy_machine_a_low_speedup_is_left_open() -> None:
    busy = replace(SCALES, speedup_threads=1.2, waiting_for_cpu=TOO_LOADED + 0.01)
    judged = Expectation(min_speedup=1.5).judge(busy, 2)
    assert judged.outcome == "unchecked"
    assert judged.why == "min_speedup=1.5 cannot be checked: 16% of the wanted CPU time went to others (×1.20 here)"
    at_the_limit = replace(busy, waiting_for_cpu=TOO_LOADED)
    assert Expectation(min_speedup=1.5).judge(at_the_limit, 2).outcome == "broken"
    unknown = replace(busy, waiting_for_cpu=None)
    assert Expectation(min_speedup=1.5).judge(unknown, 2).outcome == "broken"
    assert Expectation(min_speedup=1.1).judge(busy, 2).outcome == "met"


def test_a_speedup_that_was_not_measured_is_left_open() -> None:
    judged = Expectation(min_speedup=1.5).judge(replace(SCALES, speedup_threads=None), 2)
    assert judged == Judged(outcome="unchecked", why="min_speedup=1.5 cannot be checked: no speed-up was measured")


def test_a_wrong_verdict_is_named_before_a_low_speedup() -> None:
    record = ScalingRecord(verdict=Scaling.GIL_BOUND, reason="the reason", speedup_threads=1.0)
    judged = Expectation(verdict="scales", min_speedup=1.5).judge(record, 2)
    assert judged == Judged(outcome="broken", why="expect='scales', but it is gil-bound: the reason")


def test_both_are_named_when_they_are_left_open() -> None:
    judged = Expectation(verdict="scales", min_speedup=1.5).judge(ScalingRecord(verdict=Scaling.TOO_SHORT, reason="r"), 2)
    assert judged.why == "expect='scales' and min_speedup=1.5 cannot be checked: too-short: r"
