from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import Any

import pytest

from pytest_gilcheck.races.run import run
from unit.races.fakes import do, execution, results, together

CLOCKS = [time.time, time.monotonic, time.perf_counter]
WHOLE = [time.time_ns, time.monotonic_ns, time.perf_counter_ns]


@pytest.mark.parametrize("clock", [*CLOCKS, *WHOLE])
def test_a_clock_goes_on_with_virtual_time_from_where_it_was(clock: Any) -> None:
    unit = 1 if clock in CLOCKS else 10**9

    def scenario() -> bool:
        one, two = do(clock), do(clock)
        do(time.sleep, 100)
        three = do(clock)
        assert type(one) is type(clock())
        assert before <= one <= clock()
        return bool(one < two and 100 * unit <= three - two < 101 * unit)

    before = clock()
    assert results(scenario, 1) == {True}


def test_reading_a_clock_in_a_loop_comes_to_an_end() -> None:
    def scenario() -> bool:
        end = do(time.monotonic) + 0.0005
        while do(time.monotonic) < end:
            pass
        return True

    assert results(scenario, 1) == {True}


def test_sleepers_wake_in_the_order_of_their_time() -> None:
    def scenario() -> tuple[float, ...]:
        order: list[float] = []

        def body(seconds: float) -> None:
            do(time.sleep, seconds)
            order.append(seconds)

        together(lambda: body(3), lambda: body(0.5), lambda: body(2.25))
        assert 3 <= run.now < 3.1
        return tuple(order)

    assert results(scenario) == {(0.5, 2.25, 3)}


class Half(float):
    """A number as NumPy has them."""


@pytest.mark.parametrize("seconds", [5, 5.0, Half(5.0), 10_000_000, 5e9, True])
def test_every_duration_is_slept_virtually(seconds: float) -> None:
    assert results(lambda: (do(time.sleep, seconds), math.isclose(run.now, seconds)), 1) == {(None, True)}


@pytest.mark.parametrize("args", [(-1,), (-0.5,), ("1",), (None,), (), (1, 2), (float("nan"),), (1e11,), (float("inf"),)])
def test_wrong_durations_raise_what_the_real_sleep_raises(args: tuple[Any, ...]) -> None:
    with pytest.raises(Exception) as real:
        time.sleep(*args)
    error = execution(lambda: do(time.sleep, *args)).error
    assert (type(error), str(error)) == (real.type, str(real.value))


def test_a_fraction_is_a_duration_where_the_real_sleep_takes_it() -> None:
    try:
        time.sleep(Fraction(0))  # type: ignore[arg-type]
        taken = True
    except TypeError:
        taken = False
    result = execution(lambda: (do(time.sleep, Fraction(7, 2)), math.isclose(run.now, 3.5) or pytest.fail("real")))
    assert (result.error is None) == taken


def test_no_time_passes_in_a_sleep_of_zero_and_others_go_on() -> None:
    def scenario() -> tuple[int, ...]:
        order: list[int] = []

        def body(number: int) -> None:
            order.append(number)
            do(time.sleep, 0)
            order.append(number)

        together(lambda: body(1), lambda: body(2))
        assert run.now < 0.001
        return tuple(order)

    assert results(scenario) >= {(1, 2, 1, 2), (2, 1, 2, 1)}
