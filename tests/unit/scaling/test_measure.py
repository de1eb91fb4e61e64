"""The protocol of a measurement, on a clock that only the bodies move."""

from __future__ import annotations

import functools
import itertools
import sys
import threading
from contextlib import AbstractContextManager, nullcontext

import pytest

from pytest_gilcheck.scaling.classify import classify
from pytest_gilcheck.scaling.clock import Clock
from pytest_gilcheck.scaling.failures import WorkerFailure, WorkersFailed
from pytest_gilcheck.scaling.measure import BLOCKS, MOST_BLOCKS, PROBE_SECONDS, RUN_SECONDS, measure
from pytest_gilcheck.scaling.measurement import SHORTEST_SECONDS
from pytest_gilcheck.scaling.probe import FAST_SWITCH_SECONDS, GilSample
from pytest_gilcheck.scaling.reading import Kind, Run
from pytest_gilcheck.verdict import Scaling
from unit.scaling.bench import Bench, Shared, Watcher
from unit.scaling.fakes import a_sample, an_environment


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


# A warm-up of 0.12 s and blocks of 0.12 s alone, in threads and in processes each.
@pytest.mark.parametrize(("seconds", "blocks"), [(2.0, BLOCKS), (1.0, 1)])
def test_a_clear_case_is_measured_again_within_its_budget_only(bench: Bench, seconds: float, blocks: int) -> None:
    bench.processes.seconds = 0.12
    done = bench.measure(bench.at_once(0.12), seconds=seconds)
    assert classify(done).verdict is Scaling.RELEASES_GIL
    assert done.threads == 4
    assert len(done.in_threads) == blocks


# A warm-up of 0.12 s and blocks of 0.12 + 2 × 0.192 s, which may overrun the budget by half.
@pytest.mark.parametrize(("seconds", "blocks"), [(60.0, MOST_BLOCKS), (1.0, 2), (0.74, 1)])
def test_an_unclear_case_is_measured_again_beyond_its_budget(bench: Bench, seconds: float, blocks: int) -> None:
    # A body that waits, a little slower in threads and in processes: neither the GIL, nor a lock, nor a resource.
    def unclear() -> None:
        alone = threading.current_thread().name.endswith("of 1")
        bench.clock.work(0.12 if alone else 0.192, cpu=0.01)

    bench.processes.seconds = 0.192
    done = bench.measure(unclear, seconds=seconds)
    assert classify(done).verdict is Scaling.INCONCLUSIVE
    assert done.threads == 4
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


def test_a_very_slow_first_call_of_a_short_body_is_not_believed_either(bench: Bench) -> None:
    # A cache that is filled, a module that is imported, a connection that is made.
    seconds = itertools.chain([0.03], itertools.repeat(0.0001))
    done = bench.measure(lambda: bench.clock.work(next(seconds)))
    assert done.shortest == pytest.approx(0.0001)
    assert classify(done).verdict is Scaling.TOO_SHORT


WITH_GIL = an_environment(usable_cpus=4)


def test_a_body_that_keeps_its_result_is_too_short_from_the_second_call_on(bench: Bench) -> None:
    @functools.lru_cache
    def compute() -> None:
        bench.clock.work(0.5)

    def body() -> None:
        compute()
        bench.clock.work(0.0001)

    done = bench.measure(body, environment=WITH_GIL)
    assert classify(done).verdict is Scaling.TOO_SHORT
    # The probe found out; there was nothing left to run in threads.
    assert not any((done.solo, done.in_threads, done.in_processes))
    assert (len(done.gil), len(done.gil_fast)) == (1, 0)
    assert bench.processes.asked == []


def test_a_body_that_is_fast_from_the_second_call_on_is_repeated_as_that_one_needs(bench: Bench) -> None:
    seconds = itertools.chain([0.5], itertools.repeat(0.004))
    done = bench.measure(lambda: bench.clock.work(next(seconds)), environment=WITH_GIL)
    assert done.shortest == pytest.approx(0.004)
    assert {run.repeats for run in (*done.solo, *done.in_threads, *done.in_processes)} == {5}


def test_a_fast_call_is_believed_over_a_slow_one_at_any_time(bench: Bench) -> None:
    # A machine that is busy at first: 30 ms alone, then 3 ms for good.
    slow = itertools.chain([True], itertools.repeat(False))
    done = bench.measure(lambda: bench.clock.work(0.003, delay=0.027 if next(slow) else 0.0))
    assert done.shortest == pytest.approx(0.003)
    assert not done.too_short


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
    # Runs alone are for the warm-up and the blocks.
    assert workload.setups.count((4, Kind.THREADS)) == BLOCKS
    assert workload.setups.count((1, Kind.SOLO)) > BLOCKS
    assert set(workload.setups) == {(1, Kind.SOLO), (4, Kind.THREADS)}
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
    long.measure(long.at_once(0.3), limit=None, seconds=60.0)
    # 20 times 4 workers in turn, 0.3 s each.
    assert [limit for _, _, limit in long.processes.asked] == pytest.approx([24.0] * BLOCKS)
    # 20 times 64 workers in turn, 5 times 4 ms each.
    many.measure(many.at_once(0.004), threads=64, limit=None, seconds=60.0)
    assert [limit for _, _, limit in many.processes.asked] == pytest.approx([25.6] * BLOCKS)


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
        # As many runs of 20 ms, and a little of the way to their start, as it takes.
        assert sum(sample.wall for sample in samples) >= PROBE_SECONDS
        assert len(samples) == 4
    assert sys.getswitchinterval() == before
    assert watcher.seen[1][0] == "the GIL probe"


# The package has a function of the module's name.
MODULE = sys.modules["pytest_gilcheck.scaling.measure"]


class FakeProbe:
    """Sees the GIL held for a fixed share of every run."""

    share = 0.0

    def __init__(self, clock: Clock) -> None: ...

    def watch(self, target: threading.Thread) -> AbstractContextManager[None]:
        return nullcontext()

    def sample(self, run: Run) -> GilSample:
        return a_sample(self.share, wall=run.wall, interval=sys.getswitchinterval())


@pytest.mark.parametrize(("share", "looks"), [(0.1, 1), (0.5, 2), (0.95, 1)])
def test_a_gil_share_near_its_thresholds_gets_a_second_look(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, share: float, looks: int
) -> None:
    monkeypatch.setattr(MODULE, "GilProbe", FakeProbe)
    monkeypatch.setattr(FakeProbe, "share", share)
    done = bench.measure(bench.at_once(), environment=WITH_GIL)
    assert [len(done.gil), len(done.gil_fast)] == [4 * looks] * 2


@pytest.mark.parametrize(
    ("in_turn", "verdict"), [(True, Scaling.GIL_BOUND), (False, Scaling.INCONCLUSIVE)], ids=["in turn", "at once"]
)
def test_a_held_gil_puts_threads_in_turn(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, in_turn: bool, verdict: Scaling
) -> None:
    monkeypatch.setattr(MODULE, "GilProbe", FakeProbe)
    monkeypatch.setattr(FakeProbe, "share", 0.95)
    body = bench.in_turn() if in_turn else bench.at_once()
    assert classify(bench.measure(body, environment=WITH_GIL)).verdict is verdict
