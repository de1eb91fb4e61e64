"""The protocol of a measurement, on a clock that only the bodies move."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.scaling.classify import classify
from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.failures import Declined, NotRepeatable, ProcessesUnavailable, WorkerFailure, WorkersFailed
from pytest_gilcheck.scaling.measure import BLOCKS, MOST_BLOCKS, PROBE_SECONDS, RUN_SECONDS, Settings, measure
from pytest_gilcheck.scaling.measurement import SHORTEST_SECONDS, Measurement
from pytest_gilcheck.scaling.probe import FAST_SWITCH_SECONDS
from pytest_gilcheck.scaling.reading import Kind, Run
from pytest_gilcheck.scaling.workload import Body
from pytest_gilcheck.verdict import Scaling
from unit.scaling.fakes import FakeClock, a_run, an_environment

#: Limits a single run in virtual time and in real time: more than any body here takes of either.
AMPLE = 100_000.0
FREE = an_environment(usable_cpus=4, gil="disabled")


@dataclass
class FakeProcesses:
    """Processes that all take as long, and that write down what was asked of them."""

    clock: FakeClock
    seconds: float = 0.02
    asked: list[tuple[int, int, float]] = field(default_factory=list)
    unavailable_after: int | None = None
    start_seconds: float = 0.0
    never: str = ""

    def ready(self) -> None:
        self.clock.sleep(self.start_seconds)
        if self.never:
            raise ProcessesUnavailable(self.never)

    def run(self, workers: int, repeats: int, limit: float) -> Run:
        if self.unavailable_after is not None and len(self.asked) >= self.unavailable_after:
            raise ProcessesUnavailable("no more of them")
        self.asked.append((workers, repeats, limit))
        self.clock.sleep(self.seconds)
        return a_run(Kind.PROCESSES, workers, wall=self.seconds, repeats=repeats)


class Shared:
    """A workload that writes down every set-up."""

    def __init__(self, *bodies: Body, setup_seconds: float = 0.0) -> None:
        self.setup_seconds = setup_seconds
        self.setups: list[tuple[int, Kind]] = []
        self.open = 0
        self._bodies = itertools.cycle(bodies)

    @contextmanager
    def copies(self, workers: int, kind: Kind) -> Iterator[Sequence[Body]]:
        self.setups.append((workers, kind))
        self.open += 1
        yield [next(self._bodies) for _ in range(workers)]
        self.open -= 1


@dataclass
class Watcher:
    seen: list[tuple[str, float]] = field(default_factory=list)

    def begins(self, what: str, seconds: float) -> None:
        self.seen.append((what, seconds))


class Bench:
    """A clock, its processes and what is measured with them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.processes = FakeProcesses(self.clock)

    def settings(self, environment: Environment = FREE, **changes: Any) -> Settings:
        return Settings(**{"clock": self.clock, "environment": environment, "limit": AMPLE, "seed": 1, **changes})

    def at_once(self, seconds: float = 0.02) -> Body:
        return lambda: self.clock.work(seconds)

    def in_turn(self, seconds: float = 0.02) -> Body:
        return lambda: self.clock.work_in_turn(seconds)

    def measure(self, body: Any, threads: int = 4, processes: int | None = None, **changes: Any) -> Measurement:
        return measure(body, threads=threads, processes=processes, settings=self.settings(**changes), runner=self.processes)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(("threads", "processes", "words"), [(1, 4, "at least 2"), (0, 4, "not 0"), (2, -1, "not -1")])
