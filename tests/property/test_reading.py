from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from property.strategies import runs
from pytest_gilcheck.scaling.clock import Usage
from pytest_gilcheck.scaling.reading import Kind, Run

COUNTERS = st.floats(0.0, 1e6)
USAGES = st.builds(Usage, cpu=COUNTERS, delay=st.none() | COUNTERS)
RUNS = st.integers(1, 6).flatmap(lambda workers: runs(Kind.THREADS, workers))


@given(USAGES, USAGES, USAGES)
def test_parts_of_a_usage_add_up(first: Usage, second: Usage, third: Usage) -> None:
    whole, early, late = third.since(first), second.since(first), third.since(second)
    assert whole.cpu == pytest.approx(early.cpu + late.cpu, abs=1e-6)
    if early.delay is not None and late.delay is not None:
        assert whole.delay == pytest.approx(early.delay + late.delay, abs=1e-6)


@given(USAGES)
def test_nothing_is_used_in_no_time(usage: Usage) -> None:
    assert usage.since(usage) == Usage(cpu=0.0, delay=None if usage.delay is None else 0.0)


@given(RUNS)
def test_a_run_takes_as_long_as_its_slowest_worker(run: Run) -> None:
    assert run.wall >= max(r.end - r.start for r in run.readings)
    assert run.runnable * run.wall == pytest.approx(run.cpu + (run.delay or 0.0))
    assert run.other_cpu >= 0.0
    assert run.cpu + run.other_cpu == pytest.approx(max(run.process_cpu, run.cpu))
