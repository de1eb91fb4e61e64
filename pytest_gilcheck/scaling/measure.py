"""The protocol of a measurement: probe the GIL, then blocks of solo, threads and processes in random order."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from pytest_gilcheck.environment import Environment, observe
from pytest_gilcheck.scaling import alarm
from pytest_gilcheck.scaling.classify import is_clear, is_clear_share
from pytest_gilcheck.scaling.clock import Clock, SystemClock
from pytest_gilcheck.scaling.estimate import estimate
from pytest_gilcheck.scaling.failures import (
    Declined,
    NotRepeatable,
    ProcessesUnavailable,
    WorkerFailure,
    WorkersFailed,
    raised,
)
from pytest_gilcheck.scaling.measurement import SHORTEST_SECONDS, Measurement
from pytest_gilcheck.scaling.probe import FAST_SWITCH_SECONDS, GilProbe, GilSample, switch_interval
from pytest_gilcheck.scaling.processes import CallableProcesses, ProcessRunner
from pytest_gilcheck.scaling.reading import Kind, Run
from pytest_gilcheck.scaling.threads import run_threads
from pytest_gilcheck.scaling.workload import COSTLY_SETUP_SECONDS, Body, CallableWorkload, Workload

#: A short body is repeated in each worker until a run takes about this long, so that start-up does not count.
RUN_SECONDS = 0.02
_MOST_REPEATS = 10

#: The GIL share is taken from this much watched time at each of the two switch intervals.
PROBE_SECONDS = 0.08

#: Blocks of solo, threads and processes: as many as a clear case gets, and as many as an unclear one may get.
BLOCKS = 2
MOST_BLOCKS = 4

# A clear case is measured again only while that stays within this part of the budget; an unclear one may overrun it.
_CLEAR_PART = 0.6
_UNCLEAR_PART = 1.5

#: A measurement that would take this many times its budget, even with 2 workers, is not begun.
_OVERRUN = 4.0

# A run that takes this many times what even full serialisation would take is hung.
_HANG_FACTOR = 20.0
_HANG_SECONDS = 10.0


def _one_after_another(bodies: Sequence[Body]) -> None:
    for body in bodies:
        body()


class Observer(Protocol):
    """Told what a measurement is about to do; must not raise and should not take long."""

    def begins(self, what: str, seconds: float) -> None:
        """``what`` is next, and about ``seconds`` are left for the whole measurement."""


class Silent:
    """An observer that ignores everything."""

    def begins(self, what: str, seconds: float) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How to measure.

    ``seconds`` is the budget: what the measurement aims to stay within; a body that is too long for it is run by fewer
    workers, never fewer than 2. ``limit`` bounds a single run (``None``: 10 s, or 20 times what full serialisation would
    take if that is more). ``seed`` fixes the order of the runs.
    """

    seconds: float = 2.0
    limit: float | None = None
    seed: int | None = None
    clock: Clock = field(default_factory=SystemClock)
    environment: Environment | None = None
    observer: Observer = field(default_factory=Silent)


def measure(
    body: Body | Workload,
    *,
    threads: int = 4,
    processes: int | None = None,
    settings: Settings | None = None,
    runner: ProcessRunner | None = None,
) -> Measurement:
    """Run ``body`` alone, in ``threads`` threads and in ``processes`` processes (``None``: as many; 0: not at all).

    A plain callable is forked for the processes (or pickled, where this process cannot be forked); anything else needs a
    ``runner``. Raises :class:`ValueError` for numbers out of range, :class:`WorkersFailed` when the body fails in threads or
    processes, and :class:`NotRepeatable` when as many copies fail one after another, too.
    """
    processes = threads if processes is None else processes
    if threads < 2:
        raise ValueError(f"threads must be at least 2 to compare anything, not {threads}")
    if processes < 0:
        raise ValueError(f"processes must be 0 (none) or more, not {processes}")
    settings = settings or Settings()
    if callable(body):
        runner = runner or CallableProcesses(body, settings.clock)
        body = CallableWorkload(body)
    return _Measuring(body, threads, processes, settings, runner).measure()


