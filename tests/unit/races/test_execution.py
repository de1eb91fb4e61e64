"""One execution: how it ends, what it says, and that its threads are gone after it."""

from __future__ import annotations

import threading

from pytest_gilcheck.races.execution import Result, execute
from pytest_gilcheck.races.primitives.everywhere import everywhere
from pytest_gilcheck.races.run import Wait, run
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.sites import Kind, Site

NOWHERE = Site(code=(lambda: None).__code__, offset=0, line=None, kind=Kind.LOAD_ATTR, name="part")


def executed(scenario: object, *order: int) -> Result:
    assert callable(scenario)
    with everywhere():
        return execute(run, scenario, Serial(order))


def test_what_the_scenario_raises_is_the_result() -> None:
    error = ValueError("x")

    def scenario() -> None:
        raise error

    result = executed(scenario)
    assert (result.error, result.reason, result.threads) == (error, None, 1)


def test_what_a_thread_raises_is_told_apart() -> None:
    error = ValueError("x")

    def work() -> None:
        raise error

    def scenario() -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    before, threading.excepthook = threading.excepthook, lambda _: None
    try:
        result = executed(scenario)
    finally:
        threading.excepthook = before
    assert (result.error, result.thread_errors, result.threads) == (None, (error,), 2)


def test_the_scheduler_decides_who_is_first() -> None:
    log: list[str] = []

    def scenario() -> None:
        run.all([lambda: log.append("a"), lambda: log.append("b")])

    executed(scenario)
    result = executed(scenario, 2, 1)
    assert log == ["a", "b", "b", "a"]
    assert len(result.schedule) == 1


def test_threads_that_wait_for_ever_end_it_and_are_ended() -> None:
    before = threading.active_count()

    def wait() -> None:
        run.wait(("never",), Wait("something that never comes", kind="condition"))

    result = executed(lambda: run.all([wait, wait]))
    assert result.reason == "lost-wakeup"
    assert len([line for line in result.report if "something that never comes" in line]) == 2
    assert result.stranded == ()
    assert threading.active_count() == before


def test_a_deadline_comes_when_nobody_else_can_run() -> None:
    found: list[object] = []

    def wait() -> None:
        found.append(run.wait(("never",), Wait("nothing", kind="sleep"), run.now + 3600))
        found.append(run.now >= 3600)

    assert executed(lambda: run.all([wait])).reason is None
    assert found == [False, True]


def test_nothing_is_kept_of_an_execution() -> None:
    executed(lambda: run.all([lambda: None]))
    assert run.threads == []
    assert not run.active
    assert not run.mine()


def test_what_was_noted_is_not_taken_for_the_next_execution_even_if_threads_are_left() -> None:
    """Hooks remember what they noted; an object of the next execution may be where one of this was."""
    noted = []
    thing = threading.Event()

    def scenario() -> None:
        never = threading.Lock()
        never.acquire()
        threading.Thread(target=lambda: run.wait(("never",), Wait("for ever")), daemon=True).start()
        noted.append(run.touch(NOWHERE, thing, "part", False))
        noted.append(run.touch(NOWHERE, thing, None, False))
        assert all(found.threads for found in noted)

    assert executed(scenario).error is None
    assert [found.threads for found in noted] == [0, 0]
