"""Conditions, events, barriers and queues: woken too early, too late, or never."""

from __future__ import annotations

import queue
import threading
import time
from types import SimpleNamespace

from pytest_gilcheck.races import run

ENDS = {
    "missed_notify_bad": {"hang", "deadlock"},
    "cleared_event_bad": {"hang", "deadlock"},
    "one_notify_bad": {"hang", "deadlock"},
}


def missed_notify_bad() -> None:
    box = SimpleNamespace(ready=False)
    changed = threading.Condition()

    def wait() -> None:
        if not box.ready:
            with changed:
                changed.wait()

    def announce() -> None:
        box.ready = True
        with changed:
            changed.notify_all()

    run(announce, wait)


def missed_notify_twin() -> None:
    box = SimpleNamespace(ready=False)
    changed = threading.Condition()

    def wait() -> None:
        with changed:
            while not box.ready:
                changed.wait()

    def announce() -> None:
        with changed:
            box.ready = True
            changed.notify_all()

    run(wait, announce)


def one_notify_bad() -> None:
    box = SimpleNamespace(ready=False)
    changed = threading.Condition()

    def wait() -> None:
        with changed:
            while not box.ready:
                changed.wait()

    def announce() -> None:
        with changed:
            box.ready = True
            changed.notify()

    run(announce, wait, wait)


def one_notify_twin() -> None:
    box = SimpleNamespace(ready=False)
    changed = threading.Condition()

    def wait() -> None:
        with changed:
            changed.wait_for(lambda: box.ready)
            changed.notify()

    def announce() -> None:
        with changed:
            box.ready = True
            changed.notify()

    run(announce, wait, wait)


class Pool:
    def __init__(self) -> None:
        self.free = ["connection"]
        self.changed = threading.Condition()

    def take_once_woken(self) -> str:
        with self.changed:
            if not self.free:
                self.changed.wait()
            return self.free.pop()

    def take(self) -> str:
        with self.changed:
            while not self.free:
                self.changed.wait()
            return self.free.pop()

    def give(self, connection: str) -> None:
        with self.changed:
            self.free.append(connection)
            self.changed.notify()


def if_for_while_bad() -> None:
    pool = Pool()

    def use() -> None:
        pool.give(pool.take_once_woken())

    run(use, use, use)


def if_for_while_twin() -> None:
    pool = Pool()

    def use() -> None:
        pool.give(pool.take())

    run(use, use, use)


def cleared_event_bad() -> None:
    ready = threading.Event()
    state = SimpleNamespace(value=0)

    def announce() -> None:
        state.value = 1
        ready.set()
        ready.clear()

    def wait() -> None:
        if not state.value:
            ready.wait()

    run(announce, wait)


def cleared_event_twin() -> None:
    ready = threading.Event()
    state = SimpleNamespace(value=0)

    def announce() -> None:
        state.value = 1
        ready.set()

    def wait() -> None:
        ready.wait()
        assert state.value == 1

    run(wait, announce)


def early_event_bad() -> None:
    ready = threading.Event()
    state = SimpleNamespace(value=None)

    def announce() -> None:
        ready.set()
        state.value = 1

    def wait() -> None:
        ready.wait()
        assert state.value == 1

    run(announce, wait)


def early_event_twin() -> None:
    ready = threading.Event()
    state = SimpleNamespace(value=None)

    def announce() -> None:
        state.value = 1
        ready.set()

    def wait() -> None:
        if ready.wait(timeout=5):
            assert state.value == 1

    run(announce, wait)


def barrier_bad() -> None:
    barrier = threading.Barrier(2)
    state = SimpleNamespace(total=0)

    def step(value: int) -> None:
        barrier.wait()
        state.total += value

    run(lambda: step(1), lambda: step(2))
    assert state.total == 3


def barrier_twin() -> None:
    cells = [0, 0]
    sums: list[int] = []
    barrier = threading.Barrier(2, action=lambda: sums.append(sum(cells)))

    def step(index: int) -> None:
        cells[index] += index + 1
        barrier.wait()
        assert sums == [3]

    run(lambda: step(0), lambda: step(1))


def done_too_early_bad() -> None:
    jobs: queue.Queue[int | None] = queue.Queue()
    results: list[int] = []

    def work() -> None:
        while (job := jobs.get()) is not None:
            jobs.task_done()
            results.append(job * 2)

    def order() -> None:
        jobs.put(21)
        jobs.join()
        answer = list(results)
        jobs.put(None)
        assert answer == [42]

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    order()
    worker.join()


def done_too_early_twin() -> None:
    jobs: queue.Queue[int | None] = queue.Queue()
    results: list[int] = []

    def work() -> None:
        while (job := jobs.get()) is not None:
            results.append(job * 2)
            jobs.task_done()

    def order() -> None:
        jobs.put(21)
        jobs.join()
        answer = list(results)
        jobs.put(None)
        assert answer == [42]

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    order()
    worker.join()


def waiting_daemon_bad() -> None:
    jobs: queue.SimpleQueue[int] = queue.SimpleQueue()
    state = SimpleNamespace(done=0)

    def work() -> None:
        while True:
            job = jobs.get()
            state.done += job

    for _ in range(2):
        threading.Thread(target=work, daemon=True).start()
    for _ in range(2):
        jobs.put(1)
    time.sleep(1)
    assert state.done == 2


def waiting_daemon_twin() -> None:
    jobs: queue.SimpleQueue[int] = queue.SimpleQueue()
    state = SimpleNamespace(done=0)

    def work() -> None:
        while True:
            job = jobs.get()
            state.done += job

    threading.Thread(target=work, daemon=True).start()
    for _ in range(2):
        jobs.put(1)
    time.sleep(1)
    assert state.done == 2


def bounded_queue_bad() -> None:
    belt: queue.Queue[int] = queue.Queue(maxsize=1)
    taken: list[int] = []

    def produce() -> None:
        for number in range(2):
            belt.put(number)

    def consume() -> None:
        item = belt.get()
        taken.append(item)

    run(produce, consume, consume)
    assert taken == [0, 1]


def bounded_queue_twin() -> None:
    belt: queue.LifoQueue[int] = queue.LifoQueue(maxsize=1)
    taken: list[int] = []

    def produce() -> None:
        for number in range(2):
            belt.put(number)

    def consume() -> None:
        for _ in range(2):
            taken.append(belt.get())

    run(produce, consume)
    assert taken == [0, 1]