class _Measuring:
    """The state of one measurement while it runs."""

    def __init__(
        self,
        workload: Workload,
        threads: int,
        processes: int,
        settings: Settings,
        runner: ProcessRunner | None,
    ) -> None:
        self._workload = workload
        self._asked = self._threads = threads
        self._processes = processes
        self._missing = "not asked for" if processes == 0 else None
        if runner is None and processes:
            self._processes, self._missing = 0, "nothing was given to run them"
        self._runner = runner
        self._settings = settings
        self._clock = settings.clock
        self._environment = settings.environment or observe()
        self._random = random.Random(settings.seed)  # noqa: S311 - the order of runs is no secret
        self._began = self._clock.now()
        self._repeats = 1
        self._shortest = math.inf
        self._runs: dict[Kind, list[Run]] = {kind: [] for kind in Kind}
        self._gil: list[GilSample] = []
        self._gil_fast: list[GilSample] = []

    def measure(self) -> Measurement:
        self._warm_up()
        if self._shortest < SHORTEST_SECONDS or not self._fit_to_budget():
            return self._result()
        self._ready_processes()
        if self._environment.has_gil:
            self._probe()
            if self._shortest < SHORTEST_SECONDS:  # the first run was slow for its own reasons: it filled a cache
                return self._result()
            self._set_repeats()
        for block in range(MOST_BLOCKS):
            before = self._clock.now()
            self._block()
            if self._enough(block + 1, self._clock.now() - before):
                break
        return self._result()

    def _enough(self, blocks: int, seconds: float) -> bool:
        """Whether to stop after so many blocks, the latest of which took ``seconds``."""
        spent = self._clock.now() - self._began
        if is_clear(self._result()):
            return blocks >= BLOCKS or spent + seconds > _CLEAR_PART * self._settings.seconds
        return spent + seconds > _UNCLEAR_PART * self._settings.seconds

    def _warm_up(self) -> None:
        """One run alone, or a few of a body that looks too short: the first may have been slow for its own reasons."""
        self._settings.observer.begins("one run alone", self._settings.seconds)
        for _ in range(3):
            self._alone()
            if self._shortest >= RUN_SECONDS:
                break
        self._set_repeats()

    def _set_repeats(self) -> None:
        self._repeats = max(1, min(_MOST_REPEATS, math.ceil(RUN_SECONDS / max(self._shortest, 1e-9))))

    def _alone(self, probe: GilProbe | None = None) -> Run:
        run = self._copies(1, Kind.SOLO, probe)
        self._shortest = min(self._shortest, *((r.end - r.start) / run.repeats for r in run.readings))
        return run

    def _copies(self, workers: int, kind: Kind, probe: GilProbe | None = None) -> Run:
        """One run in threads; of a failure it is found out whether it comes from running at once, or from running again."""
        beside = None if probe is None else probe.watch
        try:
            with self._workload.copies(workers, kind, self._repeats) as bodies:
                return run_threads(bodies, self._repeats, self._clock, self._limit(workers), beside)
        except WorkersFailed as failed:
            if all(isinstance(f.error, Declined) for f in failed.failures):
                raise Declined(str(failed.failures[0].error)) from failed
            self._blame(failed, workers, kind)
            raise

    def _blame(self, failed: WorkersFailed, workers: int, kind: Kind) -> None:
        """Raise :class:`NotRepeatable` when as many copies fail one after another as well."""
        if kind is Kind.SOLO and (failed.hung or not alarm.available()):
            raise NotRepeatable(f"run again alone, it {failed.failures[0].what}") from failed
        if failed.hung or (kind is Kind.THREADS and not self._still_passes_alone()):
            return
        try:
            with self._workload.copies(workers, Kind.SOLO, self._repeats) as bodies:
                if kind is Kind.SOLO:
                    self._here(bodies[0])
                else:
                    run_threads([partial(_one_after_another, bodies)], self._repeats, self._clock, self._limit(workers))
        except WorkersFailed as serial:
            again = "run again alone," if kind is Kind.SOLO else f"{workers} copies, one after another:"
            first = f"; in {failed.copies}: it {failed.failures[0].what}" if kind is Kind.THREADS else ""
            raise NotRepeatable(f"{again} it {serial.failures[0].what}{first}") from serial

    def _still_passes_alone(self) -> bool:
        """Whether a copy alone passes as it did before; if not, running at once has broken what outlives a run."""
        try:
            with self._workload.copies(1, Kind.SOLO, self._repeats) as bodies:
                run_threads(bodies, self._repeats, self._clock, self._limit(1))
        except WorkersFailed:
            return False
        return True

    def _here(self, body: Body) -> None:
        """Run in this thread what failed alone in one of its own; raises :class:`WorkersFailed` if it fails here, too."""
        limit = self._limit(1)
        try:
            with alarm.alarm(limit):
                for _ in range(self._repeats):
                    body()
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            what = f"did not finish within {limit:.3g} s" if isinstance(error, alarm.Alarm) else raised(error)
            raise WorkersFailed((WorkerFailure(worker="the rerun", what=what, error=error),)) from error

    def _limit(self, workers: int) -> float:
        if self._settings.limit is not None:
            return self._settings.limit
        shortest = 0.0 if math.isinf(self._shortest) else self._shortest
        return max(_HANG_SECONDS, _HANG_FACTOR * workers * self._repeats * shortest)

    def _fit_to_budget(self) -> bool:
        """Use fewer workers when one block would not fit; say no when two workers would take far too long."""
        while self._threads > 2 and self._block_seconds() > self._settings.seconds:
            self._threads -= 1
            self._processes = min(self._processes, self._threads)
        if self._workload.setup_seconds > COSTLY_SETUP_SECONDS:
            self._processes = min(self._processes, max(2, math.ceil(self._environment.cpus)))
        probing = 2 * self._shortest * self._repeats if self._environment.has_gil else 0.0
        return probing + self._block_seconds() <= _OVERRUN * self._settings.seconds

    def _ready_processes(self) -> None:
        if not self._processes or self._runner is None:
            return
        begin = self._clock.now()
        try:
            self._runner.ready()
        except ProcessesUnavailable as error:
            self._processes, self._missing = 0, str(error)
        self._began += self._clock.now() - begin

    def _block_seconds(self) -> float:
        """What one block takes when threads do not help and processes use all CPUs."""
        one = self._shortest * self._repeats
        spread = self._processes / max(1.0, min(self._processes, self._environment.cpus))
        return one * (1 + self._threads + spread)

    def _left(self) -> float:
        return self._settings.seconds - (self._clock.now() - self._began)

    def _probe(self) -> None:
        """Take the GIL share at both switch intervals, and once more when it is near a threshold."""
        self._settings.observer.begins("the GIL probe", self._left())
        for _ in range(2):
            for samples, interval in ((self._gil, None), (self._gil_fast, FAST_SWITCH_SECONDS)):
                with nullcontext() if interval is None else switch_interval(interval):
                    self._watch(samples)
            if self._shortest < SHORTEST_SECONDS or is_clear_share(estimate(self._result()).gil_share):
                break

    def _watch(self, samples: list[GilSample]) -> None:
        watched = 0.0
        while watched < PROBE_SECONDS and self._shortest >= SHORTEST_SECONDS:
            probe = GilProbe(self._clock)
            run = self._alone(probe)
            samples.append(probe.sample(run))
            watched += run.wall

    def _block(self) -> None:
        kinds = [Kind.SOLO, Kind.THREADS] + ([Kind.PROCESSES] if self._processes else [])
        self._random.shuffle(kinds)
        for kind in kinds:
            run = self._run(kind)
            if run is not None:
                self._runs[kind].append(run)

    def _run(self, kind: Kind) -> Run | None:
        if kind is Kind.SOLO:
            return self._alone()
        workers = self._threads if kind is Kind.THREADS else self._processes
        self._settings.observer.begins(f"{workers} {kind}", self._left())
        if kind is Kind.THREADS:
            return self._copies(workers, kind)
        assert self._runner is not None
        try:
            return self._runner.run(workers, self._repeats, self._limit(workers))
        except ProcessesUnavailable as error:
            self._processes, self._missing = 0, str(error)
            self._runs[Kind.PROCESSES].clear()
            return None

    def _result(self) -> Measurement:
        return Measurement(
            environment=self._environment,
            asked_threads=self._asked,
            threads=self._threads,
            processes=min((run.workers for run in self._runs[Kind.PROCESSES]), default=0),
            processes_missing=self._missing,
            shortest=self._shortest,
            solo=tuple(self._runs[Kind.SOLO]),
            in_threads=tuple(self._runs[Kind.THREADS]),
            in_processes=tuple(self._runs[Kind.PROCESSES]),
            gil=tuple(self._gil),
            gil_fast=tuple(self._gil_fast),
            seconds=self._clock.now() - self._began,
        )
