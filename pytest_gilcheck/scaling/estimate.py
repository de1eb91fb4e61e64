"""From runs to figures: speed-ups, the GIL share, the runnable ratio, and how much the machine disturbed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from pytest_gilcheck.scaling.measurement import Measurement
from pytest_gilcheck.scaling.reading import Run

#: Above this ``waiting_for_cpu`` the machine was too busy for figures that depend on how soon others get to run.
BUSY = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """The figures of a measurement; ``None`` where there is nothing to compute one from.

    - ``single_seconds``: wall seconds of one call of the body alone.
    - ``speedup_threads``, ``speedup_processes``: throughput of N copies at once over one after another.
    - ``slowdown_threads``, ``slowdown_processes``: how much longer a copy takes among N than alone, run-queue delay left out
      of both; 1 is perfect, N is one after another.
    - ``gil_share``: share of its time for which the body, alone, holds the GIL against another thread, 0 to 1.
    - ``runnable_threads``, ``runnable_processes``: workers that wanted a CPU on average.
    - ``runnable_ratio``: the former over the latter, each per worker. 1: threads want to run as much as processes do.
    - ``lowest_ratio``: the same with the run in which the threads wanted to run least; noise can only make it larger.
    - ``most_used``: the most CPUs that the threads used on average in a run; clearly above 1, no lock keeps them apart.
    - ``blocks``: how often a thread blocked in a run, at the usual (the median) run; the wait for the start is one.
    - ``cpu_share``: share of its time for which the body alone wants a CPU (its waits for a CPU left out).
    - ``disk_bytes``: bytes that one call of the body reads from and writes to storage.
    - ``other_cpu``: CPUs' worth of threads that the body itself keeps busy.
    - ``waiting_for_cpu``: share of the CPU time that the workers wanted and the machine could have given but gave to others.
    """

    single_seconds: float | None
    speedup_threads: float | None
    speedup_processes: float | None
    slowdown_threads: float | None
    slowdown_processes: float | None
    gil_share: float | None
    runnable_threads: float | None
    runnable_processes: float | None
    runnable_ratio: float | None
    lowest_ratio: float | None
    most_used: float | None
    blocks: float | None
    cpu_share: float | None
    disk_bytes: float | None
    other_cpu: float | None
    waiting_for_cpu: float | None

    @property
    def busy(self) -> bool:
        """Whether others had so much of the machine that figures depend on it."""
        return (self.waiting_for_cpu or 0.0) > BUSY


def estimate(measurement: Measurement) -> Estimate:
    """The figures of ``measurement``: medians over its blocks."""
    m = measurement
    single = _median([_undisturbed_wall(run, with_delay=True) / run.repeats for run in m.solo])
    calm = _median([_undisturbed_wall(run) / run.repeats for run in m.solo])
    runnable_threads = _median([run.runnable for run in m.in_threads])
    runnable_processes = _median([run.runnable for run in m.in_processes])
    return Estimate(
        single_seconds=m.shortest if single is None else single,
        speedup_threads=_speedup(single, m.in_threads),
        speedup_processes=_speedup(single, m.in_processes),
        slowdown_threads=_slowdown(calm, m.in_threads),
        slowdown_processes=_slowdown(calm, m.in_processes),
        gil_share=_gil_share(m),
        runnable_threads=runnable_threads,
        runnable_processes=runnable_processes,
        runnable_ratio=_ratio(m, runnable_threads, runnable_processes),
        lowest_ratio=_lowest_ratio(m, runnable_processes),
        most_used=max((run.used for run in m.in_threads), default=None),
        blocks=_median([run.blocks for run in m.in_threads if run.blocks is not None]),
        cpu_share=_median([_cpu_share(run) for run in m.solo]),
        disk_bytes=_median([run.disk_bytes / run.repeats for run in m.solo if run.disk_bytes is not None]),
        other_cpu=_median([_other_cpu(run) for run in m.solo]),
        waiting_for_cpu=_median([_denied(run, m.environment.cpus) for run in (*m.solo, *m.in_threads)]),
    )


def _median(values: Sequence[float]) -> float | None:
    return median(values) if values else None


def _undisturbed_wall(run: Run, *, with_delay: bool = False) -> float:
    """Seconds of the slowest worker, without (or with) the time it was runnable and waited for a CPU."""
    return max(max(r.end - run.released - (0.0 if with_delay else (r.delay or 0.0)), r.cpu) for r in run.readings)


def _speedup(single: float | None, runs: Sequence[Run]) -> float | None:
    if single is None or not runs:
        return None
    return median(run.workers * single * run.repeats / run.wall for run in runs)


def _slowdown(calm: float | None, runs: Sequence[Run]) -> float | None:
    if not calm or not runs:
        return None
    return median(_undisturbed_wall(run) / run.repeats / calm for run in runs)


def _gil_share(m: Measurement) -> float | None:
    """The share at the usual switch interval, unless that at the short one is smaller: then the body lets go in between.

    At the short interval a body on a busy machine often waits for a CPU without the GIL; those waits are left out. Should
    that make a body seem to hold the GIL when it does not, the usual interval tells.
    """
    usual = _median([sample.held / sample.wall for sample in m.gil])
    fast = _median([sample.late / sample.watched for sample in m.gil_fast])
    return min((share for share in (usual, fast) if share is not None), default=None)


def _ratio(m: Measurement, threads: float | None, processes: float | None) -> float | None:
    if threads is None or processes is None or processes <= 0:
        return None
    return (threads / m.threads) / (processes / m.processes)


def _lowest_ratio(m: Measurement, processes: float | None) -> float | None:
    return _ratio(m, min((run.runnable for run in m.in_threads), default=None), processes)


def _cpu_share(run: Run) -> float:
    wanted = run.wall - (run.delay or 0.0)
    return min(1.0, run.cpu / wanted) if wanted > 0 else 1.0


def _other_cpu(run: Run) -> float:
    """CPUs kept busy by threads of the body's own, over the time it was not itself kept waiting for one."""
    return run.other_cpu / max(run.wall - (run.delay or 0.0), run.cpu, 1e-9)


def _denied(run: Run, cpus: float) -> float:
    """Of the CPU time that the workers wanted and that the CPUs could have given, the share that others got."""
    if run.delay is None:
        return 0.0
    wanted = min(run.runnable, cpus) * run.wall
    return max(0.0, 1.0 - run.cpu / wanted) if wanted > 0 else 0.0
