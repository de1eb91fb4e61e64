from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pytest_gilcheck.scaling.estimate import estimate
from pytest_gilcheck.scaling.probe import GilSample
from pytest_gilcheck.scaling.reading import Kind, Reading, Run
from unit.scaling.fakes import a_measurement, a_run, a_sample, an_environment


def test_threads_that_run_at_once() -> None:
    figures = estimate(a_measurement())
    assert figures.single_seconds == pytest.approx(0.02)
    assert figures.speedup_threads == pytest.approx(4.0)
    assert figures.speedup_processes == pytest.approx(4.0)
    assert figures.slowdown_threads == pytest.approx(1.0)
    assert figures.runnable_ratio == pytest.approx(1.0)
    assert figures.cpu_share == pytest.approx(1.0)
    assert figures.other_cpu == 0.0
    assert figures.waiting_for_cpu == pytest.approx(0.0)


def test_threads_that_take_turns() -> None:
    in_turn = a_run(Kind.THREADS, 4, wall=0.08, cpu=0.02)
    figures = estimate(a_measurement(in_threads=(in_turn,)))
    assert figures.speedup_threads == pytest.approx(1.0)
    assert figures.slowdown_threads == pytest.approx(4.0)
    assert figures.runnable_threads == pytest.approx(1.0)
    assert figures.runnable_ratio == pytest.approx(0.25)


def test_repeats_are_taken_out() -> None:
    figures = estimate(
        a_measurement(
            solo=(a_run(wall=0.02, repeats=4),),
            in_threads=(a_run(Kind.THREADS, 4, wall=0.04, repeats=4),),
        )
    )
    assert figures.single_seconds == pytest.approx(0.005)
    assert figures.speedup_threads == pytest.approx(2.0)
    assert figures.slowdown_threads == pytest.approx(2.0)


def test_time_without_a_cpu_is_in_the_speed_up_but_not_in_the_slow_down() -> None:
    starved = a_run(Kind.PROCESSES, 4, wall=0.04, cpu=0.02, delay=0.02)
    figures = estimate(a_measurement(in_processes=(starved,)))
    assert figures.speedup_processes == pytest.approx(2.0)
    assert figures.slowdown_processes == pytest.approx(1.0)
    assert figures.runnable_processes == pytest.approx(4.0)


def test_medians_over_the_blocks_outvote_a_disturbed_one() -> None:
    calm, disturbed = a_run(Kind.THREADS, 4), a_run(Kind.THREADS, 4, wall=0.9, cpu=0.02)
    figures = estimate(a_measurement(solo=(a_run(), a_run(), a_run(wall=0.5)), in_threads=(calm, disturbed, calm)))
    assert figures.single_seconds == pytest.approx(0.02)
    assert figures.speedup_threads == pytest.approx(4.0)
    assert figures.slowdown_threads == pytest.approx(1.0)
    assert figures.runnable_threads == pytest.approx(4.0)


def test_a_late_start_counts_against_the_speed_up() -> None:
    late = Run(
        kind=Kind.THREADS,
        released=10.0,
        repeats=1,
        readings=tuple(Reading(start=10.01, end=10.03, cpu=0.02, delay=0.0, process_cpu=0.08) for _ in range(4)),
        process_cpu=0.08,
    )
    assert estimate(a_measurement(in_threads=(late,))).speedup_threads == pytest.approx(4 * 0.02 / 0.03)


@pytest.mark.parametrize(
    ("slow", "fast", "share"),
    [(0.9, 0.8, 0.8), (0.2, 0.5, 0.2), (0.9, None, 0.9), (None, 0.4, 0.4), (None, None, None)],
)
def test_the_gil_share_is_the_smaller_of_the_two(slow: float | None, fast: float | None, share: float | None) -> None:
    figures = estimate(
        a_measurement(gil=() if slow is None else (a_sample(slow),), gil_fast=() if fast is None else (a_sample(fast),))
    )
    assert figures.gil_share == (None if share is None else pytest.approx(share))


def test_waits_for_a_cpu_count_at_the_short_switch_interval_only() -> None:
    starved: dict[str, Any] = {"wall": 0.06, "held": 0.03, "watched": 0.1, "late": 0.09, "wakes": ()}
    usual, fast = GilSample(switch_interval=0.005, **starved), GilSample(switch_interval=0.0005, **starved)
    assert estimate(a_measurement(gil=(usual,), gil_fast=())).gil_share == pytest.approx(0.5)
    assert estimate(a_measurement(gil=(), gil_fast=(fast,))).gil_share == pytest.approx(0.9)


def test_the_lowest_ratio_is_that_of_the_run_in_which_the_threads_wanted_least() -> None:
    noisy = [a_run(Kind.THREADS, 4, wall=0.02, cpu=share * 0.02) for share in (0.75, 0.25, 1.0)]
    figures = estimate(a_measurement(in_threads=tuple(noisy)))
    assert figures.runnable_ratio == pytest.approx(0.75)
    assert figures.lowest_ratio == pytest.approx(0.25)


def test_the_most_cpus_used_is_that_of_the_best_run() -> None:
    runs = [a_run(Kind.THREADS, 4, wall=0.02, cpu=share * 0.02) for share in (0.25, 0.5, 0.3)]
    assert estimate(a_measurement(in_threads=tuple(runs))).most_used == pytest.approx(2.0)
    assert estimate(a_measurement(in_threads=())).most_used is None


