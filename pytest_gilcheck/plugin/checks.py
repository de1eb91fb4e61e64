"""The scaling check of one item: measure, classify, compare with what its author expects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

import pytest

from pytest_gilcheck.environment import Environment, gil_state, observe
from pytest_gilcheck.gating.expectation import Expectation
from pytest_gilcheck.gating.regression import confirmed, less_favourable
from pytest_gilcheck.plugin import failures
from pytest_gilcheck.plugin.comparing import against
from pytest_gilcheck.plugin.items import ItemWorkload
from pytest_gilcheck.plugin.markers import Wanted
from pytest_gilcheck.plugin.pool import Pool
from pytest_gilcheck.plugin.settings import PluginSettings, thread_count
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.scaling import Measurement, NotRepeatable, WorkersFailed, classify, estimate, hot_lines, measure
from pytest_gilcheck.scaling import Settings as MeasureSettings
from pytest_gilcheck.scaling.failures import Declined
from pytest_gilcheck.scaling.measure import Observer
from pytest_gilcheck.scaling.reading import Run
from pytest_gilcheck.verdict import Scaling

# How often to measure what shall be compared, while it is inconclusive: what a busy machine hides now it may show soon.
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a check: its record, and what to raise when the test must fail."""

    record: ScalingRecord
    error: BaseException | None = None


class Checker:
    """Checks the items of one session, one at a time; ``lock`` keeps sibling sessions on this machine waiting."""

    def __init__(
        self, settings: PluginSettings, pool: Pool, lock: AbstractContextManager[object] | None, environment: Environment
    ) -> None:
        self._settings = settings
        self._pool = pool
        self._lock = lock
        self.environment = environment

    def check(self, item: pytest.Function, wanted: Wanted, observer: Observer) -> Outcome:
        """Measure ``item`` and judge it."""
        if self.environment.gil != gil_state():
            self.environment = observe()
        threads = thread_count(wanted.threads or self._settings.threads, self.environment)
        if threads < 2:
            return skipped("threads=1 leaves nothing to compare", wanted)
        lock: AbstractContextManager[object] = nullcontext() if self._lock is None else self._lock
        with lock:
            try:
                return self._judge(item, wanted, self._measuring(item, wanted, threads, observer))
            except NotRepeatable as reason:
                return skipped(f"not repeatable: {reason}", wanted)
            except Declined as reason:
                return skipped(f"it skips itself when it is rerun: {reason}", wanted)
            except WorkersFailed as failed:
                return self._failed(failed)

    def _measuring(
        self, item: pytest.Function, wanted: Wanted, threads: int, observer: Observer
    ) -> Callable[[], Measurement]:
        processes = wanted.processes if wanted.processes is not None else self._settings.processes
        settings = MeasureSettings(
            seconds=wanted.seconds or self._settings.seconds,
            limit=self._settings.timeout,
            environment=self.environment,
            observer=observer,
        )

        def once() -> Measurement:
            workload = ItemWorkload(item)
            try:
                return measure(
                    workload,
                    threads=threads,
                    processes=threads if isinstance(processes, str) else processes,
                    settings=settings,
                    runner=self._pool.runner(item.nodeid),
                )
            finally:
                workload.close()

        return once

    def _judge(self, item: pytest.Item, wanted: Wanted, once: Callable[[], Measurement]) -> Outcome:
        """A broken expectation, and a regression, is one only if another measurement shows it, too.

        What goes into a baseline is measured twice as well, as whatever comes later is judged by it.
        """
        baseline = against(item, wanted, self._settings.gates, self.environment)
        expectation = _expectation(wanted)
        record = _measured(once, _ATTEMPTS if baseline is not None and baseline.base is not None else 1)
        judged = expectation.judge(record, self.environment.cpus)
        compared = None if baseline is None else baseline.compare(record)
        worse = compared is not None and compared.worse
        broken, saving = judged.outcome == "broken", self._settings.gates.save is not None
        if broken or worse or saving:
            again = _measured(once, _ATTEMPTS if worse else 1)
            kept = again if broken or worse else less_favourable(record, again)
            record = replace(kept, seconds=record.seconds + again.seconds)
            second = expectation.judge(record, self.environment.cpus)
            # It may have been measured again for its baseline only; a break that the first one did not show is unconfirmed.
            judged = second if broken or second.outcome != "broken" else judged
            if baseline is not None and compared is not None:
                compared = confirmed(compared, baseline.compare(record))
        record = replace(record, expectation=judged.outcome, expected=judged.why)
        record = record if compared is None else compared.on(record)
        if judged.loaded:
            record = replace(record, verdict=Scaling.INCONCLUSIVE, reason=f"{judged.why}; {record.reason}", advice=None)
        if judged.outcome == "broken" and "expectation" in self._settings.policy.fail_on:
            return Outcome(record=record, error=pytest.fail.Exception(f"gilcheck: {judged.why}", pytrace=False))
        return Outcome(record=record)

    def _failed(self, failed: WorkersFailed) -> Outcome:
        record = ScalingRecord(verdict=Scaling.INCONCLUSIVE, reason=failures.summary(failed, failed.copies), failed=True)
        return Outcome(record=record, error=failures.exception(failed, failed.copies))


def _measured(once: Callable[[], Measurement], attempts: int) -> ScalingRecord:
    """Measure until there is a conclusion, at most ``attempts`` times; the record has what all of it cost."""
    record = describe(once())
    spent = record.seconds
    for _ in range(attempts - 1):
        if record.verdict is not Scaling.INCONCLUSIVE:
            break
        record = describe(once())
        spent += record.seconds
    return replace(record, seconds=spent)


def skipped(reason: str, wanted: Wanted) -> Outcome:
    """The outcome for a test that is not measured; what its author expects of it is then unchecked."""
    record = ScalingRecord(verdict=Scaling.SKIPPED, reason=reason)
    judged = _expectation(wanted).judge(record, 1)
    return Outcome(record=replace(record, expectation=judged.outcome, expected=judged.why))


def _expectation(wanted: Wanted) -> Expectation:
    return Expectation(verdict=wanted.expect, min_speedup=wanted.min_speedup)


def _details(text: str | None) -> str | None:
    """All of a text that does not fit into a sentence."""
    return text if text and "\n" in text else None


def describe(measurement: Measurement) -> ScalingRecord:
    """The record of a measurement, without any expectation."""
    figures = estimate(measurement)
    lines = hot_lines([*measurement.gil, *measurement.gil_fast], busy=figures.busy)
    verdict = classify(measurement, lines)
    held = verdict.verdict in {Scaling.GIL_BOUND, Scaling.PARTLY_GIL_BOUND}
    return ScalingRecord(
        verdict=verdict.verdict,
        reason=verdict.reason,
        advice=verdict.advice,
        details=_details(measurement.processes_missing),
        threads=measurement.threads,
        processes=measurement.processes,
        gil_share=figures.gil_share,
        runnable_ratio=figures.runnable_ratio,
        speedup_threads=figures.speedup_threads,
        speedup_processes=figures.speedup_processes,
        single_seconds=figures.single_seconds,
        cpu_share=figures.cpu_share,
        waiting_for_cpu=figures.waiting_for_cpu,
        single_runs=_per_call(measurement.solo),
        thread_runs=_per_call(measurement.in_threads),
        process_runs=_per_call(measurement.in_processes),
        hot_lines=lines if held else (),
        seconds=measurement.seconds,
    )


def _per_call(runs: Sequence[Run]) -> tuple[float, ...]:
    """The wall seconds of each run over the calls of the body in it."""
    return tuple(run.wall / (run.workers * run.repeats) for run in runs)
