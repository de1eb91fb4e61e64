from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pytest_gilcheck.scaling import threads
from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.failures import WorkersFailed
from pytest_gilcheck.scaling.reading import Kind
from pytest_gilcheck.scaling.threads import Worker, run_threads
from unit.scaling.fakes import FakeClock

#: Long enough for any body that is meant to end, on any machine.
AMPLE = 60.0
#: For bodies that are meant to hang: the test waits this long.
BRIEF = 0.3


def ours() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if isinstance(thread, Worker)}


@pytest.fixture(autouse=True)
def _leaves_no_worker_behind() -> Iterator[None]:
    before = ours()
    yield
    for thread in ours() - before:
        thread.join(AMPLE)
    assert ours() <= before


def never() -> None:
    raise AssertionError("not to be run")


def test_all_start_at_the_release_and_every_reading_is_kept() -> None:
    clock = FakeClock()
    meeting = threading.Barrier(3, timeout=AMPLE)

    def body() -> None:
        meeting.wait()
        clock.work(0.5, cpu=0.1, delay=0.2, other=0.3)

    run = run_threads([body] * 3, 2, clock, AMPLE)
    assert run.kind is Kind.THREADS
    assert run.repeats == 2
    assert [reading.start for reading in run.readings] == [run.released] * 3
    assert run.wall == pytest.approx(1.4)
    assert [reading.cpu for reading in run.readings] == pytest.approx([0.2] * 3)
    assert run.delay == pytest.approx(1.2)
    assert run.process_cpu == pytest.approx(3 * 2 * 0.4)
    assert run.other_cpu == pytest.approx(1.8)


def test_what_the_process_does_after_the_last_worker_is_not_its_work() -> None:
    clock = FakeClock()

    @contextmanager
    def beside(_: threading.Thread) -> Iterator[None]:
        yield
        clock.work(0.0, cpu=5.0)

    assert run_threads([lambda: clock.work(0.5)], 1, clock, AMPLE, beside).process_cpu == pytest.approx(0.5)


def test_what_one_worker_alone_moves_to_storage_is_counted() -> None:
    clock = FakeClock()
    clock.write(1_000_000)
    assert run_threads([lambda: clock.write(512)], 3, clock, AMPLE).disk_bytes == 3 * 512
    assert run_threads([lambda: clock.write(512)] * 2, 1, clock, AMPLE).disk_bytes is None
    assert run_threads([lambda: clock.write(None)], 1, clock, AMPLE).disk_bytes is None


def test_work_in_turn_takes_one_after_another() -> None:
    clock = FakeClock()
    run = run_threads([lambda: clock.work_in_turn(0.5)] * 4, 1, clock, AMPLE)
    assert run.wall == pytest.approx(2.0)
    assert run.runnable == pytest.approx(1.0)


def test_one_body_is_a_solo_run() -> None:
    assert run_threads([lambda: None], 1, FakeClock(), AMPLE).kind is Kind.SOLO


def test_each_body_has_a_thread_of_its_own_and_its_readings_keep_the_order() -> None:
    clock = FakeClock()
    seen = []

    def body(seconds: float) -> None:
        seen.append(threading.current_thread().name)
        clock.work(seconds)

    run = run_threads([lambda: body(0.1), lambda: body(0.2), lambda: body(0.3)], 1, clock, AMPLE)
    assert sorted(seen) == [f"gilcheck thread {number} of 3" for number in (1, 2, 3)]
    assert [r.end - r.start for r in run.readings] == pytest.approx([0.1, 0.2, 0.3])


def test_they_run_at_once() -> None:
    meeting = threading.Barrier(3, timeout=AMPLE)
    assert run_threads([meeting.wait] * 3, 2, SystemClock(), AMPLE).workers == 3


def test_what_is_put_beside_a_run_covers_all_of_it() -> None:
    clock = FakeClock()
    events: list[str] = []

    @contextmanager
    def beside(first: threading.Thread) -> Iterator[None]:
        events.append(f"enter {first.name}")
        yield
        events.append("leave")

    run_threads([lambda: events.append("body")] * 2, 1, clock, AMPLE, beside)
    assert events == ["enter gilcheck thread 1 of 2", "body", "body", "leave"]


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_worker_that_raises_anything_is_reported(kind: type[BaseException]) -> None:
    error = kind("why")

    def body() -> None:
        raise error

    with pytest.raises(WorkersFailed) as caught:
        run_threads([lambda: None, body], 1, FakeClock(), AMPLE)
    (failure,) = caught.value.failures
    assert failure.worker == "thread 2 of 2"
    assert failure.what == f"raised {kind.__name__}: why"
    assert failure.error is error
    assert not failure.hung


