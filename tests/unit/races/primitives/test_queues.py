from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from typing import Any

import pytest

from pytest_gilcheck.races.run import run
from unit.races.fakes import do, execution, results, together


def test_items_come_out_once_and_in_order() -> None:
    def scenario() -> tuple[int, ...]:
        queue: SimpleQueue[int] = SimpleQueue()

        def puts() -> None:
            for item in (1, 2, 3):
                do(queue.put, item)

        def gets() -> tuple[int, ...]:
            return do(queue.get), do(queue.get, True), do(queue.get, timeout=5)

        return together(gets, puts)[0]  # type: ignore[no-any-return]

    assert results(scenario) == {(1, 2, 3)}


def test_one_item_goes_to_one_of_two_that_wait() -> None:
    def scenario() -> tuple[Any, ...]:
        queue: SimpleQueue[int] = SimpleQueue()

        def gets() -> Any:
            try:
                return do(queue.get, True, 1)
            except Empty:
                return None

        return tuple(together(gets, gets, lambda: do(queue.put, 7))[:2])

    assert results(scenario) == {(7, None), (None, 7)}


@pytest.mark.parametrize(("timeout", "found"), [(0.5, False), (1.5, True), (None, True)])
def test_time_outs_are_virtual(timeout: float | None, found: bool) -> None:
    def scenario() -> bool:
        queue: SimpleQueue[int] = SimpleQueue()

        def puts() -> None:
            do(time.sleep, 1)
            do(queue.put, 1)

        def gets() -> bool:
            try:
                do(queue.get, True, timeout)
            except Empty:
                assert 0.5 <= run.now < 0.6
                return False
            return True

        return together(puts, gets)[1]  # type: ignore[no-any-return]

    assert results(scenario, 20) == {found}


def test_looking_does_not_wait() -> None:
    queue: SimpleQueue[int] = SimpleQueue()

    def scenario() -> bool:
        assert (do(queue.empty), do(queue.qsize)) == (True, 0)
        for attempt in (queue.get_nowait, lambda: do(queue.get, False), lambda: do(queue.get, True, 0)):
            with pytest.raises(Empty):
                do(attempt)
        do(queue.put_nowait, 1)
        assert (do(queue.empty), do(queue.qsize)) == (False, 1)
        return bool(do(queue.get_nowait) == 1)

    assert results(scenario, 1) == {True}


@pytest.mark.parametrize(("args", "kwargs"), [((True, -1), {}), ((True, "x"), {}), ((1, 2, 3), {}), ((), {"wait": 1})])
def test_wrong_arguments_raise_what_the_real_queue_raises(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    queue: SimpleQueue[int] = SimpleQueue()
    with pytest.raises(Exception) as real:
        queue.get(*args, **kwargs)
    error = execution(lambda: do(queue.get, *args, **kwargs)).error
    assert (type(error), str(error)) == (real.type, str(real.value))


def test_nobody_puts_is_for_ever() -> None:
    assert execution(lambda: do(SimpleQueue().get)).reason == "lost-wakeup"
