"""A program as a test of pytest-run-parallel: its threads start together, once an iteration, until the first failure.

The plugin has nothing that runs between two iterations, nor an end to a deadlock; what a user would have to write for that
in each test is here: a barrier behind which one thread checks the state and makes the next, and somebody who watches.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

# Threads that get nowhere for so long wait for ever.
STUCK = 1.0
# More iterations than the time is enough for.
ENDLESS = 10**9


class Turns:
    """Makes a state for each iteration and checks it when all threads are through; a plugin with the fixture ``turns``."""

    def __init__(
        self, setup: Callable[[], Any], workers: tuple[Callable[[Any], None], ...], check: Callable[[Any], bool]
    ) -> None:
        self._setup, self._workers, self._check = setup, workers, check
        self._state = setup()
        self._all_through = threading.Barrier(len(workers))
        self._over = threading.Event()
        self._began = self._ended = 0.0
        self.iterations = 0
        self.failed = False

    @pytest.fixture
    def turns(self) -> Turns:
        self._began = time.perf_counter()
        return self

    def take(self, thread: int) -> None:
        """The part of one thread in one iteration."""
        try:
            self._workers[thread](self._state)
        except Exception:  # noqa: BLE001 - what it raises does not matter
            self.failed = True
        if self._all_through.wait() == 0:
            self.iterations += 1
            self.failed = self.failed or not self._check(self._state)
            if self.failed:
                self._end()
            self._state = self._setup()
        if self._over.is_set():
            threading.Event().wait()  # the plugin would go on with the other iterations, and pytest print its report

    def _end(self) -> None:
        if not self._over.is_set():
            self._ended = time.perf_counter()
            self._over.set()

    def run(self, seconds: float) -> float:
        """Iterations until one fails or the time is up; the seconds that they took, without the start of pytest.

        Afterwards the threads may wait for ever: end the process with ``os._exit``.
        """
        options = ["-c", os.devnull, "-q", "-s", "-p", "no:cacheprovider", f"--iterations={ENDLESS}"]
        options += [f"--parallel-threads={len(self._workers)}", __file__]
        session = threading.Thread(target=lambda: (pytest.main(options, plugins=[self]), self._end()), daemon=True)
        session.start()
        seen = None
        while not self._over.wait(STUCK) and not (self._began and time.perf_counter() - self._began > seconds):
            if seen == self.iterations:
                self.iterations, self.failed = seen + 1, True
                break
            seen = self.iterations if self._began else None
        self._end()
        return self._ended - self._began


def test_at_once(turns: Turns, thread_index: int) -> None:
    turns.take(thread_index)
