"""Programs about which an oracle may well be mistaken."""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import random
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from programs.unasserted import buggy, correct
from pytest_gilcheck.races import run


@correct
def counts_of_one_writer_and_a_status() -> None:
    class Job:
        def __init__(self) -> None:
            self.files = 0
            self.bytes = 0

        def work(self) -> None:
            self.files += 1
            self.bytes += 100

        def status(self) -> str:
            return f"{self.files} files, {self.bytes} bytes"

    job = Job()
    run(job.work, job.status)


@correct
def status_that_is_written_to_a_log() -> None:
    log: list[str] = []
    state = {"phase": "start", "percent": 0}

    def work() -> None:
        state["phase"] = "end"
        state["percent"] = 100

    def watch() -> None:
        log.append(f"{state['phase']} {state['percent']}")

    run(work, watch)


@correct
def weak_cache_that_counts_what_it_makes() -> None:
    class Connection:
        pass

    cache: weakref.WeakValueDictionary[str, Connection] = weakref.WeakValueDictionary()
    lock = threading.Lock()
    made = 0

    def use() -> None:
        nonlocal made
        with lock:
            connection = cache.get("a")
            if connection is None:
                made += 1
                connection = cache["a"] = Connection()
        repr(connection)

    run(use, use)


@correct
def weak_references_in_a_dict() -> None:
    class Connection:
        pass

    references: dict[str, weakref.ref[Connection]] = {}
    lock = threading.Lock()
    made: list[int] = []

    def use() -> int:
        with lock:
            reference = references.get("a")
            connection = None if reference is None else reference()
            if connection is None:
                made.append(1)
                connection = Connection()
                references["a"] = weakref.ref(connection)
        return len(type(connection).__name__)

    run(use, use)


_everybody: dict[int, str] = {}
_numbers = itertools.count(1)
_guard = threading.Lock()


@correct
def registry_that_outlives_its_test() -> None:
    def join(name: str) -> int:
        with _guard:
            number = next(_numbers)
            _everybody[number] = name
            return number

    run(lambda: join("a"), lambda: join("b"))


_log_of_all: list[str] = []


@correct
def log_that_outlives_its_test() -> None:
    last = {"name": ""}
    lock = threading.Lock()

    def note(name: str) -> int:
        with lock:
            _log_of_all.append(name)
            last["name"] = name
            return len(_log_of_all)

    run(lambda: note("a"), lambda: note("b"))


@correct
def identities_in_the_state() -> None:
    owners: dict[int, str] = {}
    lock = threading.Lock()

    def own(name: str) -> str:
        thing = [name]
        with lock:
            owners[id(thing)] = name
            return f"{thing!r} at {hex(id(thing))} {object()!r}"

    run(lambda: own("a"), lambda: own("b"))


@correct
def hashes_of_objects() -> None:
    lock = threading.Lock()
    counts = {"n": 0}

    def work() -> int:
        with lock:
            counts["n"] += 1
            return hash(object()) % 97

    run(work, work, work)


@correct
def sets_of_objects_that_share_something() -> None:
    class Engine:
        def __init__(self) -> None:
            self.name = "x"

    class Session:
        def __init__(self, engine: Engine, number: int) -> None:
            self.engine = engine
            self.number = number

    engine = Engine()
    sessions: set[Session] = set()
    lock = threading.Lock()
    opened = 0

    def start(number: int) -> None:
        nonlocal opened
        with lock:
            opened += 1
            sessions.add(Session(engine, number))

    run(lambda: start(1), lambda: start(2), lambda: start(3))


@correct
def dict_by_objects() -> None:
    class Job:
        pass

    states: dict[Job, str] = {}
    lock = threading.Lock()

    def add(state: str) -> int:
        with lock:
            states[Job()] = state
            return len(states)

    run(lambda: add("a"), lambda: add("b"), lambda: add("c"))


@correct
def tossed_coins() -> None:
    lock = threading.Lock()
    heads = 0

    def toss() -> bool:
        nonlocal heads
        head = random.random() < 0.5
        with lock:
            heads += head
        return head

    run(toss, toss)


@correct
def seldom_luck() -> None:
    lock = threading.Lock()
    wins = 0

    def draw() -> bool:
        nonlocal wins
        won = os.urandom(1)[0] < 16
        with lock:
            wins += won
        return won

    run(draw, draw)


