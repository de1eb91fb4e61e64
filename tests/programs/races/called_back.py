"""Functions in C that call a function in Python for each item of what threads share."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Callable
from threading import Lock

from pytest_gilcheck.races import run


def _negative(number: int) -> int:
    return -number


def _same(number: int) -> int:
    return number


def _add(one: int, other: int) -> int:
    return one + other


def sort_bad() -> None:
    numbers = [3, 1, 2]
    run(lambda: numbers.sort(key=_negative), lambda: numbers.append(4))
    assert len(numbers) == 4


def sort_twin() -> None:
    numbers = [3, 1, 2]
    run(lambda: numbers.sort(key=abs), lambda: numbers.append(4))
    assert len(numbers) == 4


def sorted_twin() -> None:
    """It goes over a copy."""
    numbers = {3, 1, 2}
    run(lambda: sorted(numbers, key=_negative), lambda: numbers.add(4))


def largest_bad() -> None:
    numbers = {3: "c", 1: "a"}
    run(lambda: max(numbers, key=_negative), lambda: numbers.update({2: "b"}))


def largest_twin() -> None:
    numbers = {3: "c", 1: "a"}
    run(lambda: max(list(numbers), key=_negative), lambda: numbers.update({2: "b"}))


def reduce_bad() -> None:
    numbers = {3, 1}
    run(lambda: functools.reduce(_add, numbers), lambda: numbers.add(2))


def reduce_twin() -> None:
    numbers = {3, 1}
    run(lambda: functools.reduce(_add, numbers.copy()), lambda: numbers.add(2))


def _insert(numbers: list[int], insert: Callable[[int], None]) -> None:
    run(lambda: insert(3), lambda: insert(4))
    assert numbers == sorted(numbers)


def insort_bad() -> None:
    numbers = [1, 5, 9]
    _insert(numbers, lambda number: bisect.insort(numbers, number, key=_same))


def insort_twin() -> None:
    numbers = [1, 5, 9]
    lock = Lock()

    def insert(number: int) -> None:
        with lock:
            bisect.insort(numbers, number, key=_same)

    _insert(numbers, insert)
