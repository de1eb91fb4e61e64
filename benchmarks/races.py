"""What the race engine costs: a point, a function, a schedule; and how that grows with threads, events and schedules.

``python benchmarks/races.py [SECTION ...]`` prints a table for each section. Growth is linear where the cost of
one unit stays level.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import CodeType, FunctionType, SimpleNamespace

from pytest_gilcheck.races import Budget, explore, hooks, run
from pytest_gilcheck.races.bytecode import instrument

LONG = Budget(seconds=600.0, schedules=10**9, limit=600.0)
Body = Callable[[SimpleNamespace, int], None]


def mean_execution(scenario: Callable[[], object], schedules: int, strategy: str = "random") -> float:
    """Seconds of one execution, once all code is known."""
    times: list[float] = []
    budget = Budget(seconds=600.0, schedules=schedules, limit=600.0)
    explore(
        scenario, name="benchmark", strategy=strategy, budget=budget, observer=lambda _: times.append(time.perf_counter())
    )
    known = times[len(times) // 3 :]
    return (known[-1] - known[0]) / (len(known) - 1)


def read_attribute(state: SimpleNamespace, count: int) -> None:
    for _ in range(count):
        state.value  # noqa: B018 - the access is what is measured


def read_own(_: SimpleNamespace, count: int) -> None:
    own = SimpleNamespace(value=0)
    for _turn in range(count):
        own.value  # noqa: B018


def write_attribute(state: SimpleNamespace, count: int) -> None:
    for _ in range(count):
        state.value = 1


def write_item(state: SimpleNamespace, count: int) -> None:
    table = state.table
    for _ in range(count):
        table["key"] = 1


def append(state: SimpleNamespace, count: int) -> None:
    table = state.numbers
    for _ in range(count):
        table.append(1)


def take_lock(state: SimpleNamespace, count: int) -> None:
    lock = state.lock
    for _ in range(count):
        with lock:
            pass


def call(_: SimpleNamespace, count: int) -> None:
    for _turn in range(count):
        nothing()


def nothing() -> None:
    """Only called."""


def scenario_of(body: Body, count: int, threads: int = 2) -> Callable[[], None]:
    def scenario() -> None:
        state = SimpleNamespace(value=0, table={"key": 0}, numbers=[], lock=threading.Lock())
        run(*[lambda: body(state, count)] * threads)

    return scenario


POINTS: tuple[tuple[str, Body], ...] = (
    ("call of a function", call),
    ("attribute of an own object", read_own),
    ("attribute read by both", read_attribute),
    ("attribute written by both", write_attribute),
    ("item written by both", write_item),
    ("list both append to", append),
    ("lock both take", take_lock),
)


def plain(body: Body, count: int) -> float:
    state = SimpleNamespace(value=0, table={"key": 0}, numbers=[], lock=threading.Lock())
    begin = time.perf_counter()
    body(state, count)
    return time.perf_counter() - begin


def point() -> None:
    """Cost of one passage: the slope between a few and many, and the same without the engine."""
    few, many = 100, 4000
    for strategy in ("systematic", "random"):
        print(f"\none passage, {strategy}{'ns':>26s}{'plain ns':>12s}")
        for title, body in POINTS:
            under = [mean_execution(scenario_of(body, count), 24, strategy) / 2 for count in (few, many)]
            bare = [min(plain(body, count) for _ in range(5)) for count in (few, many)]
            slope, base = ((times[1] - times[0]) / (many - few) * 1e9 for times in (under, bare))
            print(f"{title:36s}{slope:12.0f}{base:12.0f}")


def instrumenting() -> None:
    """Cost of rewriting a function, over those of some modules."""
    codes: list[CodeType] = []
    for module in (argparse, ast, difflib, json.decoder, textwrap, threading, importlib.import_module("tarfile")):
        for value in vars(module).values():
            members = vars(value).values() if isinstance(value, type) else [value]
            codes += [member.__code__ for member in members if isinstance(member, FunctionType)]
    seconds = min(_instrument_all(codes) for _ in range(3))
    instructions = sum(len(code.co_code) // 2 for code in codes)
    units, each = instructions / len(codes), seconds / len(codes) * 1e6
    print(f"\n{len(codes)} functions, {units:.0f} code units each: {each:.0f} µs a function")


def _instrument_all(codes: list[CodeType]) -> float:
    begin = time.perf_counter()
    for code in codes:
        instrument(code, hooks.factory)
    return time.perf_counter() - begin


SUITE = """
import pytest