def test_numbers_out_of_range_are_refused(threads: int, processes: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        measure(lambda: None, threads=threads, processes=processes)


def test_a_clear_case_gets_the_usual_blocks(bench: Bench) -> None:
    done = bench.measure(bench.at_once())
    assert [len(runs) for runs in (done.solo, done.in_threads, done.in_processes)] == [BLOCKS] * 3
    assert {run.kind for run in done.solo} == {Kind.SOLO}
    assert {run.workers for run in done.in_threads} == {4}
    assert done.asked_threads == done.threads == done.processes == 4
    assert done.processes_missing is None
    assert done.shortest == pytest.approx(0.02)
    assert classify(done).verdict is Scaling.RELEASES_GIL


def test_threads_that_take_turns_are_seen_to(bench: Bench) -> None:
    done = bench.measure(bench.in_turn())
    assert done.in_threads[0].wall == pytest.approx(4 * 0.02)
    assert classify(done).verdict is Scaling.LOCK_BOUND


@pytest.mark.parametrize(("seconds", "blocks"), [(60.0, MOST_BLOCKS), (1.3, BLOCKS)])
def test_an_unclear_case_gets_more_blocks_as_long_as_the_budget_lasts(bench: Bench, seconds: float, blocks: int) -> None:
    # A body that waits, a little slower in threads and in processes: neither the GIL, nor a lock, nor a resource.
    def unclear() -> None:
        alone = threading.current_thread().name.endswith("of 1")
        bench.clock.work(0.12 if alone else 0.192, cpu=0.01)

    bench.processes.seconds = 0.192
    done = bench.measure(unclear, seconds=seconds)
    assert classify(done).verdict is Scaling.INCONCLUSIVE
    # Estimated at 6 × 0.12 s a block; of 1.3 s are 0.17 s left after the warm-up and two blocks.
    assert len(done.in_threads) == blocks


def test_a_body_that_turns_slow_ends_the_measurement_after_a_block(bench: Bench) -> None:
    seconds = itertools.chain([0.02], itertools.repeat(5.0))
    done = bench.measure(lambda: bench.clock.work(next(seconds)), seconds=2.0)
    assert len(done.in_threads) == 1


def test_a_short_body_is_repeated(bench: Bench) -> None:
    done = bench.measure(bench.at_once(0.004))
    assert done.solo[0].repeats == 5  # 5 times 4 ms are RUN_SECONDS
    assert done.shortest == pytest.approx(0.004)
    assert bench.processes.asked[0][1] == 5
    assert RUN_SECONDS == 0.02


def test_too_short_a_body_is_tried_three_times_and_not_measured(bench: Bench) -> None:
    workload = Shared(bench.at_once(SHORTEST_SECONDS * 0.9))
    done = bench.measure(workload)
    assert done.too_short
    assert not any((done.solo, done.in_threads, done.in_processes, done.gil, done.gil_fast))
    assert workload.setups == [(1, Kind.SOLO)] * 3
    assert bench.processes.asked == []


def test_a_slow_first_call_of_a_short_body_is_not_believed(bench: Bench) -> None:
    seconds = itertools.chain([0.015, 0.0001], itertools.repeat(0.001))
    assert bench.measure(lambda: bench.clock.work(next(seconds))).shortest == pytest.approx(0.0001)


@pytest.mark.xfail(strict=True, reason="a first call of 20 ms or more is believed")
def test_a_very_slow_first_call_of_a_short_body_is_not_believed_either(bench: Bench) -> None:
    # A cache that is filled, a module that is imported, a connection that is made.
    seconds = itertools.chain([0.03], itertools.repeat(0.0001))
    assert bench.measure(lambda: bench.clock.work(next(seconds))).too_short


def test_too_long_a_body_is_run_once(bench: Bench) -> None:
    workload = Shared(bench.at_once(10.0))
    done = bench.measure(workload, seconds=2.0)
    assert done.too_long
    assert workload.setups == [(1, Kind.SOLO)]
    assert done.seconds == pytest.approx(10.0, abs=0.01)


@pytest.mark.parametrize(("seconds", "workers"), [(0.05, 7), (0.3, 4), (1.0, 2)])
def test_a_long_body_is_run_by_fewer_workers(bench: Bench, seconds: float, workers: int) -> None:
    # On 4 CPUs a block takes 1 + N + max(1, N/4) bodies: as many as fit into 2 s, and two workers always.
    done = bench.measure(bench.at_once(seconds), threads=7, seconds=2.0)
    assert done.asked_threads == 7
    assert done.threads == done.processes == workers
    assert {run.workers for run in done.in_threads} == {workers}


def test_fewer_processes_than_threads_stay_fewer(bench: Bench) -> None:
    done = bench.measure(bench.at_once(), threads=4, processes=2)
    assert (done.threads, done.processes) == (4, 2)
    assert {workers for workers, _, _ in bench.processes.asked} == {2}


def test_a_costly_set_up_is_not_done_in_more_processes_than_cpus(bench: Bench) -> None:
    two = an_environment(usable_cpus=2, gil="disabled")
    costly = bench.measure(Shared(bench.at_once(), setup_seconds=0.2), threads=8, environment=two)
    assert (costly.threads, costly.processes) == (8, 2)
    cheap = bench.measure(Shared(bench.at_once(), setup_seconds=0.1), threads=8, environment=two)
    assert (cheap.threads, cheap.processes) == (8, 8)


def test_the_set_up_is_new_for_every_run_and_torn_down(bench: Bench) -> None:
    workload = Shared(bench.at_once())
    bench.measure(workload)
    # The warm-up ends after one run of 20 ms; then there are two blocks of one solo run and one in threads.
    assert sorted(workload.setups) == [(1, Kind.SOLO)] * (1 + BLOCKS) + [(4, Kind.THREADS)] * BLOCKS
    assert workload.open == 0


def orders(bench: Bench, seed: int) -> list[str]:
    watcher = Watcher()
    bench.measure(bench.at_once(), seed=seed, observer=watcher)
    return [what for what, _ in watcher.seen]


def test_the_order_of_the_runs_is_random_but_fixed_by_the_seed() -> None:
    assert orders(Bench(), 7) == orders(Bench(), 7)
    # Threads and processes in 2 blocks have 4 orders; the seeds are fixed, so this cannot fail by chance.
    assert len({tuple(orders(Bench(), seed)) for seed in range(40)}) == 4


def test_the_observer_hears_what_is_next_and_how_long_it_takes(bench: Bench) -> None:
    watcher = Watcher()
    bench.measure(bench.at_once(), seconds=2.0, observer=watcher)
    assert watcher.seen[0] == ("one run alone", 2.0)
    assert {what for what, _ in watcher.seen} == {"one run alone", "4 threads", "4 processes"}
    left = [seconds for _, seconds in watcher.seen]
    assert left == sorted(left, reverse=True)
    assert left[-1] < 2.0


def test_the_cost_is_the_time_it_took(bench: Bench) -> None:
    before = bench.clock.now()
    assert bench.measure(bench.at_once()).seconds == pytest.approx(bench.clock.now() - before)


# --- Processes ---


def test_no_processes_when_none_were_asked_for(bench: Bench) -> None:
    done = bench.measure(bench.at_once(), processes=0)
    assert (done.processes, done.processes_missing) == (0, "not asked for")
    assert done.in_processes == ()
    assert bench.processes.asked == []


def test_no_processes_when_nothing_runs_them(bench: Bench) -> None:
    done = measure(Shared(bench.at_once()), settings=bench.settings())
    assert (done.processes, done.processes_missing) == (0, "nothing was given to run them")


@pytest.mark.parametrize("after", [0, 1])
def test_processes_that_are_not_available_are_done_without(bench: Bench, after: int) -> None:
    bench.processes.unavailable_after = after
    done = bench.measure(bench.at_once())
    assert (done.processes, done.processes_missing) == (0, "no more of them")
    assert done.in_processes == ()
    assert len(done.in_threads) == BLOCKS
    assert len(bench.processes.asked) == after


def test_processes_that_cannot_be_started_are_done_without(bench: Bench) -> None:
    bench.processes.never = "no zygote"
    done = bench.measure(bench.at_once())
    assert (done.processes, done.processes_missing) == (0, "no zygote")
    assert bench.processes.asked == []


def test_what_is_started_once_for_all_is_not_in_the_cost(bench: Bench) -> None:
    bench.processes.start_seconds = 500.0
    assert bench.measure(bench.at_once()).seconds < 2.0


def test_nothing_is_started_for_a_body_that_is_not_measured(bench: Bench) -> None:
    bench.processes.never = "must not be asked"
    for seconds in (0.001, 30.0):
        assert bench.measure(bench.at_once(seconds)).processes_missing is None


def test_processes_may_be_fewer_than_asked_for(bench: Bench) -> None:
    run = bench.processes.run
    bench.processes.run = lambda workers, repeats, limit: run(3, repeats, limit)  # type: ignore[method-assign]
    assert bench.measure(bench.at_once()).processes == 3


def test_a_failure_in_a_process_comes_out(bench: Bench) -> None:
    failed = WorkersFailed((WorkerFailure(worker="process 1 of 4", what="died"),))

    def run(workers: int, repeats: int, limit: float) -> Run:
        raise failed

    bench.processes.run = run  # type: ignore[method-assign]
    with pytest.raises(WorkersFailed) as caught:
        bench.measure(bench.at_once())
    assert caught.value is failed


def test_the_limit_of_a_run_is_what_was_set_or_grows_with_the_body(bench: Bench) -> None:
    bench.measure(bench.at_once(), limit=77.0)
    assert {limit for _, _, limit in bench.processes.asked} == {77.0}
    short, long, many = Bench(), Bench(), Bench()
    short.measure(short.at_once(), limit=None)
    assert {limit for _, _, limit in short.processes.asked} == {10.0}
    long.measure(long.at_once(0.3), limit=None)
    # 20 times 4 workers in turn, 0.3 s each.
    assert [limit for _, _, limit in long.processes.asked] == pytest.approx([24.0] * BLOCKS)
    # 20 times 64 workers in turn, 5 times 4 ms each.
    many.measure(many.at_once(0.004), threads=64, limit=None, seconds=60.0)
    assert [limit for _, _, limit in many.processes.asked] == pytest.approx([25.6] * BLOCKS)


# --- The GIL probe ---


def test_without_a_gil_nothing_is_probed(bench: Bench) -> None:
    done = bench.measure(bench.at_once())
    assert done.gil == done.gil_fast == ()


@pytest.mark.parametrize("gil", ["enabled", "re-enabled"])
def test_the_gil_is_probed_at_both_switch_intervals(bench: Bench, gil: str) -> None:
    before = sys.getswitchinterval()
    watcher = Watcher()
    done = bench.measure(bench.at_once(), environment=an_environment(usable_cpus=4, gil=gil), observer=watcher)
    for samples, interval in ((done.gil, before), (done.gil_fast, FAST_SWITCH_SECONDS)):
        assert [sample.switch_interval for sample in samples] == pytest.approx([interval] * len(samples))
        watched = [sample.wall for sample in samples]
        assert sum(watched) >= PROBE_SECONDS
        assert sum(watched[:-1]) < PROBE_SECONDS
    assert sys.getswitchinterval() == before
    assert [what for what, _ in watcher.seen].count("the GIL probe") == 2


# --- Failures ---


def failing_at(*calls: int, error: BaseException) -> Callable[[Bench], Body]:
    """A body of 20 ms that fails at these of its calls, counted from 1."""

    def body_for(bench: Bench) -> Body:
        numbers = itertools.count(1)

        def body() -> None:
            bench.clock.work(0.02)
            if next(numbers) in calls:
                raise error

        return body

    return body_for


def test_a_body_that_fails_only_at_once_fails_in_workers(bench: Bench) -> None:
    meeting = threading.Barrier(4, timeout=60.0)

    class MeetingRoom(Shared):
        """All who are in it at the same time fail; one after another they pass."""

        @contextmanager
        def copies(self, workers: int, kind: Kind) -> Iterator[Sequence[Body]]:
            def body() -> None:
                bench.clock.work(0.02)
                if kind is Kind.THREADS:
                    meeting.wait()
                    raise ValueError("not alone")

            self.setups.append((workers, kind))
            yield [body] * workers

    room = MeetingRoom()
    with pytest.raises(WorkersFailed) as caught:
        bench.measure(room)
    assert [failure.what for failure in caught.value.failures] == ["raised ValueError: not alone"] * 4
    # The copies were set up once more and tried one after another.
    assert room.setups[-2:] == [(4, Kind.THREADS), (4, Kind.SOLO)]


def test_a_body_that_cannot_be_run_twice_is_not_repeatable(bench: Bench) -> None:
    # Call 1 is the warm-up, the second run is in a block; the failure there is followed by one more try alone.
    body = failing_at(*range(2, 100), error=FileExistsError("bob"))(bench)
    with pytest.raises(NotRepeatable, match=r"it raised FileExistsError: bob$") as caught:
        bench.measure(body)
    assert isinstance(caught.value.__cause__, FileExistsError)


def test_a_body_that_cannot_be_run_alone_is_not_repeatable(bench: Bench) -> None:
    with pytest.raises(NotRepeatable, match=r"^run again alone it raised ValueError: no$"):
        bench.measure(failing_at(*range(1, 100), error=ValueError("no"))(bench))


def test_copies_that_fail_one_after_another_are_not_repeatable(bench: Bench) -> None:
    class OnlyThreeAccounts(Shared):
        @contextmanager
        def copies(self, workers: int, kind: Kind) -> Iterator[Sequence[Body]]:
            left = itertools.count(3, -1)

            def body() -> None:
                bench.clock.work(0.02)
                if next(left) <= 0:
                    raise LookupError("no account left")

            yield [body] * workers

    message = r"^4 copies, one after another: it raised LookupError: no account left$"
    with pytest.raises(NotRepeatable, match=message):
        bench.measure(OnlyThreeAccounts())


def test_a_set_up_that_fails_only_the_second_time_is_not_repeatable(bench: Bench) -> None:
    class Once(Shared):
        @contextmanager
        def copies(self, workers: int, kind: Kind) -> Iterator[Sequence[Body]]:
            if self.setups:
                raise NotRepeatable("the port is taken")
            with super().copies(workers, kind) as bodies:
                yield bodies

    with pytest.raises(NotRepeatable, match=r"^the port is taken$"):
        bench.measure(Once(bench.at_once()))


def test_a_tear_down_that_fails_in_the_serial_copies_is_not_repeatable(bench: Bench) -> None:
    class Leaks(Shared):
        @contextmanager
        def copies(self, workers: int, kind: Kind) -> Iterator[Sequence[Body]]:
            yield [bench.at_once()] * workers
            if workers > 1:
                raise WorkersFailed((WorkerFailure(worker="tear-down", what="raised OSError: busy"),))

    with pytest.raises(NotRepeatable, match="it raised OSError: busy"):
        bench.measure(Leaks())


def test_a_body_that_declines_is_not_a_failure(bench: Bench) -> None:
    def body() -> None:
        bench.clock.work(0.02)
        if threading.current_thread().name.endswith("of 4"):
            raise Declined("only alone")

    with pytest.raises(Declined, match=r"^only alone$"):
        bench.measure(body)


@pytest.mark.xfail(strict=True, raises=SystemExit, reason="only Exception is expected of the serial copies")
def test_a_body_that_exits_when_it_is_run_again_is_not_repeatable(bench: Bench) -> None:
    with pytest.raises(NotRepeatable, match="raised SystemExit: 3"):
        bench.measure(failing_at(*range(2, 100), error=SystemExit(3))(bench))


class Outcome(BaseException):
    """What test frameworks raise to fail a test, past every ``except Exception``."""


@pytest.mark.xfail(strict=True, raises=Outcome, reason="only Exception is expected of the serial copies")
def test_a_body_that_fails_by_a_frameworks_outcome_is_not_repeatable(bench: Bench) -> None:
    with pytest.raises(NotRepeatable, match="raised Outcome: failed"):
        bench.measure(failing_at(*range(2, 100), error=Outcome("failed"))(bench))


def test_a_body_that_hangs_alone_is_not_repeatable() -> None:
    rescue = threading.Event()
    calls = itertools.count(1)

    def body() -> None:
        if next(calls) > 1:
            rescue.wait(60.0)

    settings = Settings(clock=SystemClock(), environment=FREE, limit=0.2)
    try:
        with pytest.raises(NotRepeatable, match=r"^run again alone, it did not finish within 0\.2 s$"):
            measure(body, processes=0, settings=settings)
    finally:
        rescue.set()


def test_a_body_that_hangs_only_at_once_fails_in_workers(bench: Bench) -> None:
    rescue = threading.Event()

    def body() -> None:
        bench.clock.work(0.02)
        if threading.current_thread().name == "gilcheck thread 2 of 4":
            rescue.wait(60.0)

    try:
        with pytest.raises(WorkersFailed) as caught:
            bench.measure(body, limit=0.4)
    finally:
        rescue.set()
    (failure,) = caught.value.failures
    assert (failure.worker, failure.hung) == ("thread 2 of 4", True)


@pytest.mark.xfail(strict=True, reason="the serial copies are run without a limit, in the thread that measures")
def test_serial_copies_that_hang_do_not_hang_the_measurement() -> None:
    # A worker that fails keeps a lock: whoever runs the body again waits for it.
    second_is_done, kept, rescue = threading.Event(), threading.Event(), threading.Event()

    def body() -> None:
        if kept.is_set():
            rescue.wait(60.0)
            return
        SystemClock().sleep(0.02)
        if threading.current_thread().name == "gilcheck thread 1 of 2":
            second_is_done.wait(60.0)
            kept.set()
            raise ValueError("beside another")
        if threading.current_thread().name == "gilcheck thread 2 of 2":
            second_is_done.set()

    outcome: list[BaseException] = []

    def measures() -> None:
        try:
            measure(body, threads=2, processes=0, settings=Settings(environment=FREE, limit=1.0, seed=1))
        except BaseException as error:
            outcome.append(error)

    measuring = threading.Thread(target=measures)
    measuring.start()
    kept.wait(60.0)
    measuring.join(2.0)
    hangs = measuring.is_alive()
    rescue.set()
    measuring.join(60.0)
    assert not hangs
    assert isinstance(outcome[0], WorkersFailed | NotRepeatable)
