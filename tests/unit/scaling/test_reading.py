from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_gilcheck.scaling.reading import Kind, Reading, Run
from unit.scaling.fakes import a_run

UNEVEN = Run(
    kind=Kind.THREADS,
    released=1.0,
    repeats=2,
    readings=(
        Reading(start=1.5, end=3.0, cpu=1.0, delay=0.25, process_cpu=2.0, blocks=1),
        Reading(start=1.0, end=5.0, cpu=2.0, delay=0.75, process_cpu=3.5, blocks=4),
    ),
    process_cpu=3.5,
)


def test_the_figures_of_a_run() -> None:
    assert UNEVEN.workers == 2
    assert UNEVEN.wall == 4.0  # from the release, not from the first start, until the last end
    assert UNEVEN.cpu == 3.0
    assert UNEVEN.delay == 1.0
    assert UNEVEN.runnable == 1.0  # (3 + 1) / 4
    assert UNEVEN.other_cpu == 0.5
    assert UNEVEN.used == 0.75  # 3 / 4
    assert UNEVEN.blocks == 2.5


def test_what_is_unknown_of_one_is_unknown_of_all() -> None:
    first, second = UNEVEN.readings
    run = replace(UNEVEN, readings=(first, replace(second, delay=None)))
    assert run.delay is None
    assert run.runnable == pytest.approx(3.0 / 4.0)
    assert replace(UNEVEN, readings=(first, replace(second, blocks=None))).blocks is None


def test_a_process_clock_behind_the_thread_clocks_is_no_negative_time() -> None:
    assert replace(UNEVEN, process_cpu=2.9).other_cpu == 0.0


def test_alike_workers() -> None:
    run = a_run(Kind.PROCESSES, 4, wall=0.5, cpu=0.25, delay=0.25)
    assert run.runnable == pytest.approx(4.0)
