from __future__ import annotations

import faulthandler
import multiprocessing
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_gilcheck.scaling import processes
from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.failures import Declined, ProcessesUnavailable, WorkersFailed
from pytest_gilcheck.scaling.processes import CallableProcesses, can_fork, describe_exit, perform
from pytest_gilcheck.scaling.reading import Kind, Run
from unit.scaling.fakes import FakeClock

AMPLE = 60.0
BRIEF = 0.3

# The bodies are functions of this module, so that they can also be pickled where there is no fork.


def passes() -> None:
    sum(range(1000))


def raises() -> None:
    raise ValueError("in a process")


def exits() -> None:
    sys.exit(4)


def interrupts() -> None:
    raise KeyboardInterrupt


def declines() -> None:
    raise Declined("only alone")


def vanishes() -> None:
    os._exit(7)


def is_killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def crashes() -> None:
    faulthandler.disable()
    os.kill(os.getpid(), signal.SIGSEGV)


def never() -> None:
    raise AssertionError("not to be run")


def sleeps() -> None:
    time.sleep(AMPLE)


def run(body: Callable[[], object], workers: int = 2, limit: float = AMPLE) -> Run:
    return CallableProcesses(body, SystemClock()).run(workers, 2, limit)


def failures(body: Callable[[], object], limit: float = AMPLE) -> list[tuple[str, str]]:
    with pytest.raises(WorkersFailed) as caught:
        run(body, 2, limit)
    assert caught.value.hung is (limit != AMPLE)
    return [(failure.worker, failure.what) for failure in caught.value.failures]


@pytest.fixture(autouse=True)
def _leaves_no_process_behind() -> Iterator[None]:
    yield
    assert multiprocessing.active_children() == []


@pytest.fixture
def beside_a_thread() -> Iterator[None]:
    leave = threading.Event()
    thread = threading.Thread(target=leave.wait)
    thread.start()
    yield
    leave.set()
    thread.join()


needs_signals = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no signals that kill")
needs_fork = pytest.mark.skipif(not can_fork(), reason="a fork of this process is not safe")


def test_each_worker_reads_its_own_clocks() -> None:
    done = run(passes, 3)
    assert done.kind is Kind.PROCESSES
    assert done.workers == 3
    assert done.repeats == 2
    assert all(done.released <= reading.start <= reading.end for reading in done.readings)
    assert done.process_cpu >= 0.0


@needs_fork
def test_workers_are_processes_of_their_own(tmp_path: Path) -> None:
    def body() -> None:
        (tmp_path / str(os.getpid())).touch()

    run(body, 3)
    pids = {path.name for path in tmp_path.iterdir()}
    assert len(pids) == 3
    assert str(os.getpid()) not in pids


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (raises, "raised ValueError: in a process"),
        (exits, "raised SystemExit: 4"),
        (interrupts, "raised KeyboardInterrupt"),
        (vanishes, "died: exit status 7"),
        pytest.param(
            is_killed,
            "died: killed by signal 9 (SIGKILL, as the kernel does when memory runs out)",
            marks=needs_signals,
        ),
        pytest.param(crashes, "died: killed by signal 11 (SIGSEGV)", marks=needs_signals),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_however_the_workers_end_each_is_reported(body: Callable[[], object], what: str) -> None:
    assert failures(body) == [("process 1 of 2", what), ("process 2 of 2", what)]


def test_the_traceback_comes_along() -> None:
    with pytest.raises(WorkersFailed) as caught:
        run(raises)
    details = caught.value.failures[0].details
    assert 'raise ValueError("in a process")' in details
    # The engine's own frames say nothing about the body.
    assert str(Path(processes.__file__).parent) not in details


def test_workers_that_never_answer_are_killed() -> None:
    what = f"did not finish within {BRIEF} s and was killed"
    assert failures(sleeps, BRIEF) == [("process 1 of 2", what), ("process 2 of 2", what)]


