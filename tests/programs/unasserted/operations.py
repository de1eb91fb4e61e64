"""Operations that start others, end in many ways, come several at a time, or take more steps than one."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

from programs.unasserted import buggy, correct
from pytest_gilcheck.races import run


@correct
def background_thread_that_batches() -> None:
    import queue

    jobs: queue.SimpleQueue[int | None] = queue.SimpleQueue()
    done: list[int] = []

    def serve() -> None:
        while (job := jobs.get()) is not None:
            done.append(job)

    server = threading.Thread(target=serve)
    server.start()
    run(lambda: jobs.put(1), lambda: jobs.put(2))
    jobs.put(None)
    server.join()


@correct
def threads_that_are_left_to_finish() -> None:
    done: list[str] = []
    threads: list[threading.Thread] = []

    def submit(name: str) -> None:
        thread = threading.Thread(target=done.append, args=(name,))
        thread.start()
        threads.append(thread)

    run(lambda: submit("a"), lambda: submit("b"))
    for thread in threads:
        thread.join()


@correct
def operations_that_raise() -> None:
    stock = [1]
    lock = threading.Lock()

    def buy() -> str:
        with lock:
            if not stock[0]:
                raise LookupError("sold out")
            stock[0] -= 1
        return "bought"

    with contextlib.suppress(LookupError):
        run(buy, buy)


@correct
def standard_counters_of_a_logger() -> None:
    logger = logging.Logger("doubtful")  # noqa: LOG001 - not one that outlives the execution
    handler = logging.Handler()
    levels: dict[str, int] = {}

    def emit(record: logging.LogRecord) -> None:
        levels[record.levelname] = levels.get(record.levelname, 0) + 1

    handler.emit = emit  # type: ignore[method-assign]
    logger.addHandler(handler)
    run(lambda: logger.warning("a"), lambda: logger.warning("b"))


@correct
def nested_runs() -> None:
    lock = threading.Lock()
    total = [0]

    def add(n: int) -> None:
        with lock:
            total[0] += n

    def fan_out(numbers: list[int]) -> int:
        run(*(lambda n=n: add(n) for n in numbers))
        return len(numbers)

    run(lambda: fan_out([1, 2]), lambda: fan_out([3, 4, 5]))


@correct
def run_again_and_again() -> None:
    lock = threading.Lock()
    total = [0]

    def add(n: int) -> int:
        with lock:
            total[0] += n
            return total[0]

    for n in range(3):
        run(lambda n=n: add(n), lambda: add(10))


@correct
def lists_of_operations() -> None:
    lock = threading.Lock()
    total = [0]

    def add(n: int) -> int:
        with lock:
            total[0] += n
            return total[0]

    run([lambda: add(1), lambda: add(2)], [lambda: add(10)])


@buggy("unserialisable")
def lists_of_operations_without_lock() -> None:
    seats = {"a"}

    def book() -> bool:
        if "a" not in seats:
            return False
        seats.discard("a")
        return True

    run([book], [book, lambda: len(seats)])


@correct
def six_threads() -> None:
    lock = threading.Lock()
    order: list[int] = []
    place = {"next": 0}

    def arrive(n: int) -> int:
        with lock:
            place["next"] += 1
            order.append(n)
            return place["next"]

    run(*(lambda n=n: arrive(n) for n in range(6)))


@correct
def unit_of_work_with_rollback() -> None:
    lock = threading.RLock()
    rows: dict[str, int] = {"a": 1}

    @contextlib.contextmanager
    def transaction() -> Iterator[dict[str, int]]:
        with lock:
            backup = dict(rows)
            try:
                yield rows
            except ValueError:
                rows.clear()
                rows.update(backup)

    def good() -> None:
        with transaction() as table:
            table["a"] += 1

    def bad() -> None:
        with transaction() as table:
            table["a"] += 10
            raise ValueError

    run(good, bad, good)


@correct
def observers_by_callbacks() -> None:
    class Value:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.value = 0
            self.callbacks: list[Callable[[int], None]] = []

        def set(self, value: int) -> None:
            with self.lock:
                self.value = value
                callbacks = tuple(self.callbacks)
            for callback in callbacks:
                callback(value)

    seen: list[int] = []
    value = Value()
    value.callbacks.append(seen.append)
    run(lambda: value.set(1), lambda: value.set(2))


@buggy("unserialisable")
def position_after_an_append() -> None:
    rows: list[str] = []

    def add(name: str) -> int:
        rows.append(name)
        return len(rows)

    run(lambda: add("a"), lambda: add("b"))


@buggy("unserialisable")
def seen_before() -> None:
    seen: set[str] = set()

    def is_new(name: str) -> bool:
        if name in seen:
            return False
        seen.add(name)
        return True

    run(lambda: is_new("a"), lambda: is_new("a"))


@buggy("unserialisable")
def taken_by_two() -> None:
    class Seat:
        def __init__(self) -> None:
            self.owner: str | None = None

        def book(self, name: str) -> bool:
            if self.owner is None:
                self.owner = name
                return True
            return False

    seat = Seat()
    run(lambda: seat.book("a"), lambda: seat.book("b"))


@buggy("unserialisable")
def two_fields_of_two_writers() -> None:
    class Range:
        def __init__(self) -> None:
            self.low = 0
            self.high = 0

        def set(self, low: int, high: int) -> None:
            self.low = low
            self.high = high

    span = Range()
    run(lambda: span.set(1, 2), lambda: span.set(10, 20))


@buggy("lost-update")
def toggled() -> None:
    class Lamp:
        def __init__(self) -> None:
            self.on = 0

        def toggle(self) -> None:
            self.on = 1 - self.on

    lamp = Lamp()
    run(lamp.toggle, lamp.toggle)


@buggy("lost-update")
def updated_with_itself() -> None:
    settings: dict[str, Any] = {"names": ()}

    def add(name: str) -> None:
        settings["names"] = (*settings["names"], name)

    run(lambda: add("a"), lambda: add("b"))


@buggy("lock-held")
def lock_that_is_kept_when_something_goes_wrong() -> None:
    lock = threading.Lock()
    stock = {"n": 1}

    def take() -> None:
        if not stock["n"]:
            return
        lock.acquire()
        if not stock["n"]:
            return
        stock["n"] = 0
        lock.release()

    run(take, take)
