"""Lost updates in executions of small programs, every one of whose schedules ran."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from pytest_gilcheck.races import Budget, Rules, explore, run
from pytest_gilcheck.races.oracles.lost_updates import _same

ONLY = Rules(ignored=frozenset({"unserialisable", "deadlock", "left-over"}))


class Box:
    def __init__(self, value: Any = 0) -> None:
        self.value = value
        self.other = 0


def kind_of(scenario: Callable[[], object], rules: Rules = ONLY) -> str | None:
    found = explore(scenario, budget=Budget(seconds=10, schedules=60), rules=rules)
    assert found.verdict.value in {"clean", "race"}, found.reason
    return found.kind


def together(value: Any, *works: Callable[[Box], object]) -> Callable[[], None]:
    def scenario() -> None:
        box = Box(value)
        run(*(lambda work=work: work(box) for work in works))

    return scenario


def add(box: Box) -> None:
    box.value += 1


def add_after_another_look(box: Box) -> None:
    seen = box.value
    box.other = box.value
    box.value = seen + 1


def nothing(box: Box) -> None:
    box.value += 0


def store(box: Box) -> None:
    box.value = 5


def store_what_is_there(box: Box) -> None:
    box.value = 0


def clip(box: Box) -> None:
    box.value = max(box.value, 5)


def mark(box: Box) -> None:
    box.value |= 4


def copy(box: Box) -> None:
    box.value = list(box.value)


def extend(box: Box) -> None:
    box.value = [*box.value, 1]


def extend_in_place(box: Box) -> None:
    box.value += [1]


def put_back(box: Box) -> None:
    before = box.value
    box.value = 7
    box.value = before


@pytest.mark.parametrize(
    ("value", "works"),
    [
        (0, (add, add)), (0, (add, store)), (0, (add, clip)), ([], (copy, extend)),
        (0, (mark, add)), (0, (add_after_another_look, add)),
    ],
)  # fmt: skip
def test_what_is_lost(value: Any, works: tuple[Callable[[Box], object], ...]) -> None:
    assert kind_of(together(value, *works)) == "lost-update"


@pytest.mark.parametrize(
    ("value", "works"),
    [
        (0, (store, store)), (0, (add, store_what_is_there)), (0, (clip, clip)), (0, (mark, mark)), ([], (copy, copy)),
        ([], (extend_in_place, extend_in_place)), (0, (put_back, put_back)), (0, (nothing, nothing)),
    ],
)  # fmt: skip
def test_what_is_not(value: Any, works: tuple[Callable[[Box], object], ...]) -> None:
    assert kind_of(together(value, *works)) is None


def test_both_add_the_same_to_a_copy() -> None:
    """What is written is the same as what was lost: it could be that nothing was. The state at the end shows it."""
    scenario = together([], extend, extend)
    assert kind_of(scenario) is None
    assert kind_of(scenario, Rules()) == "unserialisable"


def test_what_is_meant_to_be_approximate() -> None:
    scenario = together(0, add, add)
    rules = Rules(ignored=ONLY.ignored, approximate=("Box.val*",))
    assert kind_of(scenario, rules) is None
    assert kind_of(scenario, Rules(ignored=ONLY.ignored, approximate=("Box.other",))) == "lost-update"


class Refuses:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError("called")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (1, 1, True), (1, 2, False), (1, True, False), ("a", "a", True), ([1, 2], [1, 2], True), ([1], [2], False),
        ([1], (1,), False), ({"a": [1]}, {"a": [1]}, True), ({"a": 1}, {"b": 1}, False), (deque([1]), deque([1]), True),
        ([[[[[1]]]]], [[[[[1]]]]], False), ({1}, {1}, False), (Refuses(), Refuses(), False),
        ([Refuses()], [Refuses()], False),
        (float("nan"), float("nan"), False),
    ],
)  # fmt: skip
def test_what_counts_as_the_same(one: object, other: object, same: bool) -> None:
    assert _same(one, other) is same
    assert _same(one, one)
