from __future__ import annotations

import threading

import pytest

from pytest_gilcheck.plugin import execution as module
from pytest_gilcheck.plugin.execution import Execution, become, current, execution, index
from pytest_gilcheck.plugin.fixture import Gilcheck


def test_outside_any_rerun() -> None:
    assert current() == Execution(mode="single", count=1)
    assert index() == 0
    gilcheck = Gilcheck()
    assert (gilcheck.mode, gilcheck.thread_index, gilcheck.thread_count) == ("single", 0, 1)


def test_a_rerun_is_seen_by_all_threads_and_a_number_by_one() -> None:
    seen: list[tuple[str, int, int]] = []
    gilcheck = Gilcheck()

    def look() -> None:
        seen.append((gilcheck.mode, gilcheck.thread_index, gilcheck.thread_count))

    def work(number: int) -> None:
        assert become(number) == 0
        look()
        helper = threading.Thread(target=look)
        helper.start()
        helper.join()

    with execution("threads", 3):
        for number in range(3):
            thread = threading.Thread(target=work, args=(number,))
            thread.start()
            thread.join()
    assert seen == [
        ("threads", 0, 3),
        ("threads", 0, 3),
        ("threads", 1, 3),
        ("threads", 0, 3),
        ("threads", 2, 3),
        ("threads", 0, 3),
    ]


def test_reruns_nest_and_an_exception_ends_them() -> None:
    with execution("processes", 2):
        with pytest.raises(ZeroDivisionError), execution("single", 1):
            raise ZeroDivisionError
        assert current() == Execution(mode="processes", count=2)
    assert current() is module.current()
    assert current() == Execution()
    assert index() == 0


def test_the_fixture_shows_where_it_is() -> None:
    with execution("threads", 4):
        before = become(2)
        shown = repr(Gilcheck())
        assert become(before) == 2
    assert shown == "<gilcheck mode='threads' thread_index=2 thread_count=4>"
