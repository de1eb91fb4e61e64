"""What a measurement makes of a body that fails, hangs or declines."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from pytest_gilcheck.scaling import alarm
from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.failures import Declined, NotRepeatable, WorkerFailure, WorkersFailed
from pytest_gilcheck.scaling.measure import Settings, measure
from pytest_gilcheck.scaling.reading import Kind
from pytest_gilcheck.scaling.threads import Worker
from pytest_gilcheck.scaling.workload import Body
from unit.scaling.bench import FREE, Bench, Shared

#: Limits what is meant to hang, in real time.
BRIEF = 0.3
#: A seed with which the first run of the first block is the one alone.
SOLO_FIRST = 5

needs_alarm = pytest.mark.skipif(not alarm.available(), reason="no timer signals in this thread of this system")


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
        def copies(self, workers: int, kind: Kind, repeats: int) -> Iterator[Sequence[Body]]:
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
    # A copy was tried alone once more, then as many as before, one after another.
    assert room.setups[-3:] == [(4, Kind.THREADS), (1, Kind.SOLO), (4, Kind.SOLO)]


def test_a_state_that_running_at_once_has_broken_does_not_hide_that(bench: Bench) -> None:
    broken: list[bool] = []

    def body() -> None:
        bench.clock.work(0.02)
        if threading.current_thread().name.endswith("of 4"):
            broken.append(True)
        if broken:
            raise ValueError("two have the same number")

    # Alone it fails now, too, but it did not before.
    with pytest.raises(WorkersFailed) as caught:
        bench.measure(body)
    assert len(caught.value.failures) == 4


def test_a_body_that_cannot_be_run_twice_is_not_repeatable(bench: Bench) -> None:
    # Call 1 is the warm-up, the second run is in a block; the failure there is followed by one more try alone.
    error = FileExistsError("bob")
    with pytest.raises(NotRepeatable, match=r"it raised FileExistsError: bob$") as caught:
        bench.measure(failing_at(*range(2, 100), error=error)(bench), seed=SOLO_FIRST)
    cause = caught.value.__cause__
    assert isinstance(cause, WorkersFailed)
    assert cause.failures[0].error is error


def at_home_only(bench: Bench, *, until_call: int) -> Body:
    """A body that fails in any thread but that of the test, from that call on."""
    home, numbers = threading.current_thread(), itertools.count(1)

    def body() -> None:
        bench.clock.work(0.02)
        if next(numbers) >= until_call and threading.current_thread() is not home:
            raise RuntimeError("only in the main thread")

    return body


# The first run alone, or one in a block.
@pytest.mark.parametrize("until_call", [1, 2])
@needs_alarm
def test_a_body_that_passes_in_the_main_thread_but_not_in_a_worker_fails_in_workers(bench: Bench, until_call: int) -> None:
    with pytest.raises(WorkersFailed) as caught:
        bench.measure(at_home_only(bench, until_call=until_call), seed=SOLO_FIRST)
    (failure,) = caught.value.failures
    assert (failure.worker, failure.what) == ("thread 1 of 1", "raised RuntimeError: only in the main thread")


def test_where_the_rerun_could_not_be_ended_there_is_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarm, "available", lambda: False)
    workload = Shared(at_home_only(bench, until_call=1))
    with pytest.raises(NotRepeatable, match=r"^run again alone, it raised RuntimeError: only in the main thread$"):
        bench.measure(workload)
    assert workload.setups == [(1, Kind.SOLO)]


@needs_alarm
def test_the_rerun_is_set_up_afresh_and_as_often_as_the_run(bench: Bench) -> None:
    calls: list[bool] = []

    def body() -> None:
        at_home = threading.current_thread() is threading.main_thread()
        calls.append(at_home)
        bench.clock.work(0.004)
        if len(calls) > 3 and not at_home:  # the warm-up has three calls of a short body
            raise RuntimeError("only in the main thread")

    workload = Shared(body)
    with pytest.raises(WorkersFailed):
        bench.measure(workload, seed=SOLO_FIRST)
    assert calls == [False] * 4 + [True] * 5  # 5 times 4 ms are a run
    assert workload.repeats == [1, 1, 1, 5, 5]
    assert workload.setups == [(1, Kind.SOLO)] * 5


@needs_alarm
def test_an_interrupt_by_the_user_ends_the_measurement(bench: Bench) -> None:
    with pytest.raises(KeyboardInterrupt):
        bench.measure(failing_at(*range(1, 100), error=KeyboardInterrupt())(bench))


def test_a_body_that_cannot_be_run_alone_is_not_repeatable(bench: Bench) -> None:
    with pytest.raises(NotRepeatable, match=r"^run again alone, it raised ValueError: no$"):
        bench.measure(failing_at(*range(1, 100), error=ValueError("no"))(bench))


def test_copies_that_fail_one_after_another_are_not_repeatable(bench: Bench) -> None:
    class OnlyThreeAccounts(Shared):
        @contextmanager
        def copies(self, workers: int, kind: Kind, repeats: int) -> Iterator[Sequence[Body]]:
            left = itertools.count(3, -1)

            def body() -> None:
                bench.clock.work(0.02)
                if next(left) <= 0:
                    raise LookupError("no account left")

            yield [body] * workers

    what = "it raised LookupError: no account left"
    with pytest.raises(NotRepeatable, match=f"^4 copies, one after another: {what}; in 4 threads: {what}$"):
        bench.measure(OnlyThreeAccounts())


def test_a_set_up_that_fails_only_the_second_time_is_not_repeatable(bench: Bench) -> None:
    class Once(Shared):
        @contextmanager
        def copies(self, workers: int, kind: Kind, repeats: int) -> Iterator[Sequence[Body]]:
            if self.setups:
                raise NotRepeatable("the port is taken")
            with super().copies(workers, kind, repeats) as bodies:
                yield bodies

    with pytest.raises(NotRepeatable, match=r"^the port is taken$"):
        bench.measure(Once(bench.at_once()))


def test_a_tear_down_that_fails_in_the_serial_copies_is_not_repeatable(bench: Bench) -> None:
    class Leaks(Shared):
        @contextmanager
        def copies(self, workers: int, kind: Kind, repeats: int) -> Iterator[Sequence[Body]]:
            yield [bench.at_once()] * workers
            if workers > 1:
                raise WorkersFailed((WorkerFailure(worker="tear-down", what="raised OSError: busy"),))

    with pytest.raises(NotRepeatable, match="it raised OSError: busy"):
        bench.measure(Leaks())


def test_one_that_declines_does_not_hide_one_that_fails(bench: Bench) -> None:
    def body() -> None:
        bench.clock.work(0.02)
        name = threading.current_thread().name
        if name.endswith("1 of 4"):
            raise Declined("only alone")
        if name.endswith("2 of 4"):
            raise ValueError("broken")

    with pytest.raises(WorkersFailed, match="thread 2 of 4: raised ValueError: broken"):
        bench.measure(body)


def test_a_body_that_declines_is_not_a_failure(bench: Bench) -> None:
    def body() -> None:
        bench.clock.work(0.02)
        if threading.current_thread().name.endswith("of 4"):
            raise Declined("only alone")

    with pytest.raises(Declined, match=r"^only alone$"):
        bench.measure(body)


def test_a_body_that_exits_when_it_is_run_again_is_not_repeatable(bench: Bench) -> None:
    with pytest.raises(NotRepeatable, match="raised SystemExit: 3"):
        bench.measure(failing_at(*range(2, 100), error=SystemExit(3))(bench), seed=SOLO_FIRST)


class Outcome(BaseException):
    """What test frameworks raise to fail a test, past every ``except Exception``."""


def test_a_body_that_fails_by_a_frameworks_outcome_is_not_repeatable(bench: Bench) -> None:
    with pytest.raises(NotRepeatable, match="raised Outcome: failed"):
        bench.measure(failing_at(*range(2, 100), error=Outcome("failed"))(bench), seed=SOLO_FIRST)


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


@needs_alarm
def test_a_rerun_that_waits_for_a_lock_left_held_is_ended(bench: Bench) -> None:
    lock, calls = threading.Lock(), itertools.count(1)

    def body() -> None:
        if not lock.acquire(timeout=60.0):  # so that a failure of this test ends, too
            return
        bench.clock.work(0.02)
        if next(calls) > 1:
            raise ValueError("and the lock is held")
        lock.release()

    with pytest.raises(NotRepeatable, match=rf"^run again alone, it did not finish within {BRIEF} s$"):
        bench.measure(body, limit=BRIEF, seed=SOLO_FIRST)
    assert lock.locked()


def test_reruns_that_wait_for_a_lock_left_held_are_ended(bench: Bench) -> None:
    lock, second_is_done = threading.Lock(), threading.Event()

    def body() -> None:
        name = threading.current_thread().name
        if name == "gilcheck thread 1 of 2":
            second_is_done.wait(60.0)
        lock.acquire()
        bench.clock.work(0.02)
        if name == "gilcheck thread 1 of 2":
            raise ValueError("and the lock is held")
        lock.release()
        if name == "gilcheck thread 2 of 2":
            second_is_done.set()

    try:
        with pytest.raises(WorkersFailed, match=r"^thread 1 of 2: raised ValueError: and the lock is held$"):
            bench.measure(body, threads=2, processes=0, limit=BRIEF, seed=SOLO_FIRST)
    finally:
        if lock.locked():
            lock.release()
        for thread in threading.enumerate():
            if isinstance(thread, Worker):
                thread.join(60.0)