def test_all_that_raise_are_reported() -> None:
    numbers = itertools.count(1)

    def body() -> None:
        raise ValueError(f"number {next(numbers)}")

    with pytest.raises(WorkersFailed) as caught:
        run_threads([body, lambda: None, body, body], 1, FakeClock(), AMPLE)
    assert [f.worker for f in caught.value.failures] == ["thread 1 of 4", "thread 3 of 4", "thread 4 of 4"]
    assert {str(f.error) for f in caught.value.failures} == {"number 1", "number 2", "number 3"}
    assert caught.value.copies == "4 threads"


def test_the_first_error_ends_a_workers_repeats() -> None:
    calls = []

    def body() -> None:
        calls.append(1)
        raise ValueError

    with pytest.raises(WorkersFailed):
        run_threads([body], 5, FakeClock(), AMPLE)
    assert len(calls) == 1


def test_a_worker_that_hangs_is_named_with_its_stack_and_the_others_errors_are_kept() -> None:
    rescue = threading.Event()

    def waits_for_rescue() -> None:
        rescue.wait(AMPLE)

    def fails() -> None:
        raise ValueError("beside it")

    try:
        with pytest.raises(WorkersFailed) as caught:
            run_threads([fails, waits_for_rescue, lambda: None], 1, SystemClock(), BRIEF)
    finally:
        rescue.set()
    first, second = caught.value.failures
    assert first.what == "raised ValueError: beside it"
    assert second.hung
    assert second.what == f"did not finish within {BRIEF} s"
    assert "waits_for_rescue" in second.details
    assert "rescue.wait" in second.details
    # Neither the engine's frames nor threading's say anything about the body.
    assert "run_threads" not in second.details
    assert threading.__file__ not in second.details
    assert threads.__file__ not in second.details


def test_an_endless_loop_of_byte_code_is_ended() -> None:
    stop = threading.Event()

    def loops() -> None:
        while not stop.is_set():
            pass

    before = ours()
    try:
        with pytest.raises(WorkersFailed) as caught:
            run_threads([loops], 1, SystemClock(), BRIEF)
        for thread in ours() - before:
            thread.join(5.0)
        assert ours() <= before, "the thread is still looping"
    finally:
        stop.set()
    assert caught.value.hung


def test_what_is_put_beside_a_run_is_left_when_a_worker_hangs() -> None:
    rescue = threading.Event()
    left = []

    @contextmanager
    def beside(_: threading.Thread) -> Iterator[None]:
        yield
        left.append(True)

    try:
        with pytest.raises(WorkersFailed):
            run_threads([lambda: rescue.wait(AMPLE)], 1, SystemClock(), BRIEF, beside)
    finally:
        rescue.set()
    assert left == [True]


def test_when_nothing_can_be_put_beside_a_run_no_body_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[object] = []
    calls: list[int] = []
    monkeypatch.setattr(threading, "excepthook", lost.append)

    @contextmanager
    def beside(_: threading.Thread) -> Iterator[None]:
        raise RuntimeError("cannot watch")
        yield

    for _ in range(10):
        with pytest.raises(RuntimeError, match="cannot watch"):
            run_threads([lambda: calls.append(1)] * 2, 1, FakeClock(), AMPLE, beside)
    assert not calls
    assert not lost


def test_a_thread_that_cannot_be_started_leaves_none_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    before = ours()
    started: list[Worker] = []
    start = threading.Thread.start

    def starts_two(self: Worker) -> None:
        if len(started) == 2:
            raise RuntimeError("can't start new thread")
        started.append(self)
        start(self)

    monkeypatch.setattr(Worker, "start", starts_two)
    try:
        with pytest.raises(RuntimeError, match="can't start new thread"):
            run_threads([lambda: None] * 4, 1, FakeClock(), AMPLE)
        for worker in started:
            worker.join(BRIEF)
        assert ours() <= before, "threads wait for a release that never comes"
    finally:
        for worker in started:
            worker.go.set()


def test_a_finished_thread_has_no_stack() -> None:
    thread = threading.Thread(target=lambda: None)
    assert threads.stack_of(thread) == "  (no Python frame)"
    thread.start()
    thread.join()
    assert threads.stack_of(thread) == "  (no Python frame)"
