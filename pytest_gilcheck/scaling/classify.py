"""The rule that turns figures into a verdict: one row a class, first match wins.

The thresholds come from 106 labelled workloads measured idle and under load (docs/explanation/how-scaling-is-measured):
GIL-bound bodies had a GIL share of at least 0.86, all others at most 0.41.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_gilcheck.scaling import sentences
from pytest_gilcheck.scaling.estimate import Estimate, estimate
from pytest_gilcheck.scaling.measurement import Measurement
from pytest_gilcheck.verdict import HotLine, Scaling, Verdict

#: A body that wants a CPU for at least this share of its time is CPU-bound, below it waits.
CPU_BOUND = 0.6

#: At least this GIL share is a held GIL; at least the second one is part of the time.
GIL_HELD = 0.6
GIL_PARTLY = 0.3

#: Fewer threads than this are few: their GIL shares must be larger to add up, and they meet too seldom to show a queue.
FEW_THREADS = 4
GIL_PARTLY_OF_FEW = 0.4

#: CPUs' worth of the body's own threads above which it is parallel already.
PARALLEL_INSIDE = 0.3

#: A body that moves at least this much to and from storage in a call, and waits, waits for that rather than for a sleep.
DISK_BYTES = 16_384

#: A body that wants a CPU for less than this share of its time only waits; what slows its processes is their start.
_IDLE = 0.15

#: CPUs in use at once that one lock around the body would not allow.
RAN_AT_ONCE = 1.25

#: A thread that blocks no more often than this in a run waited for the start, for the GIL at both ends, and for little else.
#: A lock around long pieces makes threads block as seldom, but for so long that the ratio stays below the second value.
FEW_BLOCKS = 6
LONG_BLOCKS = 0.8

# How much a gap to the threshold is a clear one: outside these bands a third block is not needed.
_CLEAR_GIL = (0.25, 0.75)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Runnable ratios below which threads are serialised by the GIL (when it is held), or by a lock (when it is not).

    At ``free`` and above, no lock serialises them. Between ``lock`` and ``free`` the ratio alone tells nothing: on a busy
    machine a thread that was handed the lock may wait for a CPU, and count as runnable, while others take it again.
    """

    gil: float
    lock: float
    free: float


def thresholds(workers: float) -> Thresholds:
    """For ``workers`` that can show up as runnable at once: the fewer there are, the nearer one is to all of them."""
    if workers < 2:
        return Thresholds(gil=0.0, lock=0.0, free=0.0)
    if workers < 3:
        return Thresholds(gil=1.0, lock=0.62, free=1.0)
    if workers < 4:
        return Thresholds(gil=0.85, lock=0.5, free=0.75)
    return Thresholds(gil=0.75, lock=0.42, free=0.55)


def classify(measurement: Measurement, hot_lines: tuple[HotLine, ...] = ()) -> Verdict:
    """The verdict on ``measurement``; ``hot_lines`` are named in the advice for a GIL-bound body."""
    figures = estimate(measurement)
    verdict, because = decide(measurement, figures)
    return Verdict(
        verdict=verdict,
        reason=sentences.reason(verdict, because, measurement, figures),
        advice=sentences.advice(verdict, figures, hot_lines),
    )


def is_clear(measurement: Measurement) -> bool:
    """Whether more blocks could hardly change the verdict: it is decided, and the GIL share is not near its thresholds."""
    figures = estimate(measurement)
    verdict, _ = decide(measurement, figures)
    if verdict is Scaling.INCONCLUSIVE:
        return False
    return is_clear_share(figures.gil_share)


def is_clear_share(gil_share: float | None) -> bool:
    """Whether a GIL share (``None``: there is no GIL) is far enough from the thresholds to need no second look."""
    low, high = _CLEAR_GIL
    return gil_share is None or not low < gil_share < high


