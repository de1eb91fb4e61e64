"""What comes from outside of an execution, and threads that end in an unusual way: more rows of the table in ``hangs``."""

from __future__ import annotations

import gc
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

from programs.races.hangs import BEFORE, OK, ROWS, row
from pytest_gilcheck.races import run

__all__ = ["BEFORE", "ROWS"]

HERE = "hangs_outside.py"


@row(("uncontrolled", None), names=("recv",))
def socket_recv() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        run(lambda: ours.recv(1), lambda: None)


@row(OK)
def socket_recv_twin() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert run(lambda: ours.recv(1), lambda: theirs.send(b"x")) == [b"x", 1]


@row(("uncontrolled", None), names=("wait",))
def subprocess_wait() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        run(child.wait, lambda: None)
    finally:
        child.kill()
        child.communicate()


@row(OK)
def subprocess_wait_twin() -> None:
    child = subprocess.Popen([sys.executable, "-S", "-c", ""])
    assert run(child.wait, child.wait) == [0, 0]


FOREIGN = threading.Lock()
SHORT = threading.Lock()


def _hold(lock: threading.Lock, seconds: float) -> None:
    """Let a thread that no execution knows hold ``lock``."""
    held = threading.Event()

    def hold() -> None:
        with lock:
            held.set()
            time.sleep(seconds)

    threading.Thread(target=hold, name="foreign", daemon=True).start()
    held.wait()


@row(("uncontrolled", None), names=("lock", HERE))
def lock_held_by_a_foreign_thread() -> None:
    def work() -> None:
        with FOREIGN:
            pass

    run(work, work)


@row(OK)
def lock_held_by_a_foreign_thread_twin() -> None:
    def work() -> None:
        with SHORT:
            pass

    run(work, work)


@row(("uncontrolled", None), names=("event", HERE))
def event_of_a_foreign_thread() -> None:
    run(STARTED.wait, STARTED.is_set)


@row(OK)
def event_of_a_foreign_thread_twin() -> None:
    SOON.clear()
    ASKED.set()
    run(SOON.wait, SOON.is_set)


@row(("deadlock", "deadlock"), names=(HERE,))
def deadlock_beside_a_foreign_thread() -> None:
    one, other = threading.Lock(), threading.Lock()

    def forth() -> None:
        with one, other:
            pass

    def back() -> None:
        with other, one:
            pass

    run(forth, back)


STARTED, SOON, ASKED = threading.Event(), threading.Event(), threading.Event()


def _set_when_asked() -> None:
    def answer() -> None:
        while True:
            ASKED.wait()
            ASKED.clear()
            time.sleep(0.01)
            SOON.set()

    threading.Thread(target=answer, name="foreign", daemon=True).start()


BEFORE.update(
    lock_held_by_a_foreign_thread=lambda: _hold(FOREIGN, 20.0),
    lock_held_by_a_foreign_thread_twin=lambda: _hold(SHORT, 0.1),
    event_of_a_foreign_thread=lambda: _hold(FOREIGN, 20.0),
    event_of_a_foreign_thread_twin=_set_when_asked,
    deadlock_beside_a_foreign_thread=lambda: _hold(FOREIGN, 20.0),
    keyboard_interrupt=lambda: _interrupt_later(0.3),
)


def _interrupt_later(seconds: float) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what runs in the background ignores it

    def interrupt() -> None:
        time.sleep(seconds)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, name="foreign", daemon=True).start()


@row(("KeyboardInterrupt", None))
def keyboard_interrupt() -> None:
    state = SimpleNamespace(value=0)

    def count() -> None:
        for _ in range(200):
            state.value += 1

    run(count, count, count)


@row(OK)
def sys_exit_in_a_thread() -> None:
    threads = [threading.Thread(target=sys.exit, args=(3,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@row(("race", "exception"), names=("SystemExit",))
def sys_exit_in_one_order() -> None:
    state = SimpleNamespace(open=True)

    def close() -> None:
        state.open = False
        state.open = True

    def check() -> None:
        if not state.open:
            sys.exit("closed")

    run(close, check)


@row(("race", "exit"), ("hang", "exit"), names=("os._exit",))
def os_exit_in_a_thread() -> None:
    run(lambda: os._exit(3), lambda: None)


class Noisy:
    """Raises when it is deleted."""

    def __init__(self, log: list[int]) -> None:
        self.log = log

    def __del__(self) -> None:
        self.log.append(1)
        raise ValueError("in __del__")


@row(OK)
def exception_in_del() -> None:
    log: list[int] = []
    ignored: list[object] = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda unraisable: ignored.append(unraisable.exc_value)

    def work() -> None:
        Noisy(log)

    try:
        run(work, work)
    finally:
        sys.unraisablehook = hook
    assert len(log) == 2
    assert [type(error) for error in ignored] == [ValueError, ValueError]


@row(OK)
def excepthook_of_the_user() -> None:
    caught: list[object] = []
    hook, threading.excepthook = threading.excepthook, lambda arguments: caught.append(arguments.exc_value)

    def work() -> None:
        raise ValueError("for the hook")

    threads = [threading.Thread(target=work) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        threading.excepthook = hook
    assert len(caught) == 2


@row(OK)
def generator_closed_by_the_collector() -> None:
    log: list[int] = []

    def numbers() -> Iterator[int]:
        try:
            yield 1
        finally:
            log.append(1)

    def leave() -> None:
        cycle = SimpleNamespace(generator=numbers())
        next(cycle.generator)
        cycle.itself = cycle

    def work() -> None:
        leave()
        gc.collect()

    run(work, work)
    gc.collect()  # a collection does nothing while another thread's is going on
    assert len(log) == 2


@row(OK)
def signal_handler() -> None:
    state = SimpleNamespace(signals=0, value=0)

    def handle(number: int, _: object) -> None:
        state.signals += 1

    def work() -> None:
        state.value = state.signals

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    try:
        run(work, work)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@row(OK)
def long_waits() -> None:
    inbox: queue.Queue[int] = queue.Queue()

    def wait() -> bool:
        try:
            inbox.get(timeout=3600)
        except queue.Empty:
            return True
        return False

    def sleep() -> None:
        time.sleep(86400)

    assert run(wait, sleep)[0]
