from __future__ import annotations

import multiprocessing
import os
import select
import signal
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.races.run import run
from unit.races.fakes import do, execution, results, together

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files, signals and processes of POSIX")

CHILD = [sys.executable, "-S", "-E", "-c", "import sys, time; time.sleep(float(sys.argv[1])); sys.exit(3)"]


def spawn(seconds: float) -> int:
    return os.posix_spawn(sys.executable, [*CHILD, str(seconds)], {})


def test_a_reader_waits_for_the_other_end_of_a_socket() -> None:
    def scenario() -> Any:
        one, two = socket.socketpair()
        with one, two:

            def sends() -> None:
                do(time.sleep, 5)
                do(two.send, b"hello")

            return together(lambda: do(one.recv, 10), sends)[0]

    assert results(scenario, 10) == {b"hello"}


@pytest.mark.parametrize(("timeout", "outcome"), [(3, "timed out"), (0, "[Errno"), (6, "hello")])
def test_the_time_out_of_a_socket_is_virtual(timeout: float, outcome: str) -> None:
    def scenario() -> str:
        one, two = socket.socketpair()
        with one, two:
            one.settimeout(timeout)

            def sends() -> None:
                do(time.sleep, 5)
                do(two.send, b"hello")

            def receives() -> str:
                try:
                    return bytes(do(one.recv, 10)).decode()
                except (TimeoutError, BlockingIOError) as error:
                    return str(error)

            return str(together(receives, sends)[0])

    assert {text if "Errno" not in text else "[Errno" for text in results(scenario, 5)} == {outcome}


def test_much_data_goes_through_a_socket_between_two_threads() -> None:
    data = bytes(range(256)) * 8192  # 2 MiB: more than any socket holds

    def scenario() -> bool:
        one, two = socket.socketpair()
        with one, two:

            def receives() -> bytes:
                got = b""
                while len(got) < len(data):
                    got += do(one.recv, 1 << 20)
                return got

            got, sent = together(receives, lambda: do(two.sendall, data))
            return sent is None and got == data

    assert results(scenario, 3) == {True}


def test_a_server_waits_for_its_client() -> None:
    def scenario() -> bool:
        with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:

            def accepts() -> bool:
                file, address = do(server._accept)  # type: ignore[attr-defined]
                os.close(file)
                return bool(address == client.getsockname())

            def connects() -> None:
                do(time.sleep, 1)
                client.connect(server.getsockname())

            return bool(together(accepts, connects)[0])

    assert results(scenario, 3) == {True}


def test_a_closed_socket_raises_what_it_raises() -> None:
    closed = socket.socket()
    closed.close()
    with pytest.raises(OSError, match="Bad file") as real:
        closed.recv(1)
    error = execution(lambda: do(closed.recv, 1)).error
    assert (type(error), str(error)) == (real.type, str(real.value))


def test_pipes_hold_up_readers_and_writers() -> None:
    data = bytes(300_000)

    def scenario() -> bool:
        read, write = os.pipe()
        try:

            def reads() -> int:
                left = len(data)
                while left:
                    left -= len(do(os.read, read, left))
                return left

            return together(reads, lambda: do(os.write, write, data)) == [0, len(data)]
        finally:
            os.close(read)
            os.close(write)

    assert results(scenario, 3) == {True}


def test_reading_and_writing_files_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "file"

    def scenario() -> bool:
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        try:
            assert do(os.write, file, bytes(100_000)) == 100_000
            os.lseek(file, 0, os.SEEK_SET)
            return len(do(os.read, file, 200_000)) == 100_000
        finally:
            os.close(file)

    assert results(scenario, 1) == {True}


WAYS = {
    "select": lambda file, timeout: do(select.select, iter([file]), [], [], timeout)[0],
    "poll": lambda file, timeout: _registered(select.poll(), file, None if timeout is None else timeout * 1000),
    "epoll": lambda file, timeout: _registered(select.epoll(), file, timeout),
}


def _registered(poll: Any, file: int, timeout: float | None) -> Any:
    poll.register(file, select.POLLIN)
    return do(poll.poll, timeout)


@pytest.mark.parametrize("way", [name for name in WAYS if hasattr(select, name)])
@pytest.mark.parametrize(("timeout", "found"), [(None, 1), (9, 1), (2, 0), (0, 0)])
def test_selecting_waits_in_virtual_time(way: str, timeout: float | None, found: int) -> None:
    def scenario() -> int:
        read, write = os.pipe()
        try:

            def writes() -> None:
                do(time.sleep, 5)
                do(os.write, write, b"x")

            return len(together(lambda: WAYS[way](read, timeout), writes)[0])
        finally:
            os.close(read)
            os.close(write)

    assert results(scenario, 5) == {found}


def test_selecting_nonsense_raises_what_it_raises() -> None:
    with pytest.raises(ValueError, match="negative") as real:
        select.select([-1], [], [], 1)
    error = execution(lambda: do(select.select, [-1], [], [], 1)).error
    assert (type(error), str(error)) == (real.type, str(real.value))


