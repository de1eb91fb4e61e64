"""The estimate recovers the curves that synthetic runs were drawn from."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unit.scaling.fakes import a_measurement, a_run, a_sample, an_environment

from property.strategies import SECONDS, SHARES, WORKERS, measurements
from pytest_gilcheck.scaling.classify import classify
from pytest_gilcheck.scaling.estimate import Estimate, estimate
from pytest_gilcheck.scaling.measurement import Measurement
from pytest_gilcheck.scaling.reading import Kind, Run
from pytest_gilcheck.verdict import Scaling

CPUS = st.integers(1, 64)
CALLS = st.floats(0.002, 100.0)


def spread(kind: Kind, workers: int, single: float, cpus: int) -> Run:
    """N copies that all want to run, on fewer CPUs perhaps: what they do not get is delay."""
    wall = single * max(1.0, workers / cpus)
    return a_run(kind, workers, wall=wall, cpu=single, delay=wall - single)


def in_turn(kind: Kind, workers: int, single: float, serial: float) -> Run:
    """N copies with a ``serial`` part that only one of them can be in, on a CPU each: Amdahl's worst case."""
    return a_run(kind, workers, wall=single * (serial * workers + 1.0 - serial), cpu=single)


def measured(workers: int, cpus: int, single: float, **runs: Any) -> Measurement:
    return a_measurement(
        environment=an_environment(usable_cpus=cpus),
        asked_threads=workers,
        threads=workers,
        processes=workers,
        shortest=single,
        solo=(a_run(wall=single),),
        **runs,
    )


@given(WORKERS, CPUS, CALLS)
def test_threads_that_the_gil_puts_in_turn(workers: int, cpus: int, single: float) -> None:
    measurement = measured(
        workers,
        cpus,
        single,
        in_threads=(in_turn(Kind.THREADS, workers, single, 1.0),),
        in_processes=(spread(Kind.PROCESSES, workers, single, cpus),),
        gil=(a_sample(0.97),),
        gil_fast=(a_sample(0.95),),
    )
    figures = estimate(measurement)
    assert figures.speedup_threads == pytest.approx(1.0)
    assert figures.slowdown_threads == pytest.approx(workers)
    assert figures.speedup_processes == pytest.approx(min(workers, cpus))
    assert figures.slowdown_processes == pytest.approx(1.0)
    assert figures.runnable_threads == pytest.approx(1.0)
    assert figures.runnable_processes == pytest.approx(workers)
    assert figures.runnable_ratio == pytest.approx(1.0 / workers)
    assert classify(measurement).verdict is Scaling.GIL_BOUND


@given(WORKERS, CPUS, CALLS)
def test_threads_that_run_at_once(workers: int, cpus: int, single: float) -> None:
    measurement = measured(
        workers,
        cpus,
        single,
        in_threads=(spread(Kind.THREADS, workers, single, cpus),),
        in_processes=(spread(Kind.PROCESSES, workers, single, cpus),),
        gil=(a_sample(0.03),),
        gil_fast=(a_sample(0.02),),
    )
    figures = estimate(measurement)
    assert figures.speedup_threads == pytest.approx(min(workers, cpus))
    assert figures.runnable_ratio == pytest.approx(1.0)
    # However few the CPUs are: the copies wait for one another only, nobody else had them.
    assert figures.waiting_for_cpu == pytest.approx(0.0, abs=1e-9)
    assert classify(measurement).verdict is Scaling.RELEASES_GIL


@given(WORKERS, CALLS, SHARES)
def test_threads_with_a_serial_part(workers: int, single: float, serial: float) -> None:
    measurement = measured(
        workers,
        workers,
        single,
        in_threads=(in_turn(Kind.THREADS, workers, single, serial),),
        in_processes=(spread(Kind.PROCESSES, workers, single, workers),),
    )
    figures = estimate(measurement)
    amdahl = workers / (serial * workers + 1.0 - serial)
    assert figures.speedup_threads == pytest.approx(amdahl)
    assert figures.slowdown_threads == pytest.approx(workers / amdahl)
    assert figures.runnable_ratio == pytest.approx(amdahl / workers)


def _without_units(figures: Estimate) -> list[object]:
    names = [name for name in figures.__slots__ if name != "single_seconds"]
    return [getattr(figures, name) for name in names]


@given(measurements())
def test_the_order_of_the_blocks_does_not_matter(measurement: Measurement) -> None:
    turned = replace(
        measurement,
        solo=measurement.solo[::-1],
        in_threads=measurement.in_threads[::-1],
        in_processes=measurement.in_processes[::-1],
        gil=measurement.gil[::-1],
        gil_fast=measurement.gil_fast[::-1],
    )
    assert _without_units(estimate(turned)) == pytest.approx(_without_units(estimate(measurement)))


@given(measurements())
def test_shares_are_shares(measurement: Measurement) -> None:
    figures = estimate(measurement)
    for share in (figures.gil_share, figures.cpu_share, figures.waiting_for_cpu):
        assert share is None or 0.0 <= share <= 1.0 + 1e-9
    for figure in (figures.runnable_threads, figures.runnable_processes, figures.other_cpu, figures.speedup_threads):
        assert figure is None or figure >= 0.0


@given(st.lists(SECONDS, min_size=3, max_size=3), SECONDS)
def test_one_disturbed_block_of_three_changes_nothing_beyond_the_others(walls: list[float], disturbed: float) -> None:
    def speedup(*seconds: float) -> float:
        threads = tuple(a_run(Kind.THREADS, 4, wall=wall, cpu=0.0) for wall in seconds)
        found = estimate(a_measurement(in_threads=threads)).speedup_threads
        assert found is not None
        return found

    each = [speedup(wall) for wall in walls[:2]]
    assert min(each) <= speedup(walls[0], walls[1], disturbed) * (1 + 1e-12)
    assert speedup(walls[0], walls[1], disturbed) <= max(each) * (1 + 1e-12)
