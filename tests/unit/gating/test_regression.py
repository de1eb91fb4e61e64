from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_gilcheck.gating.figures import Figures
from pytest_gilcheck.gating.regression import (
    CLASSES,
    MAX_REGRESSION,
    Comparison,
    Limits,
    compare,
    confirmed,
    less_favourable,
)
from pytest_gilcheck.gating.speedup import change
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import UNDECIDED, Scaling
from unit.gating.figures import MACHINE, figures

S = Scaling
HELP = [S.RELEASES_GIL, S.IO_BOUND, S.PARALLEL_INSIDE]
WORSE = {
    *((base, head) for base in HELP for head in (S.GIL_BOUND, S.PARTLY_GIL_BOUND, S.LOCK_BOUND, S.SHARED_RESOURCE)),
    (S.PARTLY_GIL_BOUND, S.GIL_BOUND),
    (S.PARTLY_GIL_BOUND, S.LOCK_BOUND),
    (S.SHARED_RESOURCE, S.GIL_BOUND),
    (S.SHARED_RESOURCE, S.LOCK_BOUND),
    # Of one class; here it is the figures that tell: more time under the GIL, and fewer threads that want to run.
    (S.SHARED_RESOURCE, S.PARTLY_GIL_BOUND),
}
DECIDED = [verdict for verdict in Scaling if verdict not in UNDECIDED]


def outcome(base: Figures | None, head: Figures, limits: Limits | None = None) -> str:
    return compare(base, head, limits or Limits()).outcome


def test_there_is_a_class_for_every_verdict_that_decides() -> None:
    assert set(CLASSES) == set(DECIDED)


@pytest.mark.parametrize("head", DECIDED)
@pytest.mark.parametrize("base", DECIDED)
def test_each_pair_of_verdicts_with_their_usual_figures(base: Scaling, head: Scaling) -> None:
    got = outcome(figures(base), figures(head))
    assert got == ("worse" if (base, head) in WORSE else "better" if (head, base) in WORSE else "same")


@pytest.mark.parametrize("verdict", sorted(UNDECIDED))
def test_no_verdict_is_no_regression_but_is_said(verdict: Scaling) -> None:
    assert compare(figures(S.RELEASES_GIL), figures(verdict), Limits(), "too busy") == Comparison(
        outcome="not compared", why=f"{verdict}: too busy"
    )
    assert compare(figures(verdict), figures(S.GIL_BOUND), Limits()) == Comparison(
        outcome="not compared", why=f"the baseline is {verdict}"
    )
    assert outcome(None, figures(verdict)) == "not compared"


def test_without_a_baseline_a_test_is_new() -> None:
    assert compare(None, figures(S.GIL_BOUND), Limits()) == Comparison(outcome="new")


@pytest.mark.parametrize(
    ("share", "ratio", "worse"), [(0.75, 0.6, True), (0.74, 0.6, False), (0.75, 0.61, False), (1.0, 0.8, False)]
)
def test_both_figures_together_are_a_regression_without_another_verdict(share: float, ratio: float, worse: bool) -> None:
    base = figures(S.PARTLY_GIL_BOUND, gil_share=0.5, runnable_ratio=0.8)
    head = replace(base, gil_share=share, runnable_ratio=ratio)
    got = compare(base, head, Limits())
    assert got.worse is worse
    if worse:
        assert got.why == (
            "partly-gil-bound: GIL share 0.50 → 0.75, runnable ratio 0.80 → 0.60, speed-up in threads 1.40 → 1.40"
        )


def test_the_ratio_tells_nothing_with_another_number_of_threads_or_without_processes() -> None:
    base = figures(S.PARTLY_GIL_BOUND, gil_share=0.31, runnable_ratio=0.8)
    head = replace(base, gil_share=0.58, runnable_ratio=0.4)
    assert outcome(base, head) == "worse"
    assert outcome(base, replace(head, threads=8)) == "same"
    assert outcome(base, replace(head, runnable_ratio=None)) == "same"
    assert outcome(replace(base, runnable_ratio=None), head) == "same"
    assert outcome(replace(base, gil_share=None), head) == "same"


def test_a_larger_share_alone_is_no_worse_verdict_of_a_body_that_computes() -> None:
    before = figures(S.RELEASES_GIL, gil_share=0.14, runnable_ratio=0.8)
    after = figures(S.PARTLY_GIL_BOUND, gil_share=0.38, runnable_ratio=0.69)
    assert outcome(before, after) == "same"
    assert outcome(before, replace(after, runnable_ratio=0.68)) == "worse"
    assert outcome(before, replace(after, runnable_ratio=None)) == "worse"
    assert outcome(before, replace(after, threads=8)) == "worse"
    assert outcome(replace(before, verdict=S.IO_BOUND), after) == "worse", "of what waits, the ratio tells nothing"
    assert outcome(before, replace(after, gil_share=0.39)) == "worse", "it has risen by all of the limit"
    two = replace(before, threads=2), replace(after, threads=2)
    assert outcome(*two) == "worse", "two threads need not queue for 0.38 of the time each"
    more = replace(two[0], gil_share=0.36), replace(two[1], gil_share=0.6)
    assert outcome(*more) == "same", "they would have to for 0.6"