@correct
def retries_with_jitter() -> None:
    lock = threading.Lock()
    attempts = 0

    def call() -> float:
        nonlocal attempts
        with lock:
            attempts += 1
        delay = 0.01 * random.random()
        time.sleep(delay)
        return delay

    run(call, call)


@correct
def text_with_the_number_of_a_thread() -> None:
    lock = threading.Lock()
    owner = [""]

    def take() -> str:
        with lock:
            before, owner[0] = owner[0], f"worker {threading.get_ident()} of {threading.get_native_id()}"
            return before

    run(take, take)


@correct
def tried_with_a_limit_of_time() -> None:
    lock = threading.Lock()
    refused = 0
    done = 0

    def work() -> bool:
        nonlocal refused, done
        if not lock.acquire(timeout=0.01):
            return False
        try:
            time.sleep(0.05)
            done += 1
        finally:
            lock.release()
        return True

    run(work, work)


@correct
def event_that_may_come_too_late() -> None:
    ready = threading.Event()
    run(lambda: ready.wait(0.01), ready.set)


@correct
def busy_if_somebody_is_at_it() -> None:
    lock = threading.Lock()
    saved = 0

    def save() -> str:
        nonlocal saved
        if lock.locked():
            return "busy"
        with lock:
            saved += 1
        return "saved"

    run(save, save)


@correct
def flags_that_are_only_set() -> None:
    class Page:
        def __init__(self) -> None:
            self.flags = 0

        def touch(self) -> None:
            self.flags |= 4

    page = Page()
    run(page.touch, page.touch)


@buggy("lost-update")
def flags_of_different_bits() -> None:
    class Page:
        def __init__(self) -> None:
            self.flags = 0

    page = Page()

    def touch(bit: int) -> None:
        page.flags |= bit

    run(lambda: touch(1), lambda: touch(2))


@correct
def pruned_by_both() -> None:
    class Watchers:
        def __init__(self) -> None:
            self.alive = [1, 0, 2]

        def prune(self) -> None:
            self.alive = [each for each in self.alive if each]

    watchers = Watchers()
    run(watchers.prune, watchers.prune)


@correct
def normalised_by_both() -> None:
    class Path:
        def __init__(self) -> None:
            self.parts: Any = ["a", "b"]

        def normalise(self) -> int:
            self.parts = tuple(self.parts)
            return len(self.parts)

    path = Path()
    run(path.normalise, path.normalise)


@buggy("lost-update")
def pruned_while_another_adds() -> None:
    class Watchers:
        def __init__(self) -> None:
            self.alive = [1, 0, 2]

        def prune(self) -> None:
            self.alive = list(filter(None, self.alive))

        def add(self) -> None:
            self.alive = [*self.alive, 3]

    watchers = Watchers()
    run(watchers.prune, watchers.add)


@correct
def list_that_grows_in_place() -> None:
    class Batch:
        def __init__(self) -> None:
            self.items: list[int] = []

        def add(self, items: list[int]) -> None:
            self.items += items

    batch = Batch()
    run(lambda: batch.add([1]), lambda: batch.add([2]))


@correct
def setting_for_a_while_under_a_lock() -> None:
    lock = threading.Lock()
    level = [0]

    @contextlib.contextmanager
    def raised(to: int) -> Iterator[None]:
        with lock:
            before = level[0]
            level[0] = to
            try:
                yield
            finally:
                level[0] = before

    def work(to: int) -> int:
        with raised(to):
            return level[0]

    run(lambda: work(1), lambda: work(2))


@buggy(None)
def setting_for_a_while_without_lock() -> None:
    class Logger:
        def __init__(self) -> None:
            self.level = 0

    logger = Logger()

    def work(to: int) -> None:
        before = logger.level
        logger.level = to
        logger.level = before

    run(lambda: work(1), lambda: work(2))


@correct
def buffer_that_is_swapped() -> None:
    class Buffer:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.items: list[int] = [1]

        def add(self, item: int) -> None:
            with self.lock:
                self.items.append(item)

        def flush(self) -> list[int]:
            with self.lock:
                items, self.items = self.items, []
            return items

    buffer = Buffer()
    run(lambda: buffer.add(2), buffer.flush, buffer.flush)


@buggy("unserialisable")
def buffer_that_is_swapped_without_lock() -> None:
    class Buffer:
        def __init__(self) -> None:
            self.items: list[int] = [1]

        def flush(self) -> list[int]:
            items = self.items
            self.items = []
            return items

    buffer = Buffer()
    run(buffer.flush, buffer.flush)


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
