"""Locks that do not protect, and locks that wait for one another."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

from pytest_gilcheck.races import run

LEFT = threading.Lock()
RIGHT = threading.Lock()
NESTED = threading.RLock()

#: What a program ends as where it is no race.
ENDS = {
    "crossed_bad": {"deadlock"},
    "three_crossed_bad": {"deadlock"},
    "own_lock_bad": {"deadlock"},
    "join_bad": {"deadlock"},
}


def _increment(state: SimpleNamespace) -> None:
    state.value += 1


def crossed_bad() -> None:
    def one() -> None:
        with LEFT, RIGHT:
            pass

    def other() -> None:
        with RIGHT, LEFT:
            pass

    run(one, other)


def crossed_twin() -> None:
    def one() -> None:
        with LEFT, RIGHT:
            pass

    run(one, one)


def three_crossed_bad() -> None:
    forks = [threading.Lock() for _ in range(3)]

    def eat(seat: int) -> None:
        with forks[seat], forks[(seat + 1) % 3]:
            pass

    run(*[lambda seat=seat: eat(seat) for seat in range(3)])


def three_crossed_twin() -> None:
    forks = [threading.Lock() for _ in range(3)]

    def eat(seat: int) -> None:
        first, second = sorted((seat, (seat + 1) % 3))
        with forks[first], forks[second]:
            pass

    run(*[lambda seat=seat: eat(seat) for seat in range(3)])


def own_lock_bad() -> None:
    state = SimpleNamespace(busy=False)
    lock = threading.Lock()

    def log() -> None:
        with lock:
            pass

    def work() -> None:
        state.busy = True
        state.busy = False

    def watch() -> None:
        with lock:
            if state.busy:
                log()

    run(work, watch)


def own_lock_twin() -> None:
    state = SimpleNamespace(busy=False)

    def log() -> None:
        with NESTED:
            pass

    def work() -> None:
        state.busy = True
        state.busy = False

    def watch() -> None:
        with NESTED:
            if state.busy:
                log()

    run(work, watch)


def join_bad() -> None:
    lock = threading.Lock()

    def work() -> None:
        with lock:
            pass

    def stop() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        with lock:
            thread.join()

    run(stop)


def join_twin() -> None:
    lock = threading.Lock()

    def work() -> None:
        with lock:
            pass

    def stop() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        with lock:
            pass
        thread.join()

    run(stop)


def two_locks_bad() -> None:
    state = SimpleNamespace(value=0)

    def one() -> None:
        with LEFT:
            _increment(state)

    def other() -> None:
        with RIGHT:
            _increment(state)

    run(one, other)
    assert state.value == 2


def two_locks_twin() -> None:
    state = SimpleNamespace(value=0)

    def one() -> None:
        with LEFT:
            _increment(state)

    def other() -> None:
        with RIGHT, LEFT:
            _increment(state)

    run(one, other)
    assert state.value == 2


def lock_of_its_own_bad() -> None:
    state = SimpleNamespace(value=0)

    def add() -> None:
        lock = threading.Lock()
        with lock:
            _increment(state)

    run(add, add)
    assert state.value == 2


def lock_of_its_own_twin() -> None:
    state = SimpleNamespace(value=0, locks={"value": threading.Lock()})

    def add() -> None:
        with state.locks["value"]:
            _increment(state)

    run(add, add)
    assert state.value == 2


def two_sections_bad() -> None:
    state = SimpleNamespace(value=0)

    def add() -> None:
        with LEFT:
            value = state.value
        with LEFT:
            state.value = value + 1

    run(add, add)
    assert state.value == 2


def two_sections_twin() -> None:
    state = SimpleNamespace(value=0)

    def add() -> None:
        with LEFT:
            value = state.value
            state.value = value + 1

    run(add, add)
    assert state.value == 2


def not_taken_bad() -> None:
    state = SimpleNamespace(value=0)

    def add() -> None:
        LEFT.acquire(blocking=False)
        try:
            _increment(state)
        finally:
            if LEFT.locked():
                LEFT.release()

    def add_locked() -> None:
        with LEFT:
            _increment(state)

    run(add, add_locked)
    assert state.value == 2


def not_taken_twin() -> None:
    state = SimpleNamespace(value=0, skipped=0)

    def add() -> None:
        if LEFT.acquire(blocking=False):
            _increment(state)
            LEFT.release()
        else:
            state.skipped += 1

    def add_locked() -> None:
        with LEFT:
            _increment(state)

    run(add, add_locked)
    assert state.value + state.skipped == 2


def semaphore_bad() -> None:
    state = SimpleNamespace(value=0)
    guard = threading.Semaphore(2)

    def add() -> None:
        with guard:
            _increment(state)

    run(add, add)
    assert state.value == 2


def semaphore_twin() -> None:
    state = SimpleNamespace(value=0)
    guard = threading.BoundedSemaphore(1)

    def add() -> None:
        with guard:
            _increment(state)

    run(add, add)
    assert state.value == 2


def reentrant_bad() -> None:
    state = SimpleNamespace(value=0)

    def read() -> int:
        with NESTED:
            return int(state.value)

    def add() -> None:
        value = read()
        with NESTED:
            state.value = value + 1

    run(add, add)
    assert state.value == 2


def reentrant_twin() -> None:
    state = SimpleNamespace(value=0)

    def read() -> int:
        with NESTED:
            return int(state.value)

    def add() -> None:
        with NESTED:
            state.value = read() + 1

    run(add, add)
    assert state.value == 2


class Guarded:
    """A lock wrapped in a class of its own, as libraries do."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __enter__(self) -> None:
        self._inner.acquire()

    def __exit__(self, *_: object) -> None:
        self._inner.release()


def wrapped_bad() -> None:
    state = SimpleNamespace(value=0)
    one, other = Guarded(threading.Lock()), Guarded(threading.Lock())

    def add(guard: Guarded) -> None:
        with guard:
            _increment(state)

    run(lambda: add(one), lambda: add(other))
    assert state.value == 2


def wrapped_twin() -> None:
    state = SimpleNamespace(value=0)
    guard = Guarded(threading._RLock())  # type: ignore[attr-defined] # the one that is written in Python

    def add() -> None:
        with guard:
            _increment(state)

    run(add, add)
    assert state.value == 2


def exception_bad() -> None:
    state = SimpleNamespace(value=0, limit=1)
    lock = threading.Lock()

    def take() -> None:
        with lock:
            allowed = state.value < state.limit
        if allowed:
            with lock:
                if state.value >= state.limit:
                    raise ValueError("over the limit")
                state.value += 1

    run(take, take)


def exception_twin() -> None:
    state = SimpleNamespace(value=0, limit=1)
    lock = threading.Lock()

    def take() -> None:
        try:
            with lock:
                if state.value >= state.limit:
                    raise ValueError("over the limit")
                state.value += 1
        except ValueError:
            return

    run(take, take)
    assert state.value == 1
