"""Programs with hazards, ``HAZARDS`` by name with their kinds; :mod:`programs.no_hazards` has near twins without. Nothing is
asserted: no schedule fails any of them, but for deadlocks and the change of what is iterated over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races import run

Scenario = Callable[[], object]
HAZARDS: dict[str, tuple[Scenario, set[str]]] = {}


class Box:
    """What threads share; every program makes its own."""

    def __init__(self) -> None:
        self.n = 0
        self.other = 0
        self.flag = False
        self.turn = 1
        self.value: Any = None
        self.log: list[int] = []
        self.table: dict[Any, Any] = {}
        self.lock = threading.Lock()
        self.second = threading.Lock()
        self.condition = threading.Condition()


def hazard(*kinds: str) -> Callable[[Scenario], Scenario]:
    def register(scenario: Scenario) -> Scenario:
        HAZARDS[scenario.__name__] = scenario, set(kinds)
        return scenario

    return register


@hazard("unordered")
def augmented_assignment() -> None:
    box = Box()

    def work() -> None:
        box.n += 1

    run(work, work)


@hazard("unordered")
def by_way_of_a_variable() -> None:
    box = Box()

    def work() -> None:
        seen = box.n
        more = seen + 1
        box.n = more

    run(work, work)


@hazard("unordered")
def variable_of_a_closure() -> None:
    n = 0

    def work() -> None:
        nonlocal n
        n += 1

    run(work, work)


@hazard("unordered")
def item_that_is_filled_once() -> None:
    box = Box()

    def work() -> None:
        if "key" not in box.table:
            box.table["key"] = object()

    run(work, work)


@hazard("unordered")
def lazy_attribute() -> None:
    box = Box()

    def work() -> object:
        if box.value is not None:
            return box.value
        box.value = object()
        return box.value

    run(work, work)


@hazard("unordered")
def taken_if_there_is_one() -> None:
    box = Box()
    box.log += [1, 2]

    def work() -> None:
        if box.log:
            box.log.pop()

    run(work, work)


@hazard("unordered")
def two_locks_for_one_number() -> None:
    box = Box()

    def one() -> None:
        with box.lock:
            box.n += 1

    def other() -> None:
        with box.second:
            box.n += 1

    run(one, other)


@hazard("unordered")
def checked_without_the_lock() -> None:
    box = Box()

    def work() -> None:
        if box.value is None:
            with box.lock:
                box.value = object()

    run(work, work)


@hazard("unordered")
def a_store_comes_into_an_update() -> None:
    box = Box()

    def count() -> None:
        box.n += 1

    def reset() -> None:
        box.n = 0

    run(count, reset)


@hazard("unordered")
def inserted_while_iterated_over() -> None:
    box = Box()
    box.table.update({1: 1, 2: 2})

    def look() -> None:
        for key in box.table:
            box.log.append(key)

    def insert() -> None:
        box.table[3] = 3

    run(look, insert)


@hazard("split")
def read_and_written_in_two_sections() -> None:
    box = Box()

    def work() -> None:
        with box.lock:
            seen = box.n
        with box.lock:
            box.n = seen + 1

    run(work, work)


@hazard("split")
def checked_and_stored_in_two_sections() -> None:
    box = Box()

    def work() -> None:
        with box.lock:
            missing = "key" not in box.table
        if missing:
            made = object()
            with box.lock:
                box.table["key"] = made

    run(work, work)


@hazard("split")
def a_condition_is_waited_for_in_between() -> None:
    box = Box()

    def work() -> None:
        with box.condition:
            seen = box.n
            box.condition.wait_for(lambda: box.flag)
            box.n = seen + 1

    def signal() -> None:
        with box.condition:
            box.n = 5
            box.flag = True
            box.condition.notify_all()

    run(work, signal)


@hazard("lock-order")
def opposite_orders() -> None:
    box = Box()

    def one() -> None:
        with box.lock, box.second:
            pass

    def other() -> None:
        with box.second, box.lock:
            pass

    run(one, other)


@hazard("lock-order")
def a_ring_of_three() -> None:
    locks = [threading.Lock() for _ in range(3)]

    def work(number: int) -> None:
        with locks[number], locks[(number + 1) % 3]:
            pass

    run(lambda: work(0), lambda: work(1), lambda: work(2))
