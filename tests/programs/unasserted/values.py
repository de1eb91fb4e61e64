"""Operations that return what differs from time to time, and objects of every making."""

from __future__ import annotations

import contextvars
import random
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from programs.unasserted import buggy, correct
from pytest_gilcheck.races import run


@correct
def ids_of_objects() -> None:
    shared = object()
    run(lambda: id(shared), lambda: id(object()))


@correct
def names_and_numbers_of_threads() -> None:
    seen: set[object] = set()

    def note() -> tuple[str, int]:
        seen.add(threading.current_thread().name)
        seen.add(threading.get_ident())
        return threading.current_thread().name, threading.get_native_id()

    run(note, note)


@correct
def who_was_last() -> None:
    class Lease:
        def __init__(self) -> None:
            self.owner: str | None = None
            self.lock = threading.Lock()

        def take(self) -> str | None:
            with self.lock:
                before, self.owner = self.owner, threading.current_thread().name
                return before

    lease = Lease()
    run(lease.take, lease.take)


@correct
def times() -> None:
    stamps: list[float] = []
    run(lambda: stamps.append(time.time()), lambda: stamps.append(time.monotonic()))


@correct
def durations() -> None:
    def work() -> float:
        begin = time.perf_counter()
        return time.perf_counter() - begin

    run(work, work)


@correct
def last_seen() -> None:
    seen = {"a": 0.0}

    def touch() -> None:
        seen["a"] = time.time()

    run(touch, touch)


@correct
def random_numbers() -> None:
    values: list[float] = []
    run(lambda: values.append(random.random()), random.random)


@correct
def random_ids() -> None:
    made: dict[str, str] = {}

    def make(name: str) -> str:
        made[name] = str(uuid.uuid4())
        return made[name]

    run(lambda: make("a"), lambda: make("b"))


@correct
def fresh_objects() -> None:
    run(object, list, dict, lambda: [object()])


@correct
def shared_objects() -> None:
    shared: dict[str, object] = {"a": object()}
    run(lambda: shared, lambda: shared["a"], lambda: (shared, shared))


@correct
def own_slots_of_threads() -> None:
    local = threading.local()

    def work(n: int) -> int:
        local.value = n
        local.value += 1
        return int(local.value)

    run(lambda: work(1), lambda: work(2))


_request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")


@correct
def context_variables() -> None:
    def work(name: str) -> str:
        token = _request.set(name)
        try:
            return _request.get()
        finally:
            _request.reset(token)

    run(lambda: work("a"), lambda: work("b"))


@correct
def slots_by_identity_of_threads() -> None:
    counts: dict[int, int] = {}

    def work() -> int:
        me = threading.get_ident()
        for _ in range(2):
            counts[me] = counts.get(me, 0) + 1
        return counts[me]

    run(work, work)


@correct
def exceptions_that_are_caught() -> None:
    stock = {"apple": 1}
    lock = threading.Lock()

    def take() -> str:
        try:
            with lock:
                if not stock["apple"]:
                    raise LookupError("sold out")
                stock["apple"] -= 1
        except LookupError as error:
            return str(error)
        return "sold"

    run(take, take)


@correct
def exceptions_that_are_counted() -> None:
    errors: list[Exception] = []

    def work(n: int) -> None:
        try:
            1 // n
        except ZeroDivisionError as error:
            errors.append(error)

    run(lambda: work(0), lambda: work(1), lambda: work(0))


@correct
def generator_behind_a_lock() -> None:
    def numbers() -> Iterator[int]:
        n = 0
        while True:
            n += 1
            yield n

    source = numbers()
    lock = threading.Lock()

    def take() -> int:
        with lock:
            return next(source)

    run(take, take, take)


@buggy("exception")
def generator_without_lock() -> None:
    n = 0

    def numbers() -> Iterator[int]:
        nonlocal n
        while True:
            n += 1
            yield n

    source = numbers()
    run(lambda: next(source), lambda: next(source))


class Point:
    __slots__ = ("lock", "x", "y")

    def __init__(self) -> None:
        self.x = self.y = 0
        self.lock = threading.Lock()

    def move(self, dx: int, dy: int) -> None:
        with self.lock:
            self.x += dx
            self.y += dy


@correct
def object_with_slots() -> None:
    point = Point()
    run(lambda: point.move(1, 2), lambda: point.move(3, 4))


@buggy("lost-update")
def object_with_slots_without_lock() -> None:
    point = Point()

    def move() -> None:
        point.x += 1

    run(move, move)