@pytest.mark.parametrize("base", [S.RELEASES_GIL, S.IO_BOUND])
def test_near_a_threshold_a_worse_verdict_about_the_gil_is_chance(base: Scaling) -> None:
    before = figures(base, gil_share=0.28)
    assert outcome(before, figures(S.PARTLY_GIL_BOUND, gil_share=0.42)) == "same"
    assert outcome(before, figures(S.PARTLY_GIL_BOUND, gil_share=0.43)) == "worse"


def test_near_a_threshold_between_two_bad_verdicts_the_whole_limit_counts() -> None:
    before = figures(S.PARTLY_GIL_BOUND, gil_share=0.55, runnable_ratio=None)
    assert outcome(before, figures(S.GIL_BOUND, gil_share=0.79)) == "same"
    assert outcome(before, figures(S.GIL_BOUND, gil_share=0.8)) == "worse"


def test_a_lock_in_a_body_that_was_partly_bound_shows_in_the_ratio() -> None:
    before = figures(S.PARTLY_GIL_BOUND, gil_share=0.31, runnable_ratio=0.3)
    assert outcome(before, figures(S.LOCK_BOUND, gil_share=0.29, runnable_ratio=0.29)) == "same"
    assert outcome(before, figures(S.LOCK_BOUND, gil_share=0.29, runnable_ratio=0.22)) == "worse"


def test_a_shared_resource_counts_on_the_same_quiet_machine_only() -> None:
    before, after = figures(S.IO_BOUND), figures(S.SHARED_RESOURCE)
    assert outcome(before, after) == "worse"
    assert outcome(before, replace(after, waiting_for_cpu=0.16)) == "same"
    assert outcome(before, replace(after, machine=replace(MACHINE, cpu_model="another"))) == "same"


def test_builds_with_and_without_a_gil_are_not_compared() -> None:
    free = replace(MACHINE, gil="disabled", python="3.13t")
    got = compare(figures(S.RELEASES_GIL, machine=free), figures(S.GIL_BOUND), Limits())
    assert got.outcome == "not compared"
    assert got.why == "the baseline was measured with the GIL disabled, now it is enabled"
    again = replace(MACHINE, gil="re-enabled", python="3.13t")
    assert outcome(figures(S.RELEASES_GIL, machine=again), figures(S.GIL_BOUND)) == "worse"


def test_another_machine_does_not_matter_to_verdicts_about_the_code() -> None:
    other = replace(MACHINE, cpu_model="another", cpus=64, system="Darwin arm64", python="3.14")
    assert outcome(figures(S.RELEASES_GIL, machine=other), figures(S.GIL_BOUND)) == "worse"
    assert outcome(figures(S.IO_BOUND, machine=other), figures(S.LOCK_BOUND)) == "worse"


def test_the_limit_can_be_moved() -> None:
    base, head = figures(S.RELEASES_GIL, gil_share=0.0), figures(S.PARTLY_GIL_BOUND, gil_share=0.31)
    assert outcome(base, head, Limits(regression=0.51)) == "worse", "0.6 of it is 0.306"
    assert outcome(base, head, Limits(regression=0.53)) == "same"
    assert MAX_REGRESSION == 0.25


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        ("worse", "worse", "worse"),
        ("worse", "same", "same"),
        ("worse", "not compared", "not compared"),
        ("same", "worse", "not compared"),
        ("same", "better", "better"),
    ],
)
def test_only_what_both_measurements_show_counts(first: str, second: str, counts: str) -> None:
    got = confirmed(Comparison(outcome=first, why="1"), Comparison(outcome=second, why="2"))
    assert got.outcome == counts
    assert got.why is not None
    assert got.why.endswith("2")


@pytest.mark.parametrize(
    ("kept", "other"),
    [
        (S.GIL_BOUND, S.RELEASES_GIL),
        (S.PARTLY_GIL_BOUND, S.IO_BOUND),
        (S.IO_BOUND, S.INCONCLUSIVE),
        (S.RELEASES_GIL, S.TOO_SHORT),
    ],
)
def test_a_baseline_is_made_of_the_less_favourable_of_two_measurements(kept: Scaling, other: Scaling) -> None:
    one, two = ScalingRecord(verdict=kept, reason="1"), ScalingRecord(verdict=other, reason="2", gil_share=0.9)
    assert less_favourable(one, two) is less_favourable(two, one) is one


