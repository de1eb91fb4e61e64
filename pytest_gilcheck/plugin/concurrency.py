"""``--gilcheck-cov``: measure the lines of reruns beside those of the ordinary runs, bring together what the processes of a
session have measured, and report it."""

from __future__ import annotations

import threading
from _thread import get_ident
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Any

import pytest

from pytest_gilcheck.covered import Covered, lines_of
from pytest_gilcheck.lines import Recorder, Unavailable, merged
from pytest_gilcheck.plugin.items import ItemWorkload
from pytest_gilcheck.plugin.plaincoverage import Plain
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.reporting import concurrency as reporting
from pytest_gilcheck.reporting import coveragedata
from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.failures import Declined, NotRepeatable, ProcessesUnavailable, WorkersFailed
from pytest_gilcheck.scaling.reading import Kind
from pytest_gilcheck.scaling.threads import run_threads
from pytest_gilcheck.scaling.workload import Body
from pytest_gilcheck.tracers import monitoring

if TYPE_CHECKING:
    from pytest_gilcheck.plugin.pool import Pool
    from pytest_gilcheck.races import Exploration

NAME = "gilcheck-coverage"

# The run whose lines are recorded may take so long, in seconds, or so many times what its copies take one after another.
_LIMIT = 10.0
_LIMIT_RUNS = 20

_ENDED_EARLY = "worker {} of pytest-xdist ended without telling what it had measured"


class Concurrency:
    """The coverage of concurrency of this process, and on the controller of pytest-xdist that of all its workers."""

    def __init__(self, config: pytest.Config, timeout: float | None) -> None:
        self._config = config
        self._timeout = timeout
        self._plain = Plain(config)
        self._covered = Covered(notes=self._plain.notes)
        self.counted: dict[str, Any] | None = None
        self.problems: list[str] = []

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Take what was measured of the ordinary runs while it is there: pytest-cov ends its measurement after this."""
        self._plain.begins()
        try:
            return (yield)
        finally:
            self._plain.gather(self._covered)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """In a worker of pytest-xdist: tell the controller."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["gilcheck_coverage"] = self._covered.to_builtins()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """On the controller: take what a worker has measured."""
        told = (getattr(node, "workeroutput", None) or {}).get("gilcheck_coverage")
        if told is None:
            self._covered.note(_ENDED_EARLY.format(node.gateway.id))
        else:
            self._covered.add(Covered.from_builtins(told))

    @contextmanager
    def race(self) -> Iterator[Callable[[int], None]]:
        """Around a race check; yields what is to be told the number of executions after each."""
        from pytest_gilcheck.races import covering  # noqa: PLC0415 - for those who search only

        recorder = covering.recorder()
        with self._recorded("race", recorder):
            yield lambda number: covering.executed(recorder, number)

    def searched(self, exploration: Exploration) -> None:
        """A search of a race check has come to this."""
        for access in exploration.shared:
            self._covered.access(access.file, access.line, access.place, both=access.both)

    def scaling(self, item: pytest.Function, record: ScalingRecord, pool: Pool) -> None:
        """Run ``item`` once more in threads, and in processes if its check did: what is measured runs slower, so that the
        check itself is left alone."""
        if record.threads is None or record.failed:
            return
        limit = self._timeout or max(_LIMIT, _LIMIT_RUNS * record.threads * (record.single_seconds or 0.0))
        try:
            self._in_threads(item, max(2, record.threads), limit)
            if record.processes:
                told = pool.runner(item.nodeid).lines(record.processes, limit)
                merged(self._covered.reruns["processes"], lines_of(told))
        except (NotRepeatable, Declined, WorkersFailed, ProcessesUnavailable) as error:
            first = str(error).partition("\n")[0]
            self._covered.note(f"{item.nodeid} did not pass when its lines were measured, and they do not count: {first}")

    def _in_threads(self, item: pytest.Function, count: int, limit: float) -> None:
        here = get_ident()
        foreign = {thread.ident for thread in threading.enumerate()} - {here}
        # What this thread does is setting up and tearing down: the others do not exist then, or it waits for them.
        recorder = Recorder(mine=lambda: get_ident() not in foreign, concurrent=lambda: get_ident() != here)
        workload = ItemWorkload(item)
        try:
            with self._recorded("threads", recorder), workload.copies(count, Kind.THREADS, 1) as bodies:
                run_threads(_side_by_side(bodies, recorder, limit), 1, SystemClock(), limit)
        finally:
            with suppress(WorkersFailed):
                workload.close()

    @contextmanager
    def _recorded(self, mode: str, recorder: Recorder) -> Iterator[None]:
        with _on(recorder, self._covered):
            yield
        merged(self._covered.reruns[mode], recorder.reached)
        merged(self._covered.together, recorder.together)

    def conclude(self) -> dict[str, Any]:
        """Write the data file; returns the figures by file."""
        source = self._plain.source()
        self.counted = coveragedata.counted(self._covered, source, self._config.rootpath)
        try:
            coveragedata.write(self._covered, source)
        except OSError as error:
            self.problems.append(f"cannot write the coverage data next to {source.data_file}: {error.strerror or error}")
        return self.counted

    def text(self) -> list[str]:
        """The table, and what could not be measured."""
        return [*reporting.table(self.counted or {"files": {}}), *(f"! {note}" for note in self._covered.notes)]


@contextmanager
def _on(recorder: Recorder, covered: Covered) -> Iterator[None]:
    """``recorder`` on, if that is possible here; else a note that it is not."""
    with ExitStack() as stack:
        try:
            stack.enter_context(recorder.on())
        except Unavailable as reason:
            covered.note(f"lines of reruns cannot be measured: {reason}")
        yield


def _side_by_side(bodies: Sequence[Body], recorder: Recorder, limit: float) -> list[Body]:
    """``bodies``, none of which ends before all have come to their ends: all of each runs while the others are there."""
    ends = threading.Barrier(len(bodies))

    def beside(body: Body) -> Body:
        def run() -> None:
            try:
                with nullcontext() if monitoring is not None else recorder.traced():
                    body()
            except BaseException:
                ends.abort()
                raise
            with suppress(threading.BrokenBarrierError):
                ends.wait(limit)

        return run

    return [beside(body) for body in bodies]


def of(config: pytest.Config) -> Concurrency | None:
    """What measures in this session, if anything does."""
    plugin = config.pluginmanager.get_plugin(NAME)
    return plugin if isinstance(plugin, Concurrency) else None
