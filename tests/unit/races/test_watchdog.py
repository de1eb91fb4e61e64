"""What the watchdog does to an execution; its looks are taken by hand."""

from __future__ import annotations

import threading
from _thread import get_ident

import pytest

from pytest_gilcheck.races.run import Run
from pytest_gilcheck.races.schedulers import Base
from pytest_gilcheck.races.state import NUDGED
from pytest_gilcheck.races.threads import Controlled
from pytest_gilcheck.races.watchdog import Watchdog


@pytest.fixture
def run() -> Run:
    """An execution in which the first of two threads runs."""
    run = Run()
    run.start(Base())
    run.threads += [Controlled(number, f"t{number}", daemon=False, thread=None) for number in range(2)]
    run.ready += run.threads
    run.me = run.threads[0]
    run.me.ident = run.current = get_ident()
    run.active = True
    return run


def test_a_thread_that_is_blocked_outside_loses_its_turn(run: Run) -> None:
    first, second = run.threads
    Watchdog(run)._take_baton(first)
    assert first.outside
    assert run.me is second
    assert second.baton.acquire(blocking=False)
    assert first not in run.ready
    assert len(run.uncontrolled) == 1
    assert run.uncontrolled[0].startswith("main thread waits for something outside at ")


def test_a_thread_that_handed_over_meanwhile_keeps_its_place(run: Run) -> None:
    first, second = run.threads
    run.me = second
    Watchdog(run)._take_baton(first)
    assert not first.outside
    assert run.uncontrolled == []


def test_a_thread_in_the_engine_is_left_alone(run: Run) -> None:
    run.me.inside = True
    Watchdog(run)._take_baton(run.me)
    assert not run.me.outside


def test_time_that_is_up_ends_the_execution_with_all_stacks(run: Run) -> None:
    Watchdog(run)._end()
    assert run.reason == "timeout"
    assert run.stopping
    assert run.current == NUDGED
    # The other thread is nowhere: it has no stack.
    assert [line for line in run.report if not line.startswith(" ")][1:] == ["main thread:"]
    assert run.report[0].startswith("no end within ")
    assert any(__file__ in line for line in run.report)


def test_its_thread_lives_only_while_it_is_on_duty(run: Run) -> None:
    def names() -> list[str]:
        return [thread.name for thread in threading.enumerate()]

    with Watchdog(run).on_duty():
        assert "gilcheck-watchdog" in names()
    assert "gilcheck-watchdog" not in names()
