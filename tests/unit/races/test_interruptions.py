"""Signal handlers wait while the engine is at work, and whenever they come, nothing of an exploration is left."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_gilcheck.races.interruptions import Handler, Interruptions

from .alone import alone

NUMBER = signal.SIGUSR2


class Late(Exception):
    """What the handler raises."""


@pytest.fixture
def calls() -> Iterator[list[int]]:
    """A handler that notes its calls, and raises."""
    seen: list[int] = []

    def handler(number: int, _frame: object) -> None:
        seen.append(number)
        raise Late

    before = signal.signal(NUMBER, handler)
    yield seen
    signal.signal(NUMBER, before)


def test_a_handler_waits_until_all_is_put_back(calls: list[int]) -> None:
    handler = signal.getsignal(NUMBER)
    steps = []

    def explore() -> None:
        with Interruptions().held():
            signal.raise_signal(NUMBER)
            steps.append(list(calls))

    with pytest.raises(Late):
        explore()
    assert steps == [[]]
    assert calls == [NUMBER]
    assert signal.getsignal(NUMBER) is handler


def test_a_handler_waits_until_it_may_raise(calls: list[int]) -> None:
    interruptions = Interruptions()
    with interruptions.held():
        interruptions.deliver()
        signal.raise_signal(NUMBER)
        with pytest.raises(Late):
            interruptions.deliver()
        interruptions.deliver()
    assert calls == [NUMBER]


def test_a_handler_runs_at_once_where_other_code_runs_and_cannot_be_swallowed(calls: list[int]) -> None:
    interruptions = Interruptions()
    with interruptions.held():
        interruptions.through = True
        with pytest.raises(Late):
            signal.raise_signal(NUMBER)
        interruptions.through = False
        assert calls == [NUMBER]
        assert isinstance(interruptions.raised, Late)
        with pytest.raises(Late):
            interruptions.deliver()
        assert interruptions.raised is None


@pytest.mark.parametrize("takes", [True, False])
def test_an_execution_decides_first(calls: list[int], takes: bool) -> None:
    asked: list[int] = []

    def take(_handler: Handler, number: int, _frame: object) -> bool:
        asked.append(number)
        return takes

    interruptions = Interruptions()
    interruptions.taker = take
    with interruptions.held():
        signal.raise_signal(NUMBER)
        assert asked == [NUMBER]
        if not takes:
            with pytest.raises(Late):
                interruptions.deliver()
    assert calls == [NUMBER] * (not takes)


def test_a_handler_that_was_set_inside_stays(calls: list[int]) -> None:
    def other(*_: object) -> None:
        calls.append(0)

    with Interruptions().held():
        signal.signal(NUMBER, other)
        signal.raise_signal(NUMBER)
    assert calls == [0]
    assert signal.getsignal(NUMBER) is other


def test_inside_of_itself_and_in_another_thread_nothing_changes() -> None:
    interruptions = Interruptions()
    seen = []

    def look() -> None:
        handler = signal.getsignal(signal.SIGINT)
        with interruptions.held():
            seen.append(signal.getsignal(signal.SIGINT) is handler)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    with interruptions.held():
        look()
    assert seen == [True, True]


#: Where the engine is when Ctrl-C comes; each is passed in every exploration.
PASSED = {
    "auto": [
        "watchdog:Watchdog._watch", "watchdog:Watchdog.rest", "laboratory:Laboratory._cool", "laboratory:Laboratory._grow",
        "laboratory:preparing.start", "laboratory:preparing.stop", "rewriting:Rewriter.resume", "rewriting:Rewriter.restore",
        "run:run.workers.close", "execution:primitives.end", "quiet:quiet.__exit__",
    ],
    "sleep": [
        "free.guard:Guard._watch", "free.guard:Guard.rest", "free.rounds:Bench._cool", "free.rounds:_clear",
        "free.rounds:threads.newcomers", "free.threads:Runner.__init__", "rewriting:Rewriter.restore",
        "quiet:quiet.__exit__",
    ],
}  # fmt: skip

PROGRAM = """
import functools, importlib, json, os, signal, sys, threading, types
from pytest_gilcheck.races import Budget, explore, run
from programs.race_leftovers import differences, snapshot

def scenario():
    state = types.SimpleNamespace(value=0)
    lock = threading.Lock()
    def add():
        with lock:
            state.value += 1
    run(add, add)

strategy, place = {strategy!r}, {place!r}
signal.signal(signal.SIGINT, signal.default_int_handler)
budget = Budget(seconds=60.0, schedules=12)
explore(scenario, strategy=strategy, budget=budget)

module, _, names = place.partition(":")
*owners, name = names.split(".")
owner = functools.reduce(getattr, owners, importlib.import_module("pytest_gilcheck.races." + module))
real = getattr(owner, name)
passed = []

def passing(*arguments, **more):
    if not passed:
        passed.append(threading.current_thread().name)
        os.kill(os.getpid(), signal.SIGINT)
    return real(*arguments, **more)

before = snapshot()
setattr(owner, name, passing)
try:
    explore(scenario, strategy=strategy, budget=budget)
except KeyboardInterrupt:
    answer = "KeyboardInterrupt"
else:
    answer = "nothing"
setattr(owner, name, real)
print(json.dumps([answer, len(passed), differences(before)]))
assert explore(scenario, strategy=strategy, budget=budget).verdict == "clean"
"""


@pytest.mark.parametrize(("strategy", "place"), [(strategy, place) for strategy in PASSED for place in PASSED[strategy]])
def test_wherever_the_engine_is_all_is_put_back(tmp_path: Path, strategy: str, place: str) -> None:
    tests = Path(__file__).resolve().parent.parent.parent
    said = alone(tmp_path, PROGRAM.format(strategy=strategy, place=place), PYTHONPATH=str(tests))
    assert said == '["KeyboardInterrupt", 1, []]\n'
