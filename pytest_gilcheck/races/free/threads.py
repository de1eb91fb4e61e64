"""The threads of a free run: started at once, and waited for."""

from __future__ import annotations

import _random
import sys
import threading
from _thread import allocate_lock
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from functools import wraps
from time import sleep
from typing import Any

from pytest_gilcheck.races.free.noise import Noise
from pytest_gilcheck.races.system import is_asleep
from pytest_gilcheck.races.threads import Stop

# A thread that was asleep at so many looks in a row, so many seconds apart, waits for something: one whose sleep is ours is
# back after 5 ms.
_LOOKS = 25
_SERIAL_LOOK = 0.01
# How often whoever waits for threads looks whether the run is over, in seconds.
_LOOK = 0.05


class Runner(threading.Thread):
    """Runs one of several callables, from the moment on at which ``gate`` is opened."""

    def __init__(self, noise: Noise, function: Callable[[], Any], number: int) -> None:
        self._noise = noise
        super().__init__(name=f"gilcheck-{number}", daemon=True)
        self.gate = allocate_lock()
        self.gate.acquire()
        self.ended = allocate_lock()  # not by join(), whose code may be instrumented
        self.ended.acquire()
        self.result: Any = None
        self.error: BaseException | None = None
        self._function: Callable[[], Any] | None = function

    def run(self) -> None:
        """What the thread does."""
        function, self._function = self._function, None
        assert function is not None
        try:
            self.gate.acquire()
            if not self._noise.stopping:
                self.result = Context().run(function)
        except Stop:  # the run is being ended
            pass
        except BaseException as error:  # noqa: BLE001 - raised by whoever asked
            self.error = error
        finally:
            self.ended.release()


def at_once(noise: Noise, callables: Sequence[Callable[[], Any]]) -> tuple[list[Any], list[BaseException]]:
    """The results in order, and what was raised. The threads really run at once, or, if the run is a serial one, each begins
    when the one before it has ended or waits. Raises :class:`Stop` when the run is ended.
    """
    runners = [Runner(noise, function, number) for number, function in enumerate(callables, 1)]
    try:
        for runner in runners:
            noise.enlist(runner)
            runner.start()
        with _waiting(noise, runners):
            _let_go(noise, runners)
    except BaseException:
        noise.stopping = True
        raise
    finally:
        for runner in runners:
            if runner.gate.locked():  # the run is being ended
                runner.gate.release()
    return [runner.result for runner in runners], [runner.error for runner in runners if runner.error is not None]


def _let_go(noise: Noise, runners: Sequence[Runner]) -> None:
    """Let them run, and wait for their ends."""
    if noise.serial:
        for runner in runners:
            runner.gate.release()
            _until_it_waits(noise, runner)
    else:
        chance = _random.Random(noise.seed)
        for runner in sorted(runners, key=lambda _: chance.random()):
            runner.gate.release()
    for runner in runners:
        while not runner.ended.acquire(timeout=_LOOK):
            if noise.stopping:
                raise Stop


def _until_it_waits(noise: Noise, runner: Runner) -> None:
    looks = 0
    while looks < _LOOKS:
        if runner.ended.acquire(timeout=_SERIAL_LOOK):
            runner.ended.release()
            return
        if noise.stopping:
            raise Stop
        looks = looks + 1 if is_asleep(runner.native_id) else 0


def drain(noise: Noise, before: Sequence[threading.Thread]) -> None:
    """Wait for all threads that keep a process alive and were not there ``before``. Raises :class:`Stop` when the run is
    ended."""
    threads = newcomers(before)
    with _waiting(noise, threads):
        for thread in threads:
            while id(thread) in noise.awaited and thread.is_alive() and not is_idle(thread):
                sleep(_SERIAL_LOOK)
                if noise.stopping:
                    raise Stop


class _waiting:  # noqa: N801 - used like a function
    """Inside, the calling thread waits for ``threads``. Not by ``contextlib``, whose code may be instrumented."""

    def __init__(self, noise: Noise, threads: Sequence[threading.Thread]) -> None:
        self._me = noise.me()
        self._threads = list(threads)

    def __enter__(self) -> None:
        if self._me is not None:
            self._before, self._me.waits = self._me.waits, self._threads

    def __exit__(self, *_: object) -> None:
        if self._me is not None:
            self._me.waits = self._before


def newcomers(before: Sequence[threading.Thread]) -> list[threading.Thread]:
    """The threads that live now and were not there ``before``, without the calling one."""
    old = {id(thread) for thread in [*before, threading.current_thread()]}
    return [thread for thread in threading.enumerate() if id(thread) not in old]


def is_idle(thread: threading.Thread) -> bool:
    """Whether it is an executor's that waits for work: the executor ends it when the process ends."""
    executors = sys.modules.get("concurrent.futures.thread")
    if executors is None or thread not in executors._threads_queues:
        return False
    frame = sys._current_frames().get(thread.ident or 0)
    return frame is not None and (frame.f_code.co_filename, frame.f_code.co_name) == (executors.__file__, "_worker")


@contextmanager
def starting(noise: Noise) -> Iterator[None]:
    """Inside, it is noted which threads are started, in which order, and the interpreter waits for none of them when it
    ends: one that is stuck would keep the process from ending, and most versions have no other way to let go of it."""
    real = threading.Thread.start

    @wraps(real)
    def start(thread: threading.Thread) -> None:
        __tracebackhide__ = True
        if not noise.starts(thread):
            real(thread)
            return
        noise.borrow(thread)
        try:
            real(thread)
        finally:
            noise.give_back(thread)

    threading.Thread.start = start  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        threading.Thread.start = real  # type: ignore[method-assign]
