"""Threads that wait for one another: locks of readers and writers, barriers, latches, flags, and publishers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from programs.unasserted import buggy, correct
from pytest_gilcheck.races import run


class ReadersWriter:
    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.readers = 0
        self.writing = False

    @contextmanager
    def read(self) -> Iterator[None]:
        with self.condition:
            self.condition.wait_for(lambda: not self.writing)
            self.readers += 1
        try:
            yield
        finally:
            with self.condition:
                self.readers -= 1
                self.condition.notify_all()

    @contextmanager
    def write(self) -> Iterator[None]:
        with self.condition:
            self.condition.wait_for(lambda: not self.writing and not self.readers)
            self.writing = True
        try:
            yield
        finally:
            with self.condition:
                self.writing = False
                self.condition.notify_all()


@correct
def readers_and_a_writer() -> None:
    lock = ReadersWriter()
    point = [0, 0]

    def move() -> None:
        with lock.write():
            point[0] += 1
            point[1] += 1

    def look() -> tuple[int, int]:
        with lock.read():
            return point[0], point[1]

    run(move, look, look)


@buggy("unserialisable")
def reader_without_lock() -> None:
    lock = threading.Lock()
    point = [0, 0]

    def move() -> None:
        with lock:
            point[0] += 1
            point[1] += 1

    def look() -> tuple[int, int]:
        return point[0], point[1]

    run(move, look)


@correct
def phases_of_a_barrier() -> None:
    barrier = threading.Barrier(2)
    halves = [0, 0]

    def work(mine: int) -> int:
        halves[mine] = mine + 1
        barrier.wait()
        return sum(halves)

    run(lambda: work(0), lambda: work(1))


@correct
def two_phases_and_who_was_last() -> None:
    barrier = threading.Barrier(2)
    values = [1, 2]

    def work(mine: int) -> int:
        mean = sum(values) / 2
        place = barrier.wait()
        values[mine] = int(mean)
        barrier.wait()
        return place

    run(lambda: work(0), lambda: work(1))


@correct
def exclusive_by_a_semaphore() -> None:
    semaphore = threading.Semaphore(1)
    log: list[str] = []

    def work(name: str) -> None:
        with semaphore:
            log.append(f"{name} in")
            log.append(f"{name} out")

    run(lambda: work("a"), lambda: work("b"))


class Latch:
    def __init__(self, count: int) -> None:
        self.count = count
        self.condition = threading.Condition()

    def down(self) -> None:
        with self.condition:
            self.count -= 1
            if self.count <= 0:
                self.condition.notify_all()

    def wait(self) -> None:
        with self.condition:
            while self.count > 0:
                self.condition.wait()


@correct
def latch_that_counts_down() -> None:
    latch = Latch(2)
    parts: list[int] = []

    def work(n: int) -> None:
        parts.append(n)
        latch.down()

    def collect() -> int:
        latch.wait()
        return sum(parts)

    run(lambda: work(1), lambda: work(2), collect)


@correct
def stop_flag_of_an_event() -> None:
    stop = threading.Event()
    rounds = 0

    def work() -> None:
        nonlocal rounds
        while not stop.is_set() and rounds < 3:
            rounds += 1

    run(work, stop.set)


@correct
def stop_flag_of_an_attribute() -> None:
    class Worker:
        def __init__(self) -> None:
            self.running = True
            self.rounds = 0

        def work(self) -> int:
            while self.running and self.rounds < 3:
                self.rounds += 1
            return self.rounds

        def stop(self) -> None:
            self.running = False

    worker = Worker()
    run(worker.work, worker.stop)


@correct
def handed_over_by_an_event() -> None:
    ready = threading.Event()
    box: dict[str, int] = {}

    def give() -> None:
        box["value"] = 1
        box["other"] = 2
        ready.set()

    def take() -> int:
        ready.wait()
        return box["value"] + box["other"]

    run(give, take)


class Bus:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.subscribers: list[Callable[[str], None]] = []

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        with self.lock:
            self.subscribers.append(callback)

        def cancel() -> None:
            with self.lock:
                self.subscribers.remove(callback)

        return cancel

    def publish(self, message: str) -> int:
        with self.lock:
            subscribers = list(self.subscribers)
        for each in subscribers:
            each(message)
        return len(subscribers)


@correct
def publishing_while_others_subscribe() -> None:
    bus = Bus()
    received: list[str] = []
    bus.subscribe(received.append)
    run(lambda: bus.publish("a"), lambda: bus.subscribe(received.append), lambda: bus.publish("b"))


@correct
def subscribing_and_cancelling() -> None:
    bus = Bus()
    heard: list[str] = []

    def listen() -> None:
        cancel = bus.subscribe(heard.append)
        cancel()

    run(listen, lambda: bus.publish("a"), listen)


@correct
def threads_that_log() -> None:
    lines: list[str] = []

    def work(name: str) -> None:
        lines.append(f"{name}: started")
        lines.append(f"{name}: finished")

    run(lambda: work("a"), lambda: work("b"))


@correct
def standard_logging() -> None:
    import logging

    records: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(f"{record.threadName}: {record.getMessage()}")

    logger = logging.Logger("programs", logging.INFO)  # noqa: LOG001 - not one that outlives the execution
    logger.addHandler(Collect())

    def work(n: int) -> None:
        logger.info("start %d", n)
        logger.info("end %d", n)

    run(lambda: work(1), lambda: work(2))


class Pool:
    def __init__(self, size: int) -> None:
        self.free = list(range(size))
        self.condition = threading.Condition()
        self.in_use = 0

    @contextmanager
    def connection(self) -> Iterator[int]:
        with self.condition:
            while not self.free:
                self.condition.wait()
            connection = self.free.pop()
            self.in_use += 1
        try:
            yield connection
        finally:
            with self.condition:
                self.free.append(connection)
                self.in_use -= 1
                self.condition.notify()


@correct
def pool_of_connections() -> None:
    pool = Pool(2)

    def query() -> int:
        with pool.connection() as connection:
            return connection

    run(query, query, query)


@correct
def pool_of_one_connection() -> None:
    pool = Pool(1)

    def query() -> int:
        with pool.connection() as connection:
            return connection

    run(query, query)


@correct
def pool_that_grows() -> None:
    lock = threading.Lock()
    free: list[object] = []
    made = 0

    def use() -> None:
        nonlocal made
        with lock:
            if free:
                connection = free.pop()
            else:
                made += 1
                connection = object()
        with lock:
            free.append(connection)

    run(use, use)


@buggy("exception")
def pool_that_looks_before_it_takes() -> None:
    free = ["a"]

    def use() -> str:
        if not free:
            return "new"
        connection = free.pop()
        free.append(connection)
        return connection

    run(use, use)


@correct
def started_once() -> None:
    class Server:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.started = 0
            self.running = False

        def start(self) -> bool:
            with self.lock:
                if self.running:
                    return False
                self.running = True
            self.started += 1
            return True

    server = Server()
    run(server.start, server.start)


@buggy("unserialisable")
def started_twice() -> None:
    class Server:
        def __init__(self) -> None:
            self.started = 0
            self.running = False

        def start(self) -> None:
            if not self.running:
                self.running = True
                self.started += 1

    server = Server()
    run(server.start, server.start)


@buggy("unserialisable")
def started_by_both() -> None:
    class Server:
        def __init__(self) -> None:
            self.running = False

        def start(self) -> bool:
            if self.running:
                return False
            self.running = True
            return True

    server = Server()
    run(server.start, server.start)


@correct
def closed_once_by_a_lock_that_is_tried() -> None:
    lock = threading.Lock()
    closed: list[int] = []

    def close() -> bool:
        if not lock.acquire(blocking=False):
            return False
        closed.append(1)
        return True

    close()
    run(close, close)


@correct
def skipped_if_somebody_is_at_it() -> None:
    lock = threading.Lock()
    refreshed = 0

    def refresh() -> bool:
        nonlocal refreshed
        if not lock.acquire(blocking=False):
            return False
        try:
            refreshed += 1
            return True
        finally:
            lock.release()

    run(refresh, refresh)


@correct
def thread_that_is_started_and_joined() -> None:
    results: dict[str, int] = {}

    def background(name: str) -> None:
        thread = threading.Thread(target=lambda: results.__setitem__(name, len(name)))
        thread.start()
        thread.join()

    run(lambda: background("a"), lambda: background("bb"))


@correct
def reentrant() -> None:
    class Tree:
        def __init__(self) -> None:
            self.lock = threading.RLock()
            self.size = 0

        def add(self) -> None:
            with self.lock:
                self.size += 1

        def add_two(self) -> int:
            with self.lock:
                self.add()
                self.add()
                return self.size

    tree = Tree()
    run(tree.add_two, tree.add)
