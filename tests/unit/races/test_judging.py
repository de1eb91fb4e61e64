"""Operations that take turns, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pytest_gilcheck.races.judging import Judging
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.running import run as together
from unit.races.fakes import execution


def log_of(order: tuple[int, ...], counts: tuple[int, ...], fails: str = "") -> list[str]:
    """What operations of threads with so many of them do, in that order; the one called ``fails`` raises."""
    log: list[str] = []

    def operation(name: str) -> Callable[[], str]:
        def work() -> str:
            log.append(name)
            if name == fails:
                raise LookupError(name)
            return name

        return work

    threads = [[operation(f"{'abc'[position]}{number}") for number in range(count)] for position, count in enumerate(counts)]
    judging = Judging(orders=[order])
    run.judging = judging
    try:
        result = execution(lambda: together(*threads), seed=3)
    finally:
        run.judging = None
    assert result.reason is None
    assert type(result.error) is (LookupError if fails else type(None))
    assert len(judging.outcomes) == 1
    assert judging.outcomes[0].operations == counts
    return log


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_threads(order: tuple[int, ...]) -> None:
    assert log_of(order, (1, 1)) == ["ab"[position] + "0" for position in order]


@pytest.mark.parametrize("order", [(0, 0, 1, 2), (1, 0, 2, 0), (2, 1, 0, 0), (0, 2, 0, 1)])
def test_several_operations_of_a_thread(order: tuple[int, ...]) -> None:
    log = log_of(order, (2, 1, 1))
    assert [each[0] for each in log] == ["abc"[position] for position in order]
    assert [each for each in log if each[0] == "a"] == ["a0", "a1"]


def test_who_raises_has_no_more_turns() -> None:
    assert log_of((0, 1, 0), (2, 1), fails="a0") == ["a0", "b0"]


def test_without_an_order_they_run_at_once() -> None:
    operations = [[lambda: 1], [lambda: 2]]
    assert Judging().seen(operations) is operations
