"""Threads that the program starts itself: subclasses, pools, futures, timers, and what belongs to each thread."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, as_completed, wait
from types import SimpleNamespace

from pytest_gilcheck.races import run


def executor_bad() -> None:
    state = SimpleNamespace(done=0)

    def task(_: int) -> None:
        state.done += 1

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(task, range(2)))
    assert state.done == 2


def executor_twin() -> None:
    state = SimpleNamespace(done=0)
    lock = threading.Lock()

    def task(_: int) -> int:
        with lock:
            state.done += 1
        return 1

    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(task, range(2))) == 2
    assert state.done == 2


def callback_bad() -> None:
    log: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(int, "7")
        future.add_done_callback(lambda done: log.append(done.result()))
        future.result()
        assert log == [7]


def callback_twin() -> None:
    log: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(int, "7")
        future.add_done_callback(lambda done: log.append(done.result()))
        future.result()
    assert log == [7]


def first_completed_bad() -> None:
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(int, text) for text in ("1", "2")]
        done, _ = wait(futures, return_when=FIRST_COMPLETED)
        assert futures[0] in done


def first_completed_twin() -> None:
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(int, text) for text in ("1", "2")]
        assert sorted(future.result() for future in as_completed(futures)) == [1, 2]


def cancelled_bad() -> None:
    future: Future[int] = Future()

    def work() -> None:
        if not future.cancelled():
            future.set_result(1)

    run(work, future.cancel)


def cancelled_twin() -> None:
    future: Future[int] = Future()

    def work() -> None:
        if future.set_running_or_notify_cancel():
            future.set_result(1)

    run(work, future.cancel)
    assert future.cancelled() or future.result() == 1


class Adder(threading.Thread):
    def __init__(self, state: SimpleNamespace, lock: threading.Lock | None = None) -> None:
        super().__init__(name="adder")
        self.state = state
        self.lock = lock

    def run(self) -> None:
        if self.lock is None:
            self.state.total += 1
        else:
            with self.lock:
                self.state.total += 1


def subclass_bad() -> None:
    state = SimpleNamespace(total=0)
    workers = [Adder(state), Adder(state)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert state.total == 2


def subclass_twin() -> None:
    state = SimpleNamespace(total=0)
    lock = threading.Lock()
    workers = [Adder(state, lock), Adder(state, lock)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert state.total == 2


def not_joined_bad() -> None:
    state = SimpleNamespace(total=0)
    worker = Adder(state)
    worker.start()
    worker.join(timeout=0)
    state.total += 1
    worker.join()
    assert state.total == 2


def not_joined_twin() -> None:
    state = SimpleNamespace(total=0)
    worker = Adder(state)
    worker.start()
    worker.join(timeout=30)
    assert not worker.is_alive()
    state.total += 1
    assert state.total == 2


def timers_bad() -> None:
    state = SimpleNamespace(ticks=0)

    def tick() -> None:
        state.ticks += 1

    timers = [threading.Timer(0, tick) for _ in range(2)]
    for timer in timers:
        timer.start()
    for timer in timers:
        timer.join()
    assert state.ticks == 2


def timers_twin() -> None:
    state = SimpleNamespace(ticks=0)

    def tick() -> None:
        state.ticks += 1

    for _ in range(2):
        timer = threading.Timer(30, tick)
        timer.start()
        timer.join()
    assert state.ticks == 2


def timer_meets_work_bad() -> None:
    state = SimpleNamespace(ticks=0)

    def tick() -> None:
        state.ticks += 1

    timer = threading.Timer(0.01, tick)
    timer.start()
    time.sleep(0.01)
    tick()
    timer.join()
    assert state.ticks == 2


def timer_meets_work_twin() -> None:
    state = SimpleNamespace(ticks=0)

    def tick() -> None:
        state.ticks += 1

    timer = threading.Timer(0.01, tick)
    timer.start()
    timer.join()
    tick()
    assert state.ticks == 2


class SharedContext(threading.local):
    names: list[str] = []  # noqa: RUF012 - one list for all threads is the bug


class OwnContext(threading.local):
    def __init__(self) -> None:
        self.names: list[str] = []


def thread_local_bad() -> None:
    context = SharedContext()
    context.names.clear()

    def request(name: str) -> None:
        context.names.append(name)
        assert context.names == [name]
        context.names.remove(name)

    run(lambda: request("a"), lambda: request("b"))


def thread_local_twin() -> None:
    context = OwnContext()

    def request(name: str) -> None:
        context.names.append(name)
        assert context.names == [name]

    run(lambda: request("a"), lambda: request("b"))


def nested_threads_bad() -> None:
    state = SimpleNamespace(total=0)

    def parent() -> None:
        child = threading.Thread(target=add)
        child.start()
        child.join()

    def add() -> None:
        state.total += 1

    run(parent, parent)
    assert state.total == 2


def nested_threads_twin() -> None:
    totals = [0, 0]

    def parent(index: int) -> None:
        child = threading.Thread(target=add, args=(index,))
        child.start()
        child.join()

    def add(index: int) -> None:
        totals[index] += 1

    run(lambda: parent(0), lambda: parent(1))
    assert totals == [1, 1]


def error_in_thread_bad() -> None:
    state = SimpleNamespace(config=None)

    def use() -> None:
        state.config.get("a")

    def configure() -> None:
        state.config = {}

    threads = [threading.Thread(target=configure), threading.Thread(target=use)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def error_in_thread_twin() -> None:
    state = SimpleNamespace(config={})

    def use() -> None:
        state.config.get("a")

    def configure() -> None:
        state.config = {"a": 1}

    threads = [threading.Thread(target=configure), threading.Thread(target=use)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