@pytest.mark.parametrize("name", ["flock", "lockf"])
def test_file_locks_exclude_one_another(name: str, tmp_path: Path) -> None:
    import fcntl

    lock = getattr(fcntl, name)

    def scenario() -> tuple[int, ...]:
        order: list[int] = []

        def body(number: int) -> None:
            with (tmp_path / "lock").open("w") as file:
                do(lock, file, fcntl.LOCK_EX)
                order.append(number)
                do(time.sleep, 1)
                order.append(number)
                do(lock, file, fcntl.LOCK_UN)

        together(lambda: body(1), lambda: body(2))
        return tuple(order)

    found = results(scenario, 20)
    if name == "flock":  # the other kind belongs to the process: its threads have it together
        assert found == {(1, 1, 2, 2), (2, 2, 1, 1)}


def test_a_file_lock_that_is_taken_says_so(tmp_path: Path) -> None:
    import fcntl

    path = tmp_path / "lock"

    def scenario() -> None:
        with path.open("w") as one, path.open("w") as two:
            do(fcntl.flock, one, fcntl.LOCK_EX)
            do(fcntl.flock, two, fcntl.LOCK_EX | fcntl.LOCK_NB)

    assert isinstance(execution(scenario).error, BlockingIOError)
    assert isinstance(execution(lambda: do(fcntl.flock, -1, fcntl.LOCK_EX)).error, ValueError)


@pytest.mark.parametrize(
    "wait",
    [
        lambda pid: os.waitstatus_to_exitcode(do(os.waitpid, pid, 0)[1]),
        lambda pid: os.waitstatus_to_exitcode(do(os.wait4, pid, 0)[1]),
        lambda pid: os.waitstatus_to_exitcode(do(os.wait)[1]),
        lambda pid: os.waitstatus_to_exitcode(do(os.wait3, 0)[1]),
        lambda pid: do(os.waitid, os.P_PID, pid, os.WEXITED).si_status,
    ],
)
def test_a_process_is_waited_for_while_others_go_on(wait: Any) -> None:
    def scenario() -> tuple[int, bool]:
        went_on: list[int] = []

        def waits() -> int:
            return int(wait(do(spawn, 0.02)))

        return together(waits, lambda: went_on.append(1))[0], went_on == [1]

    assert results(scenario, 1) == {(3, True)}


def test_waiting_for_no_process_raises_what_it_raises() -> None:
    assert isinstance(execution(lambda: do(os.waitpid, 1, 0)).error, ChildProcessError)


def test_virtual_time_does_not_outrun_a_process() -> None:
    """As ``Popen.wait(timeout=...)`` does it: look, sleep a little, look again."""

    def scenario() -> bool:
        pid = do(os.posix_spawn, sys.executable, [*CHILD, "0.02"], {})
        for _ in range(100):
            ended, _status = do(os.waitpid, pid, os.WNOHANG)
            if ended:
                return True
            do(time.sleep, 0.05)
        os.waitpid(pid, 0)
        return False

    assert results(scenario, 1) == {True}


def test_leaving_the_process_is_noticed_and_prevented() -> None:
    result = execution(lambda: do(os._exit, 7))
    assert result.reason == "exit"
    assert "os._exit(7)" in result.report[0]


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("fork", [lambda: do(os.fork), os.fork])
def test_a_child_made_by_fork_is_not_under_control(fork: Any) -> None:
    def scenario() -> int:
        pid = fork()
        if not pid:
            os._exit(4 if not run.mine() else 5)
        return os.waitstatus_to_exitcode(do(os.waitpid, pid, 0)[1])

    assert results(scenario, 1) == {4}


def test_forking_is_not_warned_of_because_of_the_engines_threads() -> None:
    def scenario() -> list[int]:
        def forks() -> int:
            pid = do(os.fork)
            if not pid:
                os._exit(0)
            return int(do(os.waitpid, pid, 0)[1])

        return together(forks, lambda: do(time.sleep, 1))

    assert results(lambda: scenario()[0], 1) == {0}


def test_a_lock_of_multiprocessing_is_waited_for() -> None:
    def scenario() -> tuple[int, ...]:
        lock: Any = multiprocessing.get_context("fork").Lock()._semlock  # type: ignore[attr-defined]
        order: list[int] = []

        def body(number: int) -> None:
            assert do(lock.acquire)
            order.append(number)
            do(time.sleep, 1)
            order.append(number)
            do(lock.release)

        def gives_up() -> bool:
            do(time.sleep, 0.5)
            return bool(do(lock.acquire, True, 0.25))

        results = together(lambda: body(1), lambda: body(2), gives_up)
        assert results[2] is False
        return tuple(order)

    assert results(scenario, 30) == {(1, 1, 2, 2), (2, 2, 1, 1)}


def test_a_pending_signal_is_waited_for() -> None:
    me = threading.get_ident()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    try:

        def scenario() -> int:
            def sends() -> None:
                do(time.sleep, 1)
                signal.pthread_kill(me, signal.SIGUSR2)  # another thread might have it unblocked

            together(sends)
            return int(do(signal.sigwait, {signal.SIGUSR2}))

        assert results(scenario, 1) == {signal.SIGUSR2}
        assert results(lambda: do(signal.sigtimedwait, [signal.SIGUSR2], 5), 1) == {None}
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_giving_way_lets_another_thread_go_on() -> None:
    def scenario() -> tuple[int, ...]:
        order: list[int] = []

        def body(number: int) -> None:
            order.append(number)
            do(os.sched_yield)
            order.append(number)

        together(lambda: body(1), lambda: body(2))
        return tuple(order)

    assert results(scenario, 20) == {(1, 2, 1, 2), (2, 1, 2, 1)}
