"""Programs about which an oracle may well be mistaken."""

from __future__ import annotations

import itertools
import os
import random
import threading
import time
import weakref

from programs.unasserted import correct
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
