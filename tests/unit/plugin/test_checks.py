"""What is measured again, and what of two measurements counts. The measurements are written down by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_gilcheck.gating.baseline import Baseline
from pytest_gilcheck.gating.figures import Figures, Machine
from pytest_gilcheck.gating.policy import Policy
from pytest_gilcheck.gating.regression import Limits
from pytest_gilcheck.plugin import checks
from pytest_gilcheck.plugin.checks import Checker, Outcome
from pytest_gilcheck.plugin.gates import Gates
from pytest_gilcheck.plugin.markers import Wanted
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import Scaling
from unit.plugin.test_settings import DEFAULTS
from unit.scaling.fakes import an_environment

ENVIRONMENT = an_environment()
MACHINE = Machine.of(ENVIRONMENT)
RELEASES = ScalingRecord(
    verdict=Scaling.RELEASES_GIL, reason="r", threads=4, gil_share=0.02, runnable_ratio=1.0, speedup_threads=1.9, seconds=1.0
)
BOUND = replace(RELEASES, verdict=Scaling.GIL_BOUND, gil_share=0.98, runnable_ratio=0.27, speedup_threads=1.0)
UNCLEAR = ScalingRecord(verdict=Scaling.INCONCLUSIVE, reason="too busy", seconds=1.0)

ITEM = SimpleNamespace(
    nodeid="t.py::test_a@group",
    config=SimpleNamespace(option=SimpleNamespace(loadgroup=True), getoption=lambda *a, **k: "no"),
)


class Bench:
    """Runs the judgement over measurements that are given; ``left`` are those that were not asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checks, "describe", lambda record: record)

    def judge(self, *records: ScalingRecord, gates: Gates | None = None, wanted: Wanted | None = None) -> Outcome:
        self.left: Iterator[Any] = iter(records)
        checker = Checker(replace(DEFAULTS, gates=gates or Gates()), cast("Any", None), None, ENVIRONMENT)
        outcome = checker._judge(cast("Any", ITEM), wanted or Wanted(), lambda: cast("Any", next(self.left)))
        assert not list(self.left), "more measurements were expected"
        return outcome


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


AGAINST = Gates(baseline=Baseline(tests={"t.py::test_a": Figures.of(RELEASES, MACHINE)}))


def test_without_a_baseline_one_measurement_is_enough(bench: Bench) -> None:
    assert bench.judge(BOUND).record == BOUND


def test_a_regression_is_confirmed(bench: Bench) -> None:
    record = bench.judge(BOUND, BOUND, gates=AGAINST).record
    assert record.compared == "worse"
    assert record.regression is not None
    assert record.seconds == 2.0, "what both cost"


def test_what_is_the_same_is_measured_once(bench: Bench) -> None:
    assert bench.judge(RELEASES, gates=AGAINST).record == replace(RELEASES, compared="same")


def test_a_regression_that_does_not_come_again_is_none(bench: Bench) -> None:
    assert bench.judge(BOUND, RELEASES, gates=AGAINST).record == replace(RELEASES, compared="same", seconds=2.0)


def test_where_the_second_measurement_concludes_nothing_there_are_more(bench: Bench) -> None:
    assert bench.judge(BOUND, UNCLEAR, BOUND, gates=AGAINST).record.compared == "worse"
    assert bench.judge(BOUND, UNCLEAR, UNCLEAR, RELEASES, gates=AGAINST).record.compared == "same"
    record = bench.judge(BOUND, UNCLEAR, UNCLEAR, UNCLEAR, gates=AGAINST).record
    assert (record.compared, record.regression, record.seconds) == ("not compared: inconclusive: too busy", None, 4.0)


def test_what_shall_be_compared_is_measured_until_it_can_be(bench: Bench) -> None:
    assert bench.judge(UNCLEAR, RELEASES, gates=AGAINST).record == replace(RELEASES, compared="same", seconds=2.0)
    assert bench.judge(UNCLEAR, UNCLEAR, BOUND, BOUND, gates=AGAINST).record.compared == "worse"
    record = bench.judge(UNCLEAR, UNCLEAR, UNCLEAR, gates=AGAINST).record
    assert (record.compared, record.seconds) == ("not compared: inconclusive: too busy", 3.0)
    short = replace(UNCLEAR, verdict=Scaling.TOO_SHORT)
    assert bench.judge(short, gates=AGAINST).record.compared == "not compared: too-short: too busy"
    assert bench.judge(UNCLEAR, gates=Gates(baseline=Baseline())).record.compared == "not compared: inconclusive: too busy"


def test_a_marker_moves_the_limits(bench: Bench) -> None:
    partly = replace(RELEASES, verdict=Scaling.PARTLY_GIL_BOUND, gil_share=0.4, runnable_ratio=0.6)
    assert bench.judge(partly, partly, gates=AGAINST).record.compared == "worse"
    assert bench.judge(partly, gates=AGAINST, wanted=Wanted(max_regression=0.8)).record.compared == "same"
    steady = replace(RELEASES, single_runs=(0.02, 0.02), thread_runs=(0.01, 0.01))
    base = Gates(baseline=Baseline(tests={"t.py::test_a": Figures.of(steady, MACHINE)}))
    slow = replace(RELEASES, speedup_threads=1.2, single_runs=(0.02, 0.0201), thread_runs=(0.017, 0.017))
    assert bench.judge(slow, gates=base).record.compared == "same"
    assert bench.judge(slow, slow, gates=base, wanted=Wanted(max_speedup_loss=0.2)).record.compared == "worse"
    assert bench.judge(slow, slow, gates=replace(base, limits=Limits(speedup_loss=0.2))).record.compared == "worse"


def test_what_a_baseline_is_made_of_is_measured_twice(bench: Bench, tmp_path: Any) -> None:
    saving = Gates(save=tmp_path / "b.json")
    assert bench.judge(RELEASES, BOUND, gates=saving).record == replace(BOUND, seconds=2.0)
    assert bench.judge(BOUND, RELEASES, gates=saving).record == replace(BOUND, seconds=2.0)
    assert bench.judge(UNCLEAR, RELEASES, gates=saving).record == replace(RELEASES, seconds=2.0)
    both = replace(AGAINST, save=tmp_path / "b.json")
    record = bench.judge(RELEASES, BOUND, gates=both).record
    assert record.compared is not None
    assert record.compared.startswith("not compared: one of two measurements was worse: ")
    assert bench.judge(BOUND, BOUND, gates=both).record.compared == "worse"


def test_an_expectation_is_broken_only_if_both_measurements_say_so(bench: Bench, tmp_path: Any) -> None:
    wanted = Wanted(expect="scales")
    assert bench.judge(BOUND, BOUND, wanted=wanted).error is not None
    assert bench.judge(BOUND, RELEASES, wanted=wanted).error is None
    assert bench.judge(BOUND, RELEASES, wanted=wanted).record.expectation == "met"
    # Measured again for another reason: that the second one breaks it is not confirmed.
    outcome = bench.judge(RELEASES, BOUND, wanted=wanted, gates=Gates(save=tmp_path / "b.json"))
    assert (outcome.error, outcome.record.expectation) == (None, "met")


def test_a_broken_expectation_and_a_regression_are_both_said(bench: Bench) -> None:
    outcome = bench.judge(BOUND, BOUND, wanted=Wanted(expect="scales"), gates=AGAINST)
    assert (outcome.record.expectation, outcome.record.compared) == ("broken", "worse")
    assert outcome.error is not None
    assert Policy().fail_on >= {"expectation", "regression"}
