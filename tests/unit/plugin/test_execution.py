from __future__ import annotations

import threading

import pytest

from pytest_gilcheck.plugin import execution as module
from pytest_gilcheck.plugin.execution import Execution, become, count, current, execution, index, one_of
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


def test_a_callable_given_to_run_knows_its_place_among_them() -> None:
    gilcheck = Gilcheck()
    with execution("race", 3):
        before = become(2)
        with one_of(1, 5):
            assert (gilcheck.thread_index, gilcheck.thread_count) == (1, 5)
            with one_of(0, 2):
                assert (index(), count()) == (0, 2)
            assert (index(), count()) == (1, 5)
        assert (index(), count()) == (2, 3)
        become(before)


def test_outside_an_execution_callables_run_in_the_order_written_and_all_of_them() -> None:
    gilcheck = Gilcheck()
    seen: list[tuple[str, int, int]] = []

    def note(name: str) -> str:
        seen.append((name, gilcheck.thread_index, gilcheck.thread_count))
        return name.upper()

    def fail() -> None:
        note("fails")
        raise LookupError("x")

    assert gilcheck.run(lambda: note("a"), lambda: note("b")) == ["A", "B"]
    with pytest.raises(LookupError, match="x"):
        gilcheck.run(fail, lambda: note("c"))
    with pytest.raises(ExceptionGroup) as raised:
        gilcheck.run(fail, lambda: note("d"), fail)
    assert [type(error) for error in raised.value.exceptions] == [LookupError, LookupError]
    assert seen == [
        ("a", 0, 2), ("b", 1, 2), ("fails", 0, 2), ("c", 1, 2), ("fails", 0, 3), ("d", 1, 3), ("fails", 2, 3)
    ]  # fmt: skip
    assert gilcheck.run() == []


def test_checks_are_called_once_in_order_and_one_that_fails_leaves_the_rest_for_nobody() -> None:
    gilcheck = Gilcheck()
    called: list[str] = []
    gilcheck.after(lambda: called.append("a"))
    gilcheck.after(lambda: called.append("b"))
    assert called == []
    gilcheck.settle()
    gilcheck.settle()
    assert called == ["a", "b"]
