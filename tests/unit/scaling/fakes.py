"""A clock moved by hand, and runs, samples, measurements and estimates written down instead of measured."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.scaling.clock import Usage
from pytest_gilcheck.scaling.estimate import Estimate
from pytest_gilcheck.scaling.measurement import Measurement
from pytest_gilcheck.scaling.probe import GilSample, Place, Wake
from pytest_gilcheck.scaling.reading import Kind, Reading, Run


class FakeClock:
    """Virtual time, the same on every machine.

    A worker thread has a time of its own, which its ``sleep``, ``work`` and ``work_in_turn`` move on; it begins at 0, so
    that the sleep until a common start brings every worker to exactly that start. The thread that made the clock sees the
    latest time that any worker got to by working.
    """

    def __init__(self, *, tells_delay: bool = True) -> None:
        self._owner = threading.get_ident()
        self._own = threading.local()
        self._lock = threading.Lock()
        self._latest = 1.0
        self._process_cpu = 0.0
        self._disk_bytes: int | None = 0
        self._tells_delay = tells_delay

    def now(self) -> float:
        if threading.get_ident() == self._owner:
            return self._latest
        return float(getattr(self._own, "now", 0.0))

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._move_to(self.now() + seconds, publish=threading.get_ident() == self._owner)

    def usage(self) -> Usage:
        delay = float(getattr(self._own, "delay", 0.0)) if self._tells_delay else None
        return Usage(cpu=float(getattr(self._own, "cpu", 0.0)), delay=delay)

    def process_cpu(self) -> float:
        return self._process_cpu

    def disk_bytes(self) -> int | None:
        return self._disk_bytes

    def write(self, number: int | None) -> None:
        """Let the process move bytes to storage; ``None``: let the system stop telling."""
        with self._lock:
            self._disk_bytes = None if self._disk_bytes is None or number is None else self._disk_bytes + number

    def work(self, seconds: float, *, cpu: float | None = None, delay: float = 0.0, other: float = 0.0) -> None:
        """Let ``seconds`` pass beside the other threads: ``cpu`` of them (all) on a CPU, then ``delay`` waiting for one.

        ``other`` is CPU time of further threads of the process.
        """
        self._use(seconds if cpu is None else cpu, delay, other)
        self._move_to(self.now() + seconds + delay)

    def work_in_turn(self, seconds: float) -> None:
        """Let ``seconds`` of CPU time pass after all that other threads did: what the GIL or a lock makes of work."""
        self._use(seconds, 0.0, 0.0)
        with self._lock:
            self._own.now = self._latest = max(self.now(), self._latest) + seconds

    def _use(self, cpu: float, delay: float, other: float) -> None:
        self._own.cpu = getattr(self._own, "cpu", 0.0) + cpu
        self._own.delay = getattr(self._own, "delay", 0.0) + delay
        with self._lock:
            self._process_cpu += cpu + other

    def _move_to(self, moment: float, *, publish: bool = True) -> None:
        self._own.now = moment
        if publish:
            with self._lock:
                self._latest = max(self._latest, moment)


def an_environment(**changes: Any) -> Environment:
    """A 2-CPU Linux machine with an ordinary CPython."""
    usual = Environment(
        python="3.13.1",
        implementation="CPython",
        platform="Linux 6.1 x86_64",
        cpu_model="a processor",
        usable_cpus=2,
        cpu_quota=None,
        gil="enabled",
        gil_reenabled_by=None,
        run_queue_delay=True,
        fork=True,
    )
    return replace(usual, **changes)


def a_run(
    kind: Kind = Kind.SOLO,
    workers: int = 1,
    *,
    wall: float = 0.02,
    cpu: float | None = None,
    delay: float | None = 0.0,
    other: float = 0.0,
    repeats: int = 1,
    disk_bytes: int | None = None,
    blocks: int | None = 1,
) -> Run:
    """A run of alike workers: ``cpu`` (all of the wall time), ``delay`` and ``blocks`` of each, ``other`` of the process."""
    cpu = wall if cpu is None else cpu
    everything = cpu * workers + other
    process_cpu = everything / workers if kind is Kind.PROCESSES else everything
    reading = Reading(start=10.0, end=10.0 + wall, cpu=cpu, delay=delay, process_cpu=process_cpu, blocks=blocks)
    return Run(
        kind=kind,
        released=10.0,
        repeats=repeats,
        readings=(reading,) * workers,
        process_cpu=everything,
        disk_bytes=disk_bytes,
    )


def a_wake(late: float, *stack: Place, planned: float = 10.0) -> Wake:
    return Wake(planned=planned, woke=planned + late, stack=stack)


def a_sample(share: float, wall: float = 0.1, interval: float = 0.005, wakes: Sequence[Wake] = ()) -> GilSample:
    """What a probe saw that never had to wait for a CPU."""
    held = share * wall
    return GilSample(switch_interval=interval, wall=wall, held=held, watched=wall, late=held, wakes=tuple(wakes))


def a_measurement(**changes: Any) -> Measurement:
    """Four threads and processes that scale perfectly on four CPUs."""
    usual = Measurement(
        environment=an_environment(usable_cpus=4),
        asked_threads=4,
        threads=4,
        processes=4,
        processes_missing=None,
        shortest=0.02,
        solo=(a_run(),),
        in_threads=(a_run(Kind.THREADS, 4),),
        in_processes=(a_run(Kind.PROCESSES, 4),),
        gil=(a_sample(0.02),),
        gil_fast=(a_sample(0.02, interval=0.0005),),
        seconds=1.0,
    )
    return replace(usual, **changes)


def an_estimate(**changes: Any) -> Estimate:
    """The figures of :func:`a_measurement`; all blocks alike, so that the lowest ratio is the usual one."""
    changes.setdefault("lowest_ratio", changes.get("runnable_ratio", 1.0))
    usual = Estimate(
        single_seconds=0.02,
        speedup_threads=4.0,
        speedup_processes=4.0,
        slowdown_threads=1.0,
        slowdown_processes=1.0,
        gil_share=0.02,
        runnable_threads=4.0,
        runnable_processes=4.0,
        runnable_ratio=1.0,
        lowest_ratio=1.0,
        most_used=4.0,
        blocks=1.0,
        cpu_share=1.0,
        disk_bytes=None,
        other_cpu=0.0,
        waiting_for_cpu=0.0,
    )
    return replace(usual, **changes)
