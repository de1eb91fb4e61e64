"""What a measurement makes of a body that fails, hangs or declines."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.failures import Declined, NotRepeatable, WorkerFailure, WorkersFailed
from pytest_gilcheck.scaling.measure import Settings, measure
from pytest_gilcheck.scaling.reading import Kind
from pytest_gilcheck.scaling.workload import Body
from unit.scaling.bench import FREE, Bench, Shared


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
