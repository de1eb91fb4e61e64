"""What callables share: what their structure is made of."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races.oracles.roots import add_roots
from pytest_gilcheck.races.oracles.structure import Structure

table: dict[str, int] = {}
flag = False
LIMIT = 10


def parts(*callables: Callable[..., Any], volatile: frozenset[str] = frozenset()) -> dict[tuple[str, ...], Any]:
    structure = Structure(ordered=False, renamed={}, volatile=volatile)
    add_roots(structure, callables, volatile)
    return structure.parts


class Counter:
    def __init__(self) -> None:
        self.n = 0

    def increment(self) -> None:
        self.n += 1

    def __call__(self) -> None:
        self.n += 2


def use_table() -> None:
    table["a"] = 1


def by_another() -> None:
    use_table()


def use_flag() -> bool:
    return flag and LIMIT > 1


def test_the_object_of_a_method() -> None:
    counter = Counter()
    before = parts(counter.increment)
    counter.increment()
    assert parts(counter.increment) != before
    assert ("self", ".n") in before


def test_a_callable_object() -> None:
    assert ("Counter", ".n") in parts(Counter())


def test_variables_around_a_function() -> None:
    n = 0
    counter = Counter()

    def work() -> None:
        nonlocal n
        n += 1
        counter.increment()

    before = parts(work)
    assert before.keys() >= {("n",), ("counter", ".n")}
    work()
    assert parts(work)[("n",)] != before[("n",)]


def test_a_variable_that_is_not_bound() -> None:
    def work() -> None:
        print(later)

    assert parts(work) == {}
    later = 1
    assert parts(work).keys() == {("later",)}


def test_arguments() -> None:
    counter = Counter()

    def work(one: Counter, other: Counter = counter, *, third: Counter = counter) -> None: ...

    found = parts(functools.partial(work, Counter()))
    assert ("argument 1", ".n") in found
    assert ("default 1", ".n") in found
    assert found[("default 2",)] == ("same as", "default 1")


def test_globals_that_can_change() -> None:
    assert parts(use_table).keys() == {("table",)}
    assert parts(by_another).keys() == {("table",)}
    assert parts(use_flag) == {}
    assert parts(use_flag, volatile=frozenset({"flag"})).keys() == {("flag",)}


def test_what_two_share_is_there_once() -> None:
    counter = Counter()
    assert parts(counter.increment, counter.increment) == parts(counter.increment)


def test_two_of_the_same_name() -> None:
    assert parts(Counter().increment, Counter().increment).keys() >= {("self", ".n"), ("self (2)", ".n")}


def test_functions_that_call_one_another() -> None:
    def even(n: int) -> bool:
        return n == 0 or odd(n - 1)

    def odd(n: int) -> bool:
        return n != 0 and even(n - 1)

    assert parts(even, odd) == {}


def test_code_is_no_state() -> None:
    assert parts(len, int, functools.partial(max, 1)).keys() == {("argument 1",)}
