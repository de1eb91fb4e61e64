"""Whether outcomes count as those of some serial order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import pytest

from pytest_gilcheck.races.oracles.outcome import Outcome, take
from pytest_gilcheck.races.oracles.serial import MOST_ORDERS, Orders, SerialOutcomes


def outcome(answers: Sequence[object], state: Mapping[str, object], operations: Sequence[int] | None = None) -> Outcome:
    counts = operations or [1] * len(answers)
    return take(
        [[lambda: None] * number for number in counts],
        [(answer, None) for answer in answers],
        threads=[(number, ()) for number in range(1, len(answers) + 1)],
        ordered=False,
        volatile=frozenset(),
        shared=state,
    )


class Machine:
    """Runs operations on a state in the orders that it is asked for; what they return are their answers."""

    def __init__(self, *threads: Sequence[Callable[[dict[str, Any]], object]], possible: int = 1_000) -> None:
        self.threads = threads
        self.orders: list[Orders] = []
        self._possible = possible

    def __call__(self, orders: Orders, *, elsewhere: bool) -> Sequence[Outcome] | None:
        del elsewhere
        self.orders.append(orders)
        if len(self.orders) > self._possible:
            return None
        found = []
        for order in orders:
            state: dict[str, Any] = {"n": 0}
            left = [list(each) for each in self.threads]
            answers: list[list[object]] = [[] for _ in left]
            for position in order:
                answers[position].append(left[position].pop(0)(state))
            found.append(
                outcome([each[0] if len(each) == 1 else each for each in answers], state, [*map(len, self.threads)])
            )
        return found


def add(state: dict[str, Any]) -> object:
    state["n"] += 1
    return state["n"]


def double(state: dict[str, Any]) -> object:
    state["n"] *= 2
    return None


def test_what_a_serial_order_gives_is_none() -> None:
    oracle = SerialOutcomes(Machine([add], [add]))
    assert oracle.judge([outcome([1, 2], {"n": 2})]) is None
    assert oracle.judge([outcome([2, 1], {"n": 2})]) is None


def test_what_none_gives_is_told() -> None:
    mismatch = SerialOutcomes(Machine([add], [add])).judge([outcome([1, 1], {"n": 1})])
    assert mismatch is not None
    assert not mismatch.sampled
    assert "n['n'] = 1" in mismatch.text or "n = 1" in mismatch.text
    assert "n = 2" in mismatch.text


def test_several_operations_of_a_thread_stay_in_their_order() -> None:
    machine = Machine([add, double], [add])
    oracle = SerialOutcomes(machine)
    assert oracle.judge([outcome([[1, None], 2], {"n": 4}, [2, 1])]) is None
    assert oracle.judge([outcome([[1, None], 1], {"n": 1}, [2, 1])]) is not None
    assert {order for (order,) in machine.orders} == {(0, 0, 1), (0, 1, 0), (1, 0, 0)}


def test_orders_are_run_once() -> None:
    machine = Machine([add], [add])
    oracle = SerialOutcomes(machine)
    for n in range(3):
        oracle.judge([outcome([n, n], {"n": n})])
    assert len(machine.orders) == 2 * 2  # each of them twice, to see what differs from time to time


def test_of_many_orders_some_are_run() -> None:
    machine = Machine(*[[add]] * 6)
    mismatch = SerialOutcomes(machine).judge([outcome([1] * 6, {"n": 1})])
    assert mismatch is not None
    assert mismatch.sampled
    assert len(machine.orders) == 2 * MOST_ORDERS


def test_without_an_order_that_can_be_run_nothing_is_known() -> None:
    assert SerialOutcomes(Machine([add], [add], possible=0)).judge([outcome([1, 1], {"n": 1})]) is None


def test_the_order_as_written_is_as_it_should_be() -> None:
    oracle = SerialOutcomes(Machine([add], [add], possible=0))
    oracle.add([outcome([7, 7], {"n": 7})])
    assert oracle.judge([outcome([7, 7], {"n": 7})]) is None
    assert oracle.judge([outcome([7, 8], {"n": 7})]) is not None


def test_what_differs_from_time_to_time_does_not_count() -> None:
    numbers = count()
    oracle = SerialOutcomes(Machine([lambda _: next(numbers)], [add]))
    assert oracle.judge([outcome([-5, 1], {"n": 1})]) is None
    assert oracle.judge([outcome([-5, 2], {"n": 1})]) is not None


def test_nor_does_what_is_under_names_that_differ() -> None:
    numbers = count()

    def register(state: dict[str, Any]) -> None:
        state.setdefault("table", {})[next(numbers)] = ["a"]

    oracle = SerialOutcomes(Machine([register], [add]))
    assert oracle.judge([outcome([None, 1], {"n": 1, "table": {1_000: ["a"]}})]) is None
    assert oracle.judge([outcome([None, 1], {"n": 2, "table": {1_000: ["a"]}})]) is not None


def test_answers_of_others_alone() -> None:
    oracle = SerialOutcomes(Machine([add], [lambda state: state["n"]]))
    torn = [outcome([1, 5], {"n": 1})]
    assert oracle.judge(torn) is not None
    assert oracle.judge(torn, apart_from={2}) is None
    assert oracle.judge([outcome([3, 5], {"n": 1})], apart_from={2}) is not None


@pytest.mark.parametrize("state", [{"n": list(range(3_000)) and {n: n for n in range(3_000)}}])
def test_what_is_too_large_does_not_count(state: dict[str, object]) -> None:
    assert outcome([1], state).state is None
    oracle = SerialOutcomes(Machine([add], [add]))
    assert oracle.judge([outcome([1, 2], state)]) is None
    assert oracle.judge([outcome([1, 1], state)]) is not None
