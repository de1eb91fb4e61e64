"""Repeating and shortening a failing schedule, in a laboratory that only says how each execution ends."""

from __future__ import annotations

from typing import Any, cast

from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.exploration import Failure
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.schedule import Schedule, Switch
from pytest_gilcheck.races.witnessing import Witness, Witnessing

LIMIT = 10.0
SCHEDULE = Schedule(switches=(Switch(1, None, 1, 2), Switch(2, None, 1, 1)))


class _Endless:
    """A laboratory where a schedule with a switch less never comes to an end; ``limits`` are how long it was waited for."""

    def __init__(self) -> None:
        self.limits: list[float] = []

    def confirm(self, _scheduler: Any, limit: float) -> Result:
        self.limits.append(limit)
        return Result(reason="timeout")


def _failure(kind: str) -> Failure:
    return Failure(kind=kind, error=None, text="", schedule=SCHEDULE)


def _failed(result: Result) -> Failure | None:
    return _failure("timeout") if result.reason == "timeout" else None


def _limits(seconds: float) -> list[float]:
    laboratory = _Endless()
    failing = Witness(schedule=SCHEDULE, failure=_failure("exception"), result=Result(), seconds=seconds)
    shortest = Witnessing(cast("Laboratory", laboratory), LIMIT, _failed).shortest(failing, _failure("exception"))
    assert shortest is failing
    return laboratory.limits


def test_a_shorter_schedule_that_does_not_end_is_soon_given_up() -> None:
    limits = _limits(seconds=0.001)
    assert limits
    assert max(limits) <= LIMIT / 10


def test_it_may_take_longer_where_the_failure_takes_long_and_never_longer_than_any_execution() -> None:
    assert min(_limits(seconds=0.5)) > max(_limits(seconds=0.001))
    assert set(_limits(seconds=100.0)) == {LIMIT}
