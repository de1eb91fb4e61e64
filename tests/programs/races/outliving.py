"""Threads that outlive an execution, or were there before it: executors of a module, and others that nobody controls."""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace

from pytest_gilcheck.races import run

LAZY = ThreadPoolExecutor(2)
"""Its threads come into being in the first execution."""

EARLY = ThreadPoolExecutor(1)
"""Its thread is there before, and never controlled."""

FOREIGN = queue.Queue[Future[int]]()
LOCK = threading.Lock()

#: What a thread does that is not controlled comes sooner or later in each execution.
ENDS = {name: {"clean", "nondeterministic"} for name in ("early_executor_twin", "foreign_answer_twin")}


def _answer() -> None:
    while True:
        FOREIGN.get().set_result(1)


def before() -> None:
    """Start what is there before any exploration; in the process of the explorations only."""
    EARLY.submit(int).result()
    threading.Thread(target=_answer, name="foreign", daemon=True).start()


def lazy_executor_bad() -> None:
    state = SimpleNamespace(done=0)

    def task() -> None:
        state.done += 1

    futures = [LAZY.submit(task) for _ in range(2)]
    for future in futures:
        future.result()
    assert state.done == 2


def lazy_executor_twin() -> None:
    state = SimpleNamespace(done=0)

    def task() -> None:
        with LOCK:
            state.done += 1

    futures = [LAZY.submit(task) for _ in range(2)]
    for future in futures:
        future.result()
    assert state.done == 2


def lazy_executor_from_threads_twin() -> None:
    assert run(lambda: LAZY.submit(int, "1").result(), lambda: LAZY.submit(int, "2").result()) == [1, 2]


def early_executor_bad() -> None:
    state = SimpleNamespace(done=0)

    def more() -> None:
        state.done += EARLY.submit(int, "1").result()

    run(more, more)
    assert state.done == 2


def early_executor_twin() -> None:
    assert run(lambda: EARLY.submit(int, "1").result(timeout=60), EARLY.submit(int, "2").result) == [1, 2]


def foreign_answer_bad() -> None:
    state = SimpleNamespace(done=0)

    def ask() -> None:
        answer: Future[int] = Future()
        FOREIGN.put(answer)
        state.done += answer.result()

    run(ask, ask)
    assert state.done == 2


def foreign_answer_twin() -> None:
    def ask() -> int:
        answer: Future[int] = Future()
        FOREIGN.put(answer)
        return answer.result()

    assert run(ask, ask) == [1, 1]