class Counter:
    def __init__(self):
        self.value = 0
    def increment(self):
        self.value += 1

@pytest.fixture
def counter():
    counter = Counter()
    yield counter
    assert counter.value

@pytest.mark.gilcheck_race(threads=2, strategy="random", schedules={schedules}, seconds=60)
def test_counter(counter):
    counter.increment()
"""


def rate() -> None:
    """Schedules a second for a counter that two threads increment."""
    print(f"\n{'schedules a second':36s}")
    for strategy in ("systematic", "random"):
        # A systematic search of one increment is soon over: what it costs shows in a body with three of them.
        title = "three increments" if strategy == "systematic" else "one increment"
        count = 3 if strategy == "systematic" else 1
        print(f"{f'{strategy}, {title}':36s}{1 / mean_execution(scenario_of(increment, count), 6000, strategy):12,.0f}")
    print(f"{'random, with fixtures, in pytest':36s}{_through_pytest():12,.0f}")


def increment(state: SimpleNamespace, count: int) -> None:
    for _ in range(count):
        state.value += 1


def _through_pytest(schedules: int = 6000) -> float:
    """The rate of the last two thirds, so that neither imports nor first executions count."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_counter.py").write_text(SUITE.format(schedules=schedules), encoding="utf-8")
        noted = Path(folder, "times")
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "RACE_TIMES": str(noted)}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "race_observer"]
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        times = json.loads(noted.read_text().splitlines()[0])["times"]
    known = times[len(times) // 3 :]
    return float((len(known) - 1) / (known[-1] - known[0]))


def threads() -> None:
    """An execution in which each thread takes a lock and writes, ten times."""
    print(f"\n{'threads':>10s}{'ms':>10s}{'µs a thread':>14s}")
    for count in (2, 4, 8, 16):
        seconds = mean_execution(scenario_of(lock_and_write, 10, count), 150)
        print(f"{count:10d}{seconds * 1e3:10.2f}{seconds / count * 1e6:14.0f}")


def lock_and_write(state: SimpleNamespace, count: int) -> None:
    for _ in range(count):
        with state.lock:
            state.value += 1


def events() -> None:
    """One execution with more and more accesses, in a process of its own each."""
    print(f"\n{'events':>10s}{'ms':>10s}{'ns an event':>14s}{'peak MB':>10s}")
    for count in (10**2, 10**3, 10**4, 10**5, 10**6):
        seconds, megabytes = _child("events", count)
        print(f"{count:10d}{seconds * 1e3:10.2f}{seconds / count * 1e9:14.0f}{megabytes:10.0f}")


def schedules() -> None:
    """More and more schedules of one scenario, in a process of its own each."""
    print(f"\n{'schedules':>10s}{'s':>10s}{'µs a schedule':>14s}{'peak MB':>10s}")
    for count in (10**2, 10**3, 10**4, 10**5):
        seconds, megabytes = _child("schedules", count)
        print(f"{count:10d}{seconds:10.2f}{seconds / count * 1e6:14.0f}{megabytes:10.0f}")


def _child(what: str, count: int) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--child", what, str(count)], capture_output=True, text=True, check=True
    )
    seconds, megabytes = json.loads(done.stdout)
    return float(seconds), float(megabytes)


def child(what: str, count: int) -> None:
    if what == "events":
        seconds = mean_execution(scenario_of(lock_and_write, count // 8), 12)  # four a round, of each of two threads
    else:
        begin = time.perf_counter()
        budget = Budget(seconds=600.0, schedules=count, limit=600.0)
        explore(scenario_of(lock_and_write, 10), name="benchmark", strategy="random", budget=budget)
        seconds = time.perf_counter() - begin
    print(json.dumps([seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


SECTIONS = {
    "point": point,
    "instrument": instrumenting,
    "rate": rate,
    "threads": threads,
    "events": events,
    "schedules": schedules,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(arguments.child[0], int(arguments.child[1]))
        return
    for name in arguments.sections or SECTIONS:
        SECTIONS[name]()


if __name__ == "__main__":
    main()
