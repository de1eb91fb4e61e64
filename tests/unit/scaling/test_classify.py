"""Each row of the rule, with figures on both sides of its thresholds."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_gilcheck.scaling.classify import (
    CPU_BOUND,
    DISK_BYTES,
    FEW_BLOCKS,
    FEW_THREADS,
    GIL_HELD,
    GIL_PARTLY,
    GIL_PARTLY_OF_FEW,
    LONG_BLOCKS,
    PARALLEL_INSIDE,
    RAN_AT_ONCE,
    classify,
    decide,
    is_clear,
    thresholds,
)
from pytest_gilcheck.scaling.measurement import Measurement
from pytest_gilcheck.scaling.reading import Kind, Reading, Run
from pytest_gilcheck.verdict import HotLine, Scaling
from unit.scaling.fakes import a_measurement, a_run, a_sample, an_environment, an_estimate

#: Figures of a body that waits: its copies get in each other's way.
WAITS: dict[str, Any] = {
    "cpu_share": 0.1,
    "gil_share": 0.05,
    "runnable_threads": 0.2,
    "slowdown_threads": 4.0,
    "slowdown_processes": 1.0,
}
#: Figures of a body that waits for a disk: its waits overlap.
DISK: dict[str, Any] = {**WAITS, "slowdown_threads": 1.0, "disk_bytes": float(DISK_BYTES)}
UNEVENLY = "served threads and processes unevenly"
NO_PROCESSES: dict[str, Any] = {
    "speedup_processes": None,
    "slowdown_processes": None,
    "runnable_processes": None,
    "runnable_ratio": None,
    "lowest_ratio": None,
}


def workers(number: int, *, processes: bool = True, cpus: int = 4, gil: str = "enabled", tells: bool = True) -> Measurement:
    return a_measurement(
        threads=number,
        asked_threads=number,
        processes=number if processes else 0,
        processes_missing=None if processes else "not asked for",
        environment=an_environment(usable_cpus=cpus, gil=gil, run_queue_delay=tells),
    )


def case(verdict: Scaling, measurement: Measurement, because: str = "", **figures: Any) -> Any:
    return pytest.param(verdict, measurement, because, figures)


FOUR, THREE, TWO = workers(4), workers(3), workers(2)
FREE = workers(4, gil="disabled")
ALONE, FREE_ALONE = workers(4, processes=False), workers(4, processes=False, cpus=2, gil="disabled")
#: Eight threads on two CPUs of a system that does not count who waits for a CPU: two can be seen to be runnable.
UNTOLD, UNTOLD_ALONE = workers(8, cpus=2, tells=False), workers(8, cpus=2, tells=False, processes=False)

# Just below a threshold is on one side of it, the threshold itself on the other.
BELOW = 1.0 - 1e-9


def gil(number: int) -> float:
    return thresholds(number).gil


def lock(number: int) -> float:
    return thresholds(number).lock


def free(number: int) -> float:
    return thresholds(number).free


#: Threads that blocked often and never used more than one CPU: what a lock looks like, and what a busy machine does.
SUSPECT: dict[str, Any] = {"gil_share": 0.0, "most_used": 1.0, "blocks": FEW_BLOCKS + 1.0}


ROWS = [
    # Not measured to the end.
    case(Scaling.TOO_SHORT, a_measurement(shortest=0.0019, in_threads=())),
    case(Scaling.INCONCLUSIVE, a_measurement(shortest=30.0, in_threads=()), "too long"),
    # Parallel inside comes before all that is about CPU or waiting.
    case(Scaling.PARALLEL_INSIDE, FOUR, other_cpu=PARALLEL_INSIDE * 1.01, gil_share=0.9),
    case(Scaling.PARALLEL_INSIDE, FOUR, other_cpu=PARALLEL_INSIDE * 1.01, cpu_share=0.1),
    case(Scaling.RELEASES_GIL, FOUR, other_cpu=PARALLEL_INSIDE),
    # CPU-bound with the GIL held.
    case(Scaling.GIL_BOUND, FOUR, gil_share=GIL_HELD, runnable_ratio=0.25),
    case(Scaling.GIL_BOUND, FOUR, gil_share=0.95, runnable_ratio=gil(4) * BELOW),
    case(Scaling.INCONCLUSIVE, FOUR, "the GIL is held, yet", gil_share=0.95, runnable_ratio=gil(4)),
    case(Scaling.GIL_BOUND, FOUR, gil_share=0.95, runnable_ratio=1.0, lowest_ratio=gil(4) * BELOW),
    case(Scaling.GIL_BOUND, THREE, gil_share=0.95, runnable_ratio=gil(3) * BELOW),
    case(Scaling.INCONCLUSIVE, THREE, "the GIL is held, yet", gil_share=0.95, runnable_ratio=gil(3)),
    case(Scaling.GIL_BOUND, TWO, gil_share=0.95, runnable_ratio=gil(2) * BELOW),
    case(Scaling.INCONCLUSIVE, TWO, "the GIL is held, yet", gil_share=0.95, runnable_ratio=gil(2)),
    case(Scaling.GIL_BOUND, workers(4, gil="re-enabled"), gil_share=0.95, runnable_ratio=0.25),
    # CPU-bound with the GIL held for a part.
    case(Scaling.PARTLY_GIL_BOUND, FOUR, gil_share=GIL_HELD * BELOW, runnable_ratio=0.25),
    case(Scaling.PARTLY_GIL_BOUND, FOUR, gil_share=GIL_PARTLY, runnable_ratio=0.9),
    case(Scaling.PARTLY_GIL_BOUND, workers(FEW_THREADS - 1), gil_share=GIL_PARTLY_OF_FEW, runnable_ratio=0.9),
    case(Scaling.RELEASES_GIL, workers(FEW_THREADS - 1), gil_share=GIL_PARTLY_OF_FEW * BELOW, runnable_ratio=0.9),
    case(Scaling.PARTLY_GIL_BOUND, workers(FEW_THREADS), gil_share=GIL_PARTLY_OF_FEW * BELOW, runnable_ratio=0.9),
    # CPU-bound with the GIL free.
    case(Scaling.LOCK_BOUND, FOUR, gil_share=0.25, runnable_ratio=lock(4) * BELOW),
    case(Scaling.RELEASES_GIL, FOUR, gil_share=GIL_PARTLY * BELOW, runnable_ratio=lock(4)),
    case(Scaling.LOCK_BOUND, THREE, gil_share=0.0, runnable_ratio=lock(3) * BELOW),
    case(Scaling.RELEASES_GIL, THREE, gil_share=0.0, runnable_ratio=lock(3)),
    case(Scaling.LOCK_BOUND, TWO, gil_share=0.0, runnable_ratio=lock(2) * BELOW),
    case(Scaling.RELEASES_GIL, TWO, gil_share=0.0, runnable_ratio=lock(2)),
    # Of a lock noise can only make the ratio larger, so that the lowest is the one to believe.
    case(Scaling.LOCK_BOUND, FOUR, gil_share=0.0, runnable_ratio=1.0, lowest_ratio=lock(4) * BELOW),
    # Above that threshold threads are called free of a lock on evidence only: that they ran at once, that they did not
    # block, or that they wanted to run as no lock would let them.
    case(Scaling.INCONCLUSIVE, FOUR, "hinder one another", **SUSPECT, runnable_ratio=lock(4)),
    case(Scaling.INCONCLUSIVE, FOUR, "hinder one another", **SUSPECT, runnable_ratio=free(4) * BELOW),
    case(Scaling.INCONCLUSIVE, FOUR, "hinder one another", **SUSPECT, runnable_ratio=1.0, lowest_ratio=free(4) * BELOW),
    case(Scaling.INCONCLUSIVE, FOUR, "hinder", **{**SUSPECT, "blocks": None, "most_used": None}, runnable_ratio=lock(4)),
    case(Scaling.RELEASES_GIL, FOUR, **SUSPECT, runnable_ratio=free(4)),
    case(Scaling.RELEASES_GIL, FOUR, **{**SUSPECT, "most_used": RAN_AT_ONCE}, runnable_ratio=lock(4)),
    case(Scaling.INCONCLUSIVE, FOUR, "hinder", **{**SUSPECT, "most_used": RAN_AT_ONCE * BELOW}, runnable_ratio=lock(4)),
    case(Scaling.RELEASES_GIL, TWO, **{**SUSPECT, "blocks": FEW_BLOCKS}, runnable_ratio=LONG_BLOCKS),
    case(Scaling.INCONCLUSIVE, TWO, "hinder", **{**SUSPECT, "blocks": FEW_BLOCKS}, runnable_ratio=LONG_BLOCKS * BELOW),
    case(Scaling.INCONCLUSIVE, TWO, "hinder", **SUSPECT, runnable_ratio=LONG_BLOCKS),
    case(Scaling.INCONCLUSIVE, THREE, "hinder", **SUSPECT, runnable_ratio=free(3) * BELOW),
    case(Scaling.RELEASES_GIL, THREE, **SUSPECT, runnable_ratio=free(3)),
    case(Scaling.INCONCLUSIVE, TWO, "hinder", **SUSPECT, runnable_ratio=free(2) * BELOW),
    case(Scaling.RELEASES_GIL, TWO, **SUSPECT, runnable_ratio=free(2)),
    # Below it there is a lock, whatever else.
    case(Scaling.LOCK_BOUND, FOUR, gil_share=0.0, runnable_ratio=lock(4) * BELOW, most_used=RAN_AT_ONCE, blocks=0.0),
    # Threads whose GIL shares add up to more than one take turns at it, which is no lock.
    case(Scaling.LOCK_BOUND, FOUR, gil_share=0.28, runnable_ratio=lock(4) / (4 * 0.28) * BELOW),
    case(Scaling.RELEASES_GIL, FOUR, gil_share=0.28, runnable_ratio=lock(4) / (4 * 0.28)),
    case(Scaling.LOCK_BOUND, workers(8), gil_share=0.25, runnable_ratio=lock(8) / (8 * 0.25) * BELOW),
    case(Scaling.RELEASES_GIL, workers(8), gil_share=0.25, runnable_ratio=lock(8) / (8 * 0.25)),
    case(Scaling.LOCK_BOUND, workers(8), gil_share=1 / 8, runnable_ratio=lock(8) * BELOW),
    case(Scaling.INCONCLUSIVE, FOUR, "hinder", **{**SUSPECT, "gil_share": 0.28}, runnable_ratio=lock(4) / (4 * 0.28)),
    # The threshold between CPU-bound and waiting.
    case(Scaling.GIL_BOUND, FOUR, cpu_share=CPU_BOUND, gil_share=0.9, runnable_ratio=0.25),
    case(Scaling.IO_BOUND, FOUR, cpu_share=CPU_BOUND * BELOW, gil_share=0.9, runnable_ratio=0.25),
    # One CPU: whoever is runnable is counted, where the system counts.
    case(Scaling.GIL_BOUND, workers(4, cpus=1), gil_share=0.95, runnable_ratio=0.25),
    case(Scaling.RELEASES_GIL, workers(4, cpus=1), gil_share=0.0),
    case(Scaling.INCONCLUSIVE, workers(4, cpus=1, tells=False), "one CPU", gil_share=0.95, runnable_ratio=0.25),
    case(Scaling.INCONCLUSIVE, workers(4, cpus=1, tells=False, gil="disabled"), "one CPU", gil_share=None),
    # Without run-queue delays only as many as there are CPUs can be seen to be runnable.
    case(Scaling.GIL_BOUND, UNTOLD, gil_share=0.95, runnable_ratio=gil(2) * BELOW),
    case(Scaling.INCONCLUSIVE, workers(8, tells=False), "held, yet", gil_share=0.95, runnable_ratio=gil(4)),
    case(Scaling.LOCK_BOUND, UNTOLD, gil_share=0.0, runnable_ratio=0.5),
    case(Scaling.RELEASES_GIL, UNTOLD, gil_share=0.0, runnable_ratio=0.95),
    case(Scaling.LOCK_BOUND, workers(2, cpus=8, tells=False), gil_share=0.0, runnable_ratio=0.5),
    # Without processes the threads are held against perfect ones.
    case(Scaling.GIL_BOUND, ALONE, **NO_PROCESSES, gil_share=0.95, runnable_threads=1.0),
    case(Scaling.INCONCLUSIVE, ALONE, "held, yet", **NO_PROCESSES, gil_share=0.95, runnable_threads=4.0),
    case(Scaling.LOCK_BOUND, ALONE, **NO_PROCESSES, gil_share=0.0, runnable_threads=1.0),
    case(Scaling.RELEASES_GIL, ALONE, **NO_PROCESSES, gil_share=0.0, runnable_threads=2.3),
    case(Scaling.RELEASES_GIL, UNTOLD_ALONE, **NO_PROCESSES, gil_share=0.0, runnable_threads=1.7),
    case(Scaling.LOCK_BOUND, UNTOLD_ALONE, **NO_PROCESSES, gil_share=0.0, runnable_threads=1.0),
    # Without the GIL.
    case(Scaling.RELEASES_GIL, FREE, gil_share=None),
    case(Scaling.LOCK_BOUND, FREE, gil_share=None, runnable_ratio=lock(4) * BELOW),
    case(Scaling.LOCK_BOUND, FREE, gil_share=None, runnable_ratio=1.0, lowest_ratio=lock(4) * BELOW),
    case(Scaling.SHARED_RESOURCE, FREE, "contention", gil_share=None, speedup_threads=2.3),
    case(Scaling.RELEASES_GIL, FREE, gil_share=None, speedup_threads=2.5),
    case(Scaling.RELEASES_GIL, FREE, gil_share=None, speedup_threads=1.2, speedup_processes=1.9),
    case(Scaling.SHARED_RESOURCE, FREE_ALONE, "contention", **NO_PROCESSES, gil_share=None, speedup_threads=1.1),
    case(Scaling.RELEASES_GIL, FREE_ALONE, **NO_PROCESSES, gil_share=None, speedup_threads=1.3),
    case(Scaling.RELEASES_GIL, workers(4, cpus=1, gil="disabled"), gil_share=None, speedup_threads=0.5),
    # Waiting.
    case(Scaling.IO_BOUND, FOUR, **{**WAITS, "slowdown_threads": 1.49}),
    case(Scaling.IO_BOUND, FREE, **{**WAITS, "slowdown_threads": 1.0, "gil_share": None}),
    # Waiting for a disk: it overlaps,
    case(Scaling.IO_BOUND, FOUR, **DISK),
    case(Scaling.IO_BOUND, FOUR, **{**DISK, "slowdown_threads": 1.25, "slowdown_processes": 1.25}),
    case(Scaling.IO_BOUND, ALONE, **{**DISK, **NO_PROCESSES}),
    # unless the disk was asked on a busy machine, which proves nothing;
    case(Scaling.INCONCLUSIVE, FOUR, "a busy machine serves late", **{**DISK, "waiting_for_cpu": 0.5}),
    case(Scaling.IO_BOUND, FOUR, **{**DISK, "disk_bytes": DISK_BYTES - 1.0, "waiting_for_cpu": 0.5}),
    # it queues;
    case(Scaling.SHARED_RESOURCE, FOUR, **{**DISK, "slowdown_threads": 1.5, "slowdown_processes": 1.5}),
    case(Scaling.SHARED_RESOURCE, FOUR, **{**DISK, "slowdown_threads": 4.0, "slowdown_processes": 2.7}),
    # or neither can be said: a little slower, or threads and processes unalike.
    case(Scaling.INCONCLUSIVE, FOUR, UNEVENLY, **{**DISK, "slowdown_threads": 1.36, "slowdown_processes": 1.36}),
    case(Scaling.INCONCLUSIVE, FOUR, UNEVENLY, **{**DISK, "slowdown_threads": 1.36}),
    case(Scaling.INCONCLUSIVE, FOUR, UNEVENLY, **{**DISK, "slowdown_threads": 4.0, "slowdown_processes": 2.6}),
    case(Scaling.INCONCLUSIVE, FOUR, UNEVENLY, **{**DISK, "slowdown_threads": 4.0}),
    case(Scaling.INCONCLUSIVE, FOUR, UNEVENLY, **{**DISK, "slowdown_processes": 3.0}),
    case(Scaling.INCONCLUSIVE, FREE, UNEVENLY, **{**DISK, "slowdown_threads": 4.0, "gil_share": None}),
    case(Scaling.INCONCLUSIVE, ALONE, "waits for a disk", **{**DISK, **NO_PROCESSES, "slowdown_threads": 4.0}),
    # More of them may be slower and still overlap.
    case(Scaling.IO_BOUND, workers(8), **{**DISK, "slowdown_threads": 1.4, "slowdown_processes": 1.4}),
    case(Scaling.INCONCLUSIVE, workers(8), UNEVENLY, **{**DISK, "slowdown_threads": 1.6, "slowdown_processes": 1.6}),
    case(Scaling.SHARED_RESOURCE, workers(8), **{**DISK, "slowdown_threads": 1.8, "slowdown_processes": 1.8}),
    # A body that is CPU-bound does not wait for the disk that it uses.
    case(Scaling.GIL_BOUND, FOUR, disk_bytes=DISK_BYTES, gil_share=0.95, runnable_ratio=0.25),
    # Slow processes speak against waits that overlap, unless there is next to nothing to run in them but their start.
    case(Scaling.IO_BOUND, FOUR, **{**WAITS, "slowdown_threads": 1.0, "slowdown_processes": 3.0}),
    case(
        Scaling.INCONCLUSIVE,
        FOUR,
        "neither",
        **{**WAITS, "cpu_share": 0.3, "slowdown_threads": 1.0, "slowdown_processes": 3.0},
    ),
    case(Scaling.SHARED_RESOURCE, FOUR, **{**WAITS, "slowdown_processes": 4.0}),
    case(Scaling.SHARED_RESOURCE, FOUR, **{**WAITS, "slowdown_processes": 2.7}),
    case(Scaling.SHARED_RESOURCE, FREE, **{**WAITS, "slowdown_processes": 4.0, "gil_share": None}),
    case(Scaling.LOCK_BOUND, FOUR, **WAITS),
    case(Scaling.LOCK_BOUND, FOUR, **{**WAITS, "slowdown_processes": 2.5}),
    case(Scaling.LOCK_BOUND, FREE, **{**WAITS, "gil_share": None}),
    case(Scaling.INCONCLUSIVE, FOUR, "neither", **{**WAITS, "slowdown_threads": 1.6, "slowdown_processes": 1.6}),
    case(Scaling.INCONCLUSIVE, FOUR, "neither", **{**WAITS, "slowdown_processes": 7.0}),
    case(Scaling.INCONCLUSIVE, FOUR, "neither", **{**WAITS, "runnable_threads": 0.5}),
    case(Scaling.PARTLY_GIL_BOUND, FOUR, **{**WAITS, "gil_share": 0.21, "runnable_threads": 0.5}),
    case(Scaling.INCONCLUSIVE, FOUR, "neither", **{**WAITS, "gil_share": 0.2, "runnable_threads": 0.5}),
    case(Scaling.LOCK_BOUND, FOUR, **{**WAITS, "gil_share": 0.3, "runnable_threads": 0.4}),
    case(Scaling.PARTLY_GIL_BOUND, ALONE, **{**WAITS, **NO_PROCESSES, "gil_share": 0.3, "runnable_threads": 0.9}),
    case(Scaling.INCONCLUSIVE, ALONE, "without processes", **{**WAITS, **NO_PROCESSES}),
    case(
        Scaling.INCONCLUSIVE,
        FREE_ALONE,
        "without processes",
        **{**WAITS, **NO_PROCESSES, "gil_share": None, "runnable_threads": 0.9},
    ),
]


@pytest.mark.parametrize(("verdict", "measurement", "because", "figures"), ROWS)
def test_a_row_of_the_rule(verdict: Scaling, measurement: Measurement, because: str, figures: dict[str, Any]) -> None:
    decided, why = decide(measurement, an_estimate(**figures))
    assert decided is verdict
    assert because in why
    assert bool(because) == bool(why)


def test_every_class_that_the_rule_can_give_is_in_the_table() -> None:
    assert {row.values[0] for row in ROWS} == set(Scaling) - {Scaling.SKIPPED}


def test_the_fewer_can_be_counted_the_nearer_the_thresholds_are_to_all() -> None:
    limits = [thresholds(float(number)) for number in range(2, 10)]
    assert [limit.gil for limit in limits] == sorted((limit.gil for limit in limits), reverse=True)
    assert [limit.lock for limit in limits] == sorted((limit.lock for limit in limits), reverse=True)
    assert [limit.free for limit in limits] == sorted((limit.free for limit in limits), reverse=True)
    assert all(limit.lock < limit.free for limit in limits)
    # One of N is runnable when they take turns: below the threshold by a fifth at least, for any N.
    assert all(limit.lock > 1.2 / number for number, limit in enumerate(limits, start=2))


def test_the_gil_share_of_a_held_gil_is_well_inside_of_the_gap_that_was_measured() -> None:
    # Labelled workloads: GIL-bound ones had at least 0.86, all others at most 0.41.
    assert 0.41 * 1.2 < GIL_HELD < 0.86 / 1.2
    assert GIL_PARTLY < GIL_PARTLY_OF_FEW < 0.41


IN_TURN = a_run(Kind.THREADS, 4, wall=0.08, cpu=0.02)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, Scaling.RELEASES_GIL),
        ({"in_threads": (IN_TURN,)}, Scaling.LOCK_BOUND),
        ({"in_threads": (IN_TURN,), "gil": (a_sample(0.97),), "gil_fast": (a_sample(0.95),)}, Scaling.GIL_BOUND),
        ({"in_threads": (IN_TURN,), "gil": (a_sample(0.97),)}, Scaling.LOCK_BOUND),
        ({"solo": (a_run(cpu=0.001),), "in_threads": (a_run(Kind.THREADS, 4, cpu=0.001),)}, Scaling.IO_BOUND),
        ({"solo": (a_run(other=0.02),)}, Scaling.PARALLEL_INSIDE),
        ({"shortest": 0.001}, Scaling.TOO_SHORT),
    ],
)
def test_from_runs_to_a_verdict(changes: dict[str, Any], verdict: Scaling) -> None:
    assert classify(a_measurement(**changes)).verdict is verdict


def test_a_verdict_comes_with_its_reason_and_advice() -> None:
    held = {"gil": (a_sample(0.97),), "gil_fast": (a_sample(0.95),)}
    line = HotLine(file="parse.py", line=12, function="parse", share=0.9, kind="bytecode")
    verdict = classify(a_measurement(in_threads=(IN_TURN,), **held), (line,))
    assert "holds the GIL 95% of its time" in verdict.reason
    assert "parse.py:12" in str(verdict.advice)


@pytest.mark.parametrize(
    ("share", "clear"), [(0.0, True), (0.25, True), (0.26, False), (0.6, False), (0.74, False), (0.75, True), (1.0, True)]
)
def test_a_gil_share_near_its_thresholds_is_not_clear(share: float, clear: bool) -> None:
    samples = {"gil": (a_sample(share),), "gil_fast": (a_sample(share),)}
    assert is_clear(a_measurement(in_threads=(IN_TURN,), **samples)) is clear


BETWEEN = (lock(4) + free(4)) / 2


@pytest.mark.parametrize(
    ("ratio", "blocks", "clear"),
    [(lock(4) * 0.9, 100, True), (BETWEEN, 100, False), (BETWEEN, 1, False), (free(4) * 1.01, 100, True)],
)
def test_a_lock_that_can_neither_be_told_nor_excluded_is_not_clear(ratio: float, blocks: int, clear: bool) -> None:
    # One CPU used on average: the rest is time without a CPU.
    threads = a_run(Kind.THREADS, 4, cpu=0.02 / 4, delay=0.02 * (ratio - 1 / 4), blocks=blocks)
    assert is_clear(a_measurement(in_threads=(threads,))) is clear


# Measured on busy machines: one lock around a body that each thread runs three times. The start and the lock are few blocks.
BEHIND_A_LOCK: dict[str, Any] = {
    "gil_share": 0.05,
    "lowest_ratio": 0.63,
    "most_used": 0.39,
    "blocks": 3.5,
    "waiting_for_cpu": 0.73,
}
BEHIND_A_LOCK_WITHOUT_GIL: dict[str, Any] = {
    "gil_share": None,
    "lowest_ratio": 0.46,
    "most_used": 0.98,
    "blocks": 3.1,
    "waiting_for_cpu": 0.23,
    "speedup_threads": 1.02,
    "speedup_processes": 1.68,
}


@pytest.mark.parametrize(
    ("measurement", "figures"),
    [
        (TWO, BEHIND_A_LOCK),
        (FREE, BEHIND_A_LOCK_WITHOUT_GIL),
    ],
    ids=["GIL", "no GIL"],
)
def test_threads_behind_a_lock_are_never_said_to_run_at_once(measurement: Measurement, figures: dict[str, Any]) -> None:
    assert decide(measurement, an_estimate(**figures))[0] is not Scaling.RELEASES_GIL


@pytest.mark.parametrize(
    "disk_bytes",
    [
        0.0,
        4096.0,  # a line in a log
        65_536.0,
    ],
)
def test_a_body_that_fills_the_gil_is_partly_gil_bound_whatever_it_writes(disk_bytes: float) -> None:
    # Half byte code, half waiting: eight threads fill the GIL four times over, processes run at once.
    figures: dict[str, Any] = {
        "cpu_share": 0.5,
        "gil_share": 0.5,
        "slowdown_threads": 4.0,
        "slowdown_processes": 1.0,
        "runnable_threads": 1.0,
    }
    assert decide(workers(8), an_estimate(**figures, disk_bytes=disk_bytes))[0] is Scaling.PARTLY_GIL_BOUND


def test_where_there_were_no_processes_nothing_is_said_about_how_a_disk_served_them() -> None:
    _, why = decide(ALONE, an_estimate(**{**DISK, **NO_PROCESSES, "slowdown_threads": 4.0}))
    assert "served threads and processes" not in why


def test_undecided_is_not_clear_and_without_a_gil_there_is_no_share_to_be_near() -> None:
    held = {"gil": (a_sample(0.97),), "gil_fast": (a_sample(0.95),)}
    assert not is_clear(a_measurement(**held))
    free = an_environment(usable_cpus=4, gil="disabled")
    assert is_clear(a_measurement(environment=free, gil=(), gil_fast=()))


@pytest.mark.parametrize("delay", [0.25, 0.375])
def test_a_body_that_waits_started_late_still_gets_its_verdict(delay: float) -> None:
    # Released at 10, started at 10.25 for want of a CPU, done at 10.5. Four threads take four times as long.
    late = Reading(start=10.25, end=10.5, cpu=0.01, delay=delay, process_cpu=0.01)
    solo = Run(kind=Kind.SOLO, released=10.0, repeats=1, readings=(late,), process_cpu=0.01)
    in_turn = a_run(Kind.THREADS, 4, wall=1.0, cpu=0.01)
    at_once = a_run(Kind.PROCESSES, 4, wall=0.25, cpu=0.01)
    assert (
        classify(a_measurement(solo=(solo,), in_threads=(in_turn,), in_processes=(at_once,))).verdict is Scaling.LOCK_BOUND
    )
