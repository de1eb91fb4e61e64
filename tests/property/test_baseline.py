"""A baseline comes out of its file as it went in, however it is merged; and a comparison with itself finds nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from unit.gating.figures import MACHINE

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating import baseline
from pytest_gilcheck.gating.baseline import Baseline
from pytest_gilcheck.gating.figures import Figures, Machine
from pytest_gilcheck.gating.regression import Limits, compare
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import UNDECIDED, Scaling

TEXTS = st.text(st.characters(), max_size=30)
SHARES = st.floats(0.0, 1.0)
POSITIVE = st.floats(0.0, 1e6)
RUNS = st.lists(st.floats(0.0, 1e4), max_size=4).map(tuple)
LIMITS = st.builds(Limits, regression=st.floats(0.01, 1.0), speedup_loss=st.none() | st.floats(0.01, 1.0))

machines = st.builds(
    Machine,
    cpu_model=TEXTS,
    cpus=st.integers(1, 256) | st.floats(0.05, 256.0),
    gil=st.sampled_from(["enabled", "disabled", "re-enabled"]),
    implementation=TEXTS,
    python=st.sampled_from(["3.11", "3.13t"]),
    system=TEXTS,
)


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    record = ScalingRecord(
        verdict=draw(st.sampled_from(sorted(set(Scaling) - UNDECIDED))),
        reason="r",
        threads=draw(st.none() | st.integers(2, 256)),
        gil_share=draw(st.none() | SHARES),
        runnable_ratio=draw(st.none() | POSITIVE),
        speedup_threads=draw(st.none() | POSITIVE),
        waiting_for_cpu=draw(st.none() | SHARES),
        single_runs=draw(RUNS),
        thread_runs=draw(RUNS),
    )
    return Figures.of(record, draw(machines))


baselines = st.dictionaries(TEXTS, figures(), max_size=4).map(lambda tests: Baseline(tests=tests))


@given(baselines)
@example(Baseline(tests={'"\ud800"::{}\n': Figures(verdict=Scaling.IO_BOUND, machine=MACHINE)}))
def test_it_comes_out_of_its_file_as_it_went_in(before: Baseline) -> None:
    written = baseline.text(before)
    after = baseline.parse(written.encode().decode(), "f")
    assert after == before
    assert baseline.text(after) == written


@given(baselines, baselines, st.sets(TEXTS))
def test_merging_loses_nothing_but_what_is_gone(old: Baseline, new: Baseline, gone: set[str]) -> None:
    merged = old.merged(new.tests, gone)
    assert merged.tests == {**{test: old.tests[test] for test in set(old.tests) - gone}, **new.tests}
    assert merged.merged(new.tests) == merged
    assert baseline.parse(baseline.text(merged), "f") == merged


@given(baselines, st.data())
def test_a_file_that_was_cut_is_refused_or_says_the_same(before: Baseline, data: st.DataObject) -> None:
    written = baseline.text(before)
    length = data.draw(st.integers(0, len(written) - 1))
    if written[:length].strip() == written.strip():
        assert baseline.parse(written[:length], "f") == before, "only the line end was cut"
    else:
        with pytest.raises(Misuse, match=r"^'f'"):
            baseline.parse(written[:length], "f")


@given(figures(), LIMITS)
def test_nothing_is_worse_than_itself(one: Figures, limits: Limits) -> None:
    comparison = compare(one, one, limits)
    assert (comparison.outcome, comparison.slower) == ("same", None)


@given(figures(), figures(), LIMITS)
def test_what_is_worse_one_way_is_not_the_other_way_round(one: Figures, other: Figures, limits: Limits) -> None:
    limits = replace(limits, speedup_loss=None)
    there, back = compare(one, other, limits).outcome, compare(other, one, limits).outcome
    assert back == {"worse": "better", "better": "worse"}.get(there, there)
