"""Threads that begin before what they need is there, and results that are read before a thread has ended."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from pytest_gilcheck.races import run


def configured_after_start_bad() -> None:
    state = SimpleNamespace(limit=0, used=0)

    def work() -> None:
        state.used = state.limit

    def begin() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        state.limit = 3
        thread.join()

    run(begin)
    assert state.used == 3


def configured_after_start_twin() -> None:
    state = SimpleNamespace(limit=0, used=0)

    def work() -> None:
        state.used = state.limit

    def begin() -> None:
        thread = threading.Thread(target=work)
        state.limit = 3
        thread.start()
        thread.join()

    run(begin)
    assert state.used == 3


def unfinished_daemon_bad() -> None:
    done: list[int] = []

    def begin() -> None:
        threading.Thread(target=lambda: done.append(1), daemon=True).start()

    run(begin)
    assert done == [1]


def unfinished_daemon_twin() -> None:
    done: list[int] = []

    def begin() -> None:
        thread = threading.Thread(target=lambda: done.append(1), daemon=True)
        thread.start()
        thread.join()

    run(begin)
    assert done == [1]