@needs_signals
def test_a_worker_killed_for_being_late_did_not_run_out_of_memory() -> None:
    with pytest.raises(WorkersFailed) as caught:
        run(sleeps, 2, BRIEF)
    assert "memory" not in caught.value.failures[0].details


@needs_fork
def test_a_worker_that_dies_beside_one_that_hangs_is_not_taken_for_hung(tmp_path: Path) -> None:
    def body() -> None:
        number = int(multiprocessing.current_process().name.rpartition("-")[2])
        (tmp_path / str(number)).touch()
        while len(numbers := [int(path.name) for path in tmp_path.iterdir()]) < 2:
            time.sleep(0.001)
        if number == max(numbers):
            os._exit(7)
        time.sleep(AMPLE)

    first, second = failures(body, 2 * BRIEF)
    assert first[1] == f"did not finish within {2 * BRIEF} s and was killed"
    assert second[1] == "died: exit status 7"


def _start_a_worker_and_leave(alive: int) -> None:
    member = processes._Member(multiprocessing.get_context("fork"), never, 1, 1)
    member.start()
    os.write(alive, f"{multiprocessing.active_children()[0].pid}\n".encode())
    os._exit(0)


@needs_fork
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_worker_whose_starter_has_gone_ends() -> None:
    # The end of the pipe that both write to is closed for good only when both are gone.
    ours, theirs = os.pipe()
    starter = multiprocessing.get_context("fork").Process(target=_start_a_worker_and_leave, args=(theirs,))
    starter.start()
    os.close(theirs)
    starter.join()
    with open(ours, "rb", buffering=0) as alive:
        worker = int(alive.readline())
        ended = select.select([alive], [], [], AMPLE)[0]
        if not ended:
            os.kill(worker, signal.SIGKILL)
        assert ended
        assert alive.read() == b""


def test_a_body_that_declines_makes_processes_unavailable() -> None:
    with pytest.raises(ProcessesUnavailable, match="it skips itself there: only alone"):
        run(declines)


@pytest.mark.usefixtures("beside_a_thread")
def test_beside_another_thread_processes_are_spawned() -> None:
    assert not can_fork()
    assert run(passes, 2).workers == 2


@pytest.mark.usefixtures("beside_a_thread")
def test_where_there_is_no_fork_a_callable_that_cannot_be_pickled_is_a_reason() -> None:
    with pytest.raises(ProcessesUnavailable, match=r"cannot be forked and the callable cannot be pickled \(.*lambda"):
        run(lambda: None)


def test_macos_is_never_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not can_fork()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (None, "it did not end"),
        (0, "exit status 0"),
        (3, "exit status 3"),
        (-signal.SIGTERM, f"killed by signal {signal.SIGTERM.value} (SIGTERM)"),
        (-1234, "killed by signal 1234 (unknown)"),
    ],
)
def test_an_exit_in_words(code: int | None, text: str) -> None:
    assert describe_exit(code) == text


ORDER: dict[str, object] = {"op": "run", "released": 5.0, "repeats": 2}


def test_an_order_is_carried_out_and_answered_in_figures() -> None:
    clock = FakeClock()
    clock.work(0.0, cpu=7.0)
    answer = perform(lambda: clock.work(0.5, cpu=0.25, delay=0.1, other=1.0), ORDER, clock)
    assert answer == pytest.approx({"start": 5.0, "end": 6.2, "cpu": 0.5, "delay": 0.2, "process_cpu": 2.5})


def test_an_order_on_a_system_without_delays() -> None:
    assert perform(passes, ORDER, FakeClock(tells_delay=False))["delay"] is None


def test_an_answer_about_a_body_that_declines() -> None:
    assert perform(declines, ORDER, FakeClock()) == {"declined": "only alone"}


@pytest.mark.parametrize("body", [raises, exits, interrupts])
def test_an_answer_about_a_body_that_raises(body: Callable[[], object]) -> None:
    answer = perform(body, ORDER, FakeClock())
    assert set(answer) == {"failed", "details"}
    assert str(answer["failed"]).startswith("raised ")
    assert body.__name__ in str(answer["details"])
