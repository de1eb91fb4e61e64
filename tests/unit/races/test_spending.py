from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pytest_gilcheck.races import spending
from pytest_gilcheck.races.spending import MOST, Spending, waited_for_cpu


class Machine:
    """``now`` is the time, ``waited`` what threads waited for a CPU."""

    def __init__(self) -> None:
        self.now = 50.0
        self.waited = 7.0


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(spending, "perf_counter", lambda: machine.now)
    monkeypatch.setattr(spending, "waited_for_cpu", lambda: machine.waited)
    return machine


def test_on_an_idle_machine_it_is_the_time(machine: Machine) -> None:
    spending = Spending(2.0)
    assert spending.left
    machine.now += 1.9
    assert spending.left
    machine.now += 0.2
    assert not spending.left


def test_time_that_others_had_does_not_count(machine: Machine) -> None:
    spending = Spending(2.0)
    machine.now += 3.0
    machine.waited += 1.5
    assert spending.left
    machine.now += 0.6
    assert not spending.left


def test_but_not_without_end(machine: Machine) -> None:
    spending = Spending(2.0)
    machine.now += 2.0 * MOST
    machine.waited += 1000.0
    assert not spending.left


def test_threads_that_have_ended_take_nothing_away(machine: Machine) -> None:
    spending = Spending(2.0)
    machine.now += 3.0
    machine.waited += 1.5
    assert spending.left
    machine.waited -= 8.0
    assert spending.left
    assert not Spending(0.0).left


def test_without_an_end(machine: Machine) -> None:
    machine.waited = 1e9
    assert Spending(float("inf")).left


def _compute(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(range(1000))


@pytest.mark.skipif(waited_for_cpu() == 0, reason="this system does not tell how long threads wait for a CPU")
def test_waits_of_all_threads_are_added() -> None:
    before = waited_for_cpu()
    stop = threading.Event()
    threads = [threading.Thread(target=_compute, args=(stop,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        reached = _until(lambda: waited_for_cpu() > before)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert reached


def _until(condition: Callable[[], bool]) -> bool:
    return any(condition() for _ in range(100_000))
