"""Callables one after another; one that waits does not keep the next from beginning."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable

import pytest

from pytest_gilcheck.races import ordinary
from pytest_gilcheck.races.ordinary import one_after_another


def test_results_come_in_order_and_nobody_overlaps() -> None:
    log: list[str] = []

    def work(name: str) -> Callable[[], str]:
        def steps() -> str:
            log.extend(f"{name}{step}" for step in range(1000))
            return name

        return steps

    assert one_after_another([work("a"), work("b")]) == (["a", "b"], [])
    assert log == [f"{name}{step}" for name in "ab" for step in range(1000)]


def test_all_run_though_one_raises() -> None:
    error = ValueError("x")

    def fail() -> None:
        raise error

    assert one_after_another([fail, lambda: 2]) == ([None, 2], [error])


def test_one_that_waits_for_a_later_one_does_not_stop_it() -> None:
    event = threading.Event()
    assert one_after_another([event.wait, event.set]) == ([True, None], [])


def test_those_that_wait_for_ever_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ordinary, "PATIENCE", 0.05)
    event = threading.Event()
    try:
        with pytest.raises(TimeoutError, match=r"(?s)gilcheck-1:.*in Event\.wait") as raised:
            one_after_another([event.wait, lambda: None])
    finally:
        event.set()
    assert "gilcheck-2" not in str(raised.value)


def test_the_switch_interval_is_put_back() -> None:
    before = sys.getswitchinterval()
    assert one_after_another([sys.getswitchinterval])[0] == [1.0]
    assert sys.getswitchinterval() == before