def decide(m: Measurement, e: Estimate) -> tuple[Scaling, str]:
    """The class, and in a word or two what spoke for it (for ``inconclusive``: what is in doubt)."""
    if m.too_short:
        return Scaling.TOO_SHORT, ""
    if m.too_long:
        return Scaling.INCONCLUSIVE, "too long for its budget"
    assert e.cpu_share is not None
    assert e.other_cpu is not None
    if e.other_cpu > PARALLEL_INSIDE:
        return _threads_inside(e)
    if e.cpu_share < CPU_BOUND:
        return _waiting(m, e)
    if m.environment.has_gil:
        return _cpu_bound(m, e)
    return _without_gil(m, e)


def _threads_inside(e: Estimate) -> tuple[Scaling, str]:
    """A body with busy threads of its own: do they run at once, or do they share out the GIL?"""
    assert e.cpu_share is not None
    assert e.other_cpu is not None
    if (e.gil_share or 0.0) >= GIL_HELD and e.cpu_share + e.other_cpu < RAN_AT_ONCE:
        return Scaling.GIL_BOUND, "inside"
    return Scaling.PARALLEL_INSIDE, ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratios:
    """The smallest runnable ratio, or without processes the runnable share of the threads, and what to hold it against."""

    lowest: float
    limits: Thresholds


def _ratios(m: Measurement, e: Estimate) -> _Ratios:
    countable = float(m.threads)
    if not m.environment.run_queue_delay:
        countable = min(countable, m.environment.cpus)
    limits = thresholds(countable)
    if e.lowest_ratio is not None:
        return _Ratios(lowest=e.lowest_ratio, limits=limits)
    assert e.runnable_threads is not None
    return _Ratios(lowest=e.runnable_threads / max(1.0, countable), limits=limits)


def _cpu_bound(m: Measurement, e: Estimate) -> tuple[Scaling, str]:
    assert e.gil_share is not None
    ratios = _ratios(m, e)
    if ratios.limits.lock == 0.0:
        return Scaling.INCONCLUSIVE, "one CPU, and the system does not tell who waits for it"
    if e.gil_share >= GIL_HELD:
        if ratios.lowest < ratios.limits.gil:
            return Scaling.GIL_BOUND, ""
        return Scaling.INCONCLUSIVE, "the GIL is held, yet the threads wanted to run as much as processes did"
    if e.gil_share >= (GIL_PARTLY if m.threads >= FEW_THREADS else GIL_PARTLY_OF_FEW):
        return Scaling.PARTLY_GIL_BOUND, ""
    return _lock_or_none(m, e, ratios)


def _left_by_gil(m: Measurement, e: Estimate) -> float:
    """The runnable ratio that N threads can reach with this GIL share: their shares cannot add up to more than one."""
    return min(1.0, 1.0 / max(1.0, (e.gil_share or 0.0) * m.threads))


def _lock_or_none(m: Measurement, e: Estimate, ratios: _Ratios) -> tuple[Scaling, str]:
    """Threads of a CPU-bound body that the GIL does not stop: does a lock? Either answer needs evidence of its own."""
    if ratios.lowest < ratios.limits.lock * _left_by_gil(m, e):
        return Scaling.LOCK_BOUND, ""
    ran_at_once = (e.most_used or 0.0) >= RAN_AT_ONCE
    never_blocked = e.blocks is not None and e.blocks <= FEW_BLOCKS and ratios.lowest >= LONG_BLOCKS
    if ran_at_once or never_blocked or ratios.lowest >= ratios.limits.free:
        return Scaling.RELEASES_GIL, ""
    return Scaling.INCONCLUSIVE, "the threads hinder one another, but not as much as one lock around all of it would"


