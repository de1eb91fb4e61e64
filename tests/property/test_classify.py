from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from property.strategies import LINES, SHARES, measurements
from pytest_gilcheck.scaling.classify import classify, decide, is_clear, thresholds
from pytest_gilcheck.scaling.estimate import estimate
from pytest_gilcheck.scaling.measurement import Measurement
from pytest_gilcheck.verdict import FLAGGED, HotLine, Scaling

HOT_LINES = st.lists(
    st.builds(
        HotLine,
        file=LINES,
        line=st.integers(1, 10_000),
        function=LINES,
        share=SHARES,
        kind=st.sampled_from(["bytecode", "c-call", "unclear"]),
        inside=st.none() | LINES,
    ),
    max_size=3,
).map(tuple)


@given(measurements(), HOT_LINES)
def test_whatever_was_measured_there_is_a_verdict_in_one_line(measurement: Measurement, lines: tuple[HotLine, ...]) -> None:
    verdict = classify(measurement, lines)
    assert verdict.verdict is not Scaling.SKIPPED
    assert len(verdict.reason.splitlines()) == 1
    assert verdict.reason == verdict.reason.strip()
    said = [*(measurement.processes_missing or "").splitlines(), measurement.environment.gil_reenabled_by or ""]
    ours = verdict.reason
    for text in filter(None, said):
        ours = ours.replace(text, "")
    assert "None" not in ours
    assert (verdict.advice is not None) == (verdict.verdict in FLAGGED)
    assert is_clear(measurement) in {True, False}


@given(measurements())
def test_the_gil_is_blamed_only_where_there_is_one_and_it_was_seen_to_be_held(measurement: Measurement) -> None:
    figures = estimate(measurement)
    verdict, _ = decide(measurement, figures)
    if verdict in {Scaling.GIL_BOUND, Scaling.PARTLY_GIL_BOUND}:
        assert measurement.environment.has_gil
        assert figures.gil_share is not None
        assert figures.gil_share * measurement.threads > 0.6
    if verdict is Scaling.GIL_BOUND:
        assert figures.gil_share is not None
        assert figures.gil_share >= 0.6


@given(st.floats(1.0, 256.0), st.floats(1.0, 256.0))
def test_more_workers_never_have_higher_thresholds(one: float, other: float) -> None:
    few, many = thresholds(max(2.0, min(one, other))), thresholds(max(2.0, one, other))
    assert few.gil >= many.gil
    assert few.lock >= many.lock
    assert 0.0 < few.lock < few.gil <= 1.0