def test_how_often_a_thread_blocked_is_that_of_the_usual_run_where_the_system_tells() -> None:
    runs = [a_run(Kind.THREADS, 4, blocks=number) for number in (None, 2, 90, 3)]
    assert estimate(a_measurement(in_threads=tuple(runs))).blocks == 3
    assert estimate(a_measurement(in_threads=(a_run(Kind.THREADS, 4, blocks=None),))).blocks is None


def test_one_disturbed_sample_of_three_does_not_change_the_gil_share() -> None:
    samples = (a_sample(0.9), a_sample(0.1, wall=5.0), a_sample(0.95))
    assert estimate(a_measurement(gil=samples, gil_fast=())).gil_share == pytest.approx(0.9)
    assert estimate(a_measurement(gil=(), gil_fast=samples)).gil_share == pytest.approx(0.9)


def test_ratio_between_different_numbers_of_workers_is_per_worker() -> None:
    figures = estimate(
        a_measurement(threads=8, in_threads=(a_run(Kind.THREADS, 8),), processes=2, in_processes=(a_run(Kind.PROCESSES, 2),))
    )
    assert figures.runnable_ratio == pytest.approx(1.0)


def test_without_processes_there_is_nothing_about_them() -> None:
    figures = estimate(a_measurement(processes=0, processes_missing="not asked for", in_processes=()))
    assert figures.speedup_processes is None
    assert figures.slowdown_processes is None
    assert figures.runnable_processes is None
    assert figures.runnable_ratio is None


def test_before_any_run_only_the_shortest_call_is_known() -> None:
    figures = estimate(a_measurement(shortest=0.001, solo=(), in_threads=(), in_processes=(), gil=(), gil_fast=()))
    assert figures.single_seconds == 0.001
    assert {getattr(figures, name) for name in figures.__slots__ if name != "single_seconds"} == {None}


def test_the_cpu_share_leaves_waiting_for_a_cpu_out() -> None:
    assert estimate(a_measurement(solo=(a_run(wall=0.04, cpu=0.01, delay=0.02),))).cpu_share == pytest.approx(0.5)
    assert estimate(a_measurement(solo=(a_run(wall=0.04, cpu=0.05),))).cpu_share == 1.0
    assert estimate(a_measurement(solo=(a_run(wall=0.04, cpu=0.01, delay=0.04),))).cpu_share == 1.0
    assert estimate(a_measurement(solo=(a_run(wall=0.04, cpu=0.01, delay=None),))).cpu_share == pytest.approx(0.25)


def test_cpu_time_of_threads_that_the_body_starts() -> None:
    assert estimate(a_measurement(solo=(a_run(wall=0.02, other=0.03),))).other_cpu == pytest.approx(1.5)
    # Time without a CPU is nobody's: 30 ms of CPU time beside 20 ms of the body's own, on a busy machine.
    late = a_run(wall=0.1, cpu=0.02, delay=0.08, other=0.03)
    assert estimate(a_measurement(solo=(late,))).other_cpu == pytest.approx(1.5)
    counter_ahead = a_run(wall=0.1, cpu=0.02, delay=0.2, other=0.03)
    assert estimate(a_measurement(solo=(counter_ahead,))).other_cpu == pytest.approx(1.5)


def test_bytes_to_storage_are_those_of_one_call() -> None:
    told = [a_run(disk_bytes=number, repeats=4) for number in (4096, 8192)]
    assert estimate(a_measurement(solo=(*told, a_run(repeats=4)))).disk_bytes == 1536
    assert estimate(a_measurement()).disk_bytes is None


@pytest.mark.parametrize(
    ("workers", "cpu", "delay", "denied"),
    [
        (1, 0.02, 0.00, 0.0),  # alone on the machine
        (1, 0.01, 0.01, 0.5),  # a neighbour has half of the CPU
        (4, 0.01, 0.01, 0.0),  # four on two CPUs: they wait for one another only
        (4, 0.005, 0.015, 0.5),  # four on two CPUs, of which others have half
    ],
)
def test_what_others_took_of_the_cpus(workers: int, cpu: float, delay: float, denied: float) -> None:
    run = a_run(Kind.THREADS, workers, wall=0.02, cpu=cpu, delay=delay)
    figures = estimate(
        a_measurement(environment=an_environment(usable_cpus=2), threads=workers, solo=(run,), in_threads=(run,))
    )
    assert figures.waiting_for_cpu == pytest.approx(denied)


def test_a_quota_limits_what_the_machine_could_have_given() -> None:
    half = a_run(wall=0.02, cpu=0.01, delay=0.01)
    measurement = a_measurement(environment=an_environment(cpu_quota=0.5), solo=(half,), in_threads=(half,))
    assert estimate(measurement).waiting_for_cpu == pytest.approx(0.0)
    unknown = replace(measurement, solo=(a_run(delay=None),), in_threads=(a_run(delay=None),))
    assert estimate(unknown).waiting_for_cpu == 0.0


@pytest.mark.parametrize("cpu", [0.02, 0.005], ids=["works", "waits"])
def test_a_start_held_back_by_a_busy_machine_is_no_slow_down(cpu: float) -> None:
    # Released at 10.0, on a CPU at 10.01 only. The delay before the start is in ``delay``, so it has to be in the time that
    # it is taken from, too. All copies take 20 ms.
    held_back = Reading(start=10.01, end=10.03, cpu=cpu, delay=0.01, process_cpu=cpu)
    solo = Run(kind=Kind.SOLO, released=10.0, repeats=1, readings=(held_back,), process_cpu=cpu)
    figures = estimate(a_measurement(solo=(solo,)))
    assert figures.slowdown_threads == pytest.approx(1.0)
    # It is in the speed-ups on both sides: what a call takes, and what N of them take.
    assert figures.single_seconds == pytest.approx(0.03)