def test_of_one_class_the_larger_share_is_kept_and_then_the_smaller_ratio() -> None:
    one = ScalingRecord(verdict=S.RELEASES_GIL, reason="1", gil_share=0.2, runnable_ratio=0.9)
    for other in (replace(one, gil_share=0.1), replace(one, gil_share=None), replace(one, runnable_ratio=0.95)):
        assert less_favourable(one, other) is less_favourable(other, one) is one


def test_a_record_says_what_came_of_it() -> None:
    record = ScalingRecord(verdict=S.GIL_BOUND, reason="r")
    assert Comparison(outcome="same").on(record) == replace(record, compared="same")
    worse = Comparison(outcome="worse", why="it was better").on(record)
    assert (worse.compared, worse.regression) == ("worse", "it was better")
    assert Comparison(outcome="not compared", why="so").on(record).compared == "not compared: so"
    assert Comparison(outcome="better", why="so").on(record).regression is None


# Pairs of runs whose speed-ups are 2.0 and 1.9, and 1.0 and 1.1.
FAST = {"speedup_threads": 1.95, "single_runs": (0.02, 0.019), "thread_runs": (0.01, 0.01)}
SLOW = {"speedup_threads": 1.05, "single_runs": (0.02, 0.022), "thread_runs": (0.02, 0.02)}
GATED = Limits(speedup_loss=0.1)


def test_a_lost_speedup_counts_where_it_is_asked_for() -> None:
    base, head = figures(S.RELEASES_GIL, **FAST), figures(S.RELEASES_GIL, **SLOW)
    got = compare(base, head, GATED)
    assert got.worse
    assert got.why is not None
    assert got.why.startswith("speed-up in threads ×1.95 → ×1.05: ×0.54 of what it was (95 % confidence: ×0.43 to ×0.68)")
    told = compare(base, head, Limits())
    assert (told.outcome, told.slower) == (
        "same",
        "speed-up in threads ×1.95 → ×1.05 (reported only: --gilcheck-max-speedup-loss is not given)",
    )


def test_a_lost_speedup_within_the_limit_is_not_told() -> None:
    base, head = figures(S.RELEASES_GIL, **FAST), figures(S.RELEASES_GIL, **SLOW)
    assert compare(base, replace(head, speedup_threads=1.76), GATED) == Comparison(outcome="same")
    assert compare(base, head, Limits(speedup_loss=0.5)) == Comparison(outcome="same")
    assert compare(base, replace(head, speedup_threads=None), GATED) == Comparison(outcome="same")


@pytest.mark.parametrize(
    ("changes", "against"),
    [
        ({"machine": replace(MACHINE, cpu_model="another")}, "cpu model another, not a processor"),
        ({"machine": replace(MACHINE, cpus=4)}, "cpus 4, not 2"),
        ({"machine": replace(MACHINE, python="3.13")}, "python 3.13, not 3.12"),
        ({"machine": replace(MACHINE, system="Darwin arm64")}, "system Darwin arm64, not Linux x86_64"),
        ({"machine": replace(MACHINE, gil="re-enabled")}, "gil re-enabled, not enabled"),
        ({"threads": 8}, "8 threads, not 4"),
        ({"waiting_for_cpu": 0.16}, "the machine was busy"),
        ({"single_runs": (0.02,)}, "too few runs for a confidence interval"),
        ({"single_runs": (0.01, 0.04)}, "the runs differ too much: ×0.51 of what it was"),
    ],
)
def test_a_lost_speedup_is_only_told_where_it_cannot_be_compared(changes: dict[str, object], against: str) -> None:
    head = replace(figures(S.RELEASES_GIL, **SLOW), **changes)  # type: ignore[arg-type]
    got = compare(figures(S.RELEASES_GIL, **FAST), head, GATED)
    assert got.outcome == "same"
    assert got.slower is not None
    assert against in got.slower


def test_the_interval_of_a_speedup_against_one_by_hand() -> None:
    # Logarithms: 0.6931, 0.6419 and 0, 0.0953; variances 0.001311 and 0.004542, pooled 0.002926 with 2 degrees of freedom;
    # error sqrt(0.002926) = 0.0541, times 4.303 = 0.2328; difference -0.6198.
    got = change(figures(S.RELEASES_GIL, **FAST), figures(S.RELEASES_GIL, **SLOW))
    assert got is not None
    assert (got.low, got.ratio, got.high) == pytest.approx((0.4263, 0.5380, 0.6790), abs=0.0005)


def test_equal_runs_have_an_interval_of_no_width() -> None:
    steady = figures(S.RELEASES_GIL, single_runs=(0.02, 0.02, 0.02), thread_runs=(0.01, 0.01, 0.01))
    got = change(steady, steady)
    assert got is not None
    assert (got.low, got.ratio, got.high) == (1.0, 1.0, 1.0)
    assert change(steady, replace(steady, thread_runs=(0.01,))) is None
    assert change(steady, replace(steady, thread_runs=(0.0, 0.0, 0.01))) is None
