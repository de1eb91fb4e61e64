"""Schedules lose the switches that their failure does not need."""

from __future__ import annotations

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_gilcheck.races.schedule import Schedule, Switch
from pytest_gilcheck.races.shrink import shrunk


def schedule(*numbers: int) -> Schedule:
    return Schedule(switches=tuple(Switch(1, None, number, 2) for number in numbers))


def numbers(of: Schedule) -> list[int]:
    return [switch.passage for switch in of.switches]


class Program:
    """Fails if the switches have all of ``needed``; counts how often it runs."""

    def __init__(self, *needed: int) -> None:
        self.needed = set(needed)
        self.runs = 0

    def __call__(self, tried: Schedule) -> Schedule | None:
        self.runs += 1
        return tried if self.needed <= set(numbers(tried)) else None


@given(st.lists(st.integers(1, 60), unique=True), st.data())
def test_what_is_left_fails_and_none_of_it_can_go(switches: list[int], data: st.DataObject) -> None:
    needed = data.draw(st.lists(st.sampled_from(switches), unique=True)) if switches else []
    program = Program(*needed)
    found = shrunk(schedule(*switches), program, attempts=10_000, seconds=1e9)
    assert set(numbers(found)) == set(needed)
    assert numbers(found) == [number for number in switches if number in numbers(found)], "they stay in order"


def test_it_takes_no_more_attempts_than_it_may() -> None:
    program = Program(*range(100))
    assert numbers(shrunk(schedule(*range(100)), program, attempts=17, seconds=1e9)) == list(range(100))
    assert program.runs == 17


def test_it_takes_no_longer_than_it_may() -> None:
    program = Program(*range(100))
    ticks = count()
    shrunk(schedule(*range(100)), program, seconds=5, clock=lambda: next(ticks))
    assert 0 < program.runs <= 5


def test_what_happened_counts_not_what_was_asked_for() -> None:
    def attempt(tried: Schedule) -> Schedule | None:
        return schedule(*(number for number in numbers(tried) if number < 3)) if 1 in numbers(tried) else None

    assert numbers(shrunk(schedule(1, 2, 3, 4, 5), attempt)) == [1]


@pytest.mark.parametrize("switches", [(), (1,)])
def test_the_shortest_stay(switches: tuple[int, ...]) -> None:
    assert numbers(shrunk(schedule(*switches), Program(*switches))) == list(switches)