class Vector:
    """Never changed: operators make new ones."""

    def __init__(self, x: int) -> None:
        self.x = x

    def __add__(self, other: Vector) -> Vector:
        return Vector(self.x + other.x)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vector) and self.x == other.x

    def __hash__(self) -> int:
        return hash(self.x)


@correct
def operators_of_ones_own() -> None:
    lock = threading.Lock()
    total = Vector(0)

    def add(n: int) -> Vector:
        nonlocal total
        with lock:
            total = total + Vector(n)
            return total

    run(lambda: add(1), lambda: add(2))


@buggy("lost-update")
def operators_of_ones_own_without_lock() -> None:
    total = Vector(0)

    def add(n: int) -> None:
        nonlocal total
        total = total + Vector(n)

    run(lambda: add(1), lambda: add(2))


class Celsius:
    """A property over a field, with its lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._value = 0.0
        self._changes = 0

    @property
    def value(self) -> float:
        with self._lock:
            return self._value

    @value.setter
    def value(self, new: float) -> None:
        with self._lock:
            self._value = new
            self._changes += 1


@correct
def property_that_is_set_and_read() -> None:
    celsius = Celsius()

    def warm() -> None:
        celsius.value = 20.0

    def cool() -> None:
        celsius.value = 5.0

    run(warm, lambda: celsius.value, cool)


@buggy(None)
def property_that_is_added_to() -> None:
    celsius = Celsius()

    def warm() -> None:
        celsius.value += 1.0

    run(warm, warm)


class Positive:
    """A descriptor that checks what it stores."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"_{name}"

    def __get__(self, obj: Any, owner: type | None = None) -> int:
        return int(getattr(obj, self.name))

    def __set__(self, obj: Any, value: int) -> None:
        if value < 0:
            raise ValueError("negative")
        setattr(obj, self.name, value)


class Stock:
    count = Positive()

    def __init__(self) -> None:
        self.count = 3
        self.lock = threading.Lock()

    def take(self) -> None:
        with self.lock:
            self.count -= 1


@correct
def descriptor_under_a_lock() -> None:
    stock = Stock()
    run(stock.take, stock.take)


@dataclass
class Order:
    lines: list[str] = field(default_factory=list)
    status: str = "new"


@correct
def fresh_dataclasses() -> None:
    orders: dict[int, Order] = {}

    def place(number: int) -> Order:
        order = Order([f"line {number}"])
        orders[number] = order
        order.status = "placed"
        return order

    run(lambda: place(1), lambda: place(2))


@correct
def sets_with_single_operations() -> None:
    seen: set[str] = set()

    def note(name: str) -> None:
        seen.add(name)
        seen.discard("nobody")

    run(lambda: note("a"), lambda: note("b"), lambda: note("a"))


@correct
def dict_with_single_operations() -> None:
    sessions: dict[str, str] = {"a": "1"}
    run(lambda: sessions.pop("a", None), lambda: sessions.update(b="2"), lambda: sessions.get("a"))


@correct
def removed_by_whoever_is_first() -> None:
    tasks = {"a": "job"}

    def claim() -> str | None:
        return tasks.pop("a", None)

    run(claim, claim)


@correct
def last_writer_wins() -> None:
    settings: dict[str, object] = {"level": 0, "name": ""}

    def change(level: int, name: str) -> None:
        settings["level"] = level
        settings["name"] = name

    run(lambda: change(1, "one"), lambda: settings.get("name"))


@correct
def last_writer_wins_in_one_store() -> None:
    state: dict[str, object] = {}

    def change(level: int) -> None:
        state["level"] = level

    run(lambda: change(1), lambda: change(2), lambda: state.get("level"))


@correct
def snapshot_of_a_list() -> None:
    items = [1]

    def read() -> int:
        return sum(list(items))

    run(lambda: items.append(2), read, lambda: items.append(4))


@correct
def heartbeat() -> None:
    beats = {"a": 0, "b": 0}

    def beat(name: str) -> None:
        for _ in range(2):
            beats[name] += 1

    run(lambda: beat("a"), lambda: beat("b"), lambda: dict(beats))


@correct
def undo_history() -> None:
    lock = threading.Lock()
    text = [""]
    history: list[str] = []

    def type_in(letter: str) -> None:
        with lock:
            history.append(text[0])
            text[0] += letter

    def undo() -> None:
        with lock:
            if history:
                text[0] = history.pop()

    run(lambda: type_in("a"), undo, lambda: type_in("b"))