def _without_gil(m: Measurement, e: Estimate) -> tuple[Scaling, str]:
    """On a free-threaded build scaling itself is the verdict."""
    assert e.speedup_threads is not None
    ratios = _ratios(m, e)
    if ratios.limits.lock == 0.0:
        return Scaling.INCONCLUSIVE, "one CPU, and the system does not tell who waits for it"
    verdict, because = _lock_or_none(m, e, ratios)
    reachable = e.speedup_processes or min(float(m.threads), m.environment.cpus)
    if verdict is Scaling.RELEASES_GIL and m.environment.cpus >= 2 and e.speedup_threads < 0.6 * reachable:
        return Scaling.SHARED_RESOURCE, "contention"
    return verdict, because


def _waiting(m: Measurement, e: Estimate) -> tuple[Scaling, str]:
    threads, processes = e.slowdown_threads, e.slowdown_processes
    assert threads is not None
    if (e.disk_bytes or 0.0) >= DISK_BYTES:
        return _waiting_for_disk(m, e)
    if threads < 1.5 and (processes is None or processes < 1.7 or (e.cpu_share or 0.0) < _IDLE):
        return Scaling.IO_BOUND, ""
    if processes is None:
        return _waiting_without_processes(m, e)
    if min(threads, processes) > 1.7 and _alike(threads, processes):
        return Scaling.SHARED_RESOURCE, ""
    return _only_threads_wait(m, e)


def _alike(threads: float, processes: float) -> bool:
    return 0.65 < threads / processes < 1.5


def _waiting_for_disk(m: Measurement, e: Estimate) -> tuple[Scaling, str]:
    """Copies of a body that uses a disk meet there, however they run; that their waits overlap somewhat proves nothing."""
    threads, processes = e.slowdown_threads, e.slowdown_processes
    assert threads is not None
    if threads >= 1.5 and _gil_saturated(m, e):
        return Scaling.PARTLY_GIL_BOUND, ""
    overlaps, queues = 1.15 + 0.04 * m.threads, 1.15 + 0.07 * m.threads
    slowest = max(threads, processes or 0.0)
    if slowest < overlaps:
        if m.threads < FEW_THREADS:
            return (
                Scaling.INCONCLUSIVE,
                f"it waits for a disk, and {m.threads} copies are too few to tell whether they queue there",
            )
        if e.busy:
            return Scaling.INCONCLUSIVE, "it waits for a disk, which a busy machine serves late"
        return Scaling.IO_BOUND, ""
    if processes is not None and min(threads, processes) > queues and _alike(threads, processes):
        return Scaling.SHARED_RESOURCE, ""
    if processes is None:
        return (
            Scaling.INCONCLUSIVE,
            "it waits for a disk; without processes, nothing tells whether they would queue there, too",
        )
    return Scaling.INCONCLUSIVE, "it waits for a disk, which served threads and processes unevenly"


def _waiting_without_processes(m: Measurement, e: Estimate) -> tuple[Scaling, str]:
    if _gil_saturated(m, e):
        return Scaling.PARTLY_GIL_BOUND, ""
    return Scaling.INCONCLUSIVE, "without processes a lock cannot be told from a resource that they share too"


def _only_threads_wait(m: Measurement, e: Estimate) -> tuple[Scaling, str]:
    assert e.slowdown_threads is not None
    assert e.slowdown_processes is not None
    if _gil_saturated(m, e):
        return Scaling.PARTLY_GIL_BOUND, ""
    runnable = e.runnable_threads or 0.0
    if runnable < 0.5 and e.slowdown_processes < 0.7 * e.slowdown_threads:
        return Scaling.LOCK_BOUND, ""
    return Scaling.INCONCLUSIVE, "neither the GIL, nor a lock, nor a shared resource explains all of it"


def _gil_saturated(m: Measurement, e: Estimate) -> bool:
    """Whether N copies of the body need the GIL for as long as there is, and were seen to keep a CPU busy."""
    if not m.environment.has_gil or e.gil_share is None or e.runnable_threads is None:
        return False
    return e.gil_share * m.threads > 0.8 and e.runnable_threads >= 0.5
