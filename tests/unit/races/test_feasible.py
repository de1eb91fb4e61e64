"""Whether a failure can happen with the GIL: when that stays open, what it costs, and what it leaves behind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from unit.races.alone import alone

pytestmark = pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="without a GIL there is nothing to ask"
)

HEAD = """
import sys, threading, time
from pytest_gilcheck.races import Budget, Failure, Scope, explore, run
from pytest_gilcheck.races import feasible
from pytest_gilcheck.races.quiet import quiet
from pytest_gilcheck.races.run import Run, run as engine

class Shared:
    def __init__(self): self.n = 0
    def count(self): self.n += 1
    def count_slowly(self): self.n = max(self.n, 0) + 1

def counting(name, times=1):
    def scenario():
        shared = Shared()
        def many():
            for _ in range(times): getattr(shared, name)()
        run(many, many)
        assert shared.n == 2 * times
    return scenario

# So long that none is spent on a busy machine.
PATIENT = Budget(seconds=30.0, schedules=1000)

def asked(scenario, schedules=1000):
    found = explore(scenario, budget=PATIENT)
    with quiet():
        return feasible.with_gil(scenario, Scope(), found.failure, budget=Budget(seconds=30.0, schedules=schedules))
"""


def test_nothing_is_searched_where_nothing_failed(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
feasible.with_gil = None
def scenario():
    shared = Shared()
    run(lambda: shared.n, lambda: shared.n)
found = explore(scenario, budget=PATIENT)
assert (found.verdict, found.gil_feasible, found.gil_said, found.gil_seconds) == ("clean", None, "", 0.0)
""",
    )


def test_no_is_only_said_when_everything_ran(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
assert asked(counting("count", 2)).answer is False
answer = asked(counting("count", 20), schedules=30)
assert (answer.answer, answer.said) == (None, f"not found in {answer.schedules} schedules"), answer
assert answer.schedules == 30
""",
    )


def test_a_failure_that_needs_no_switch_in_code_needs_no_search(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    order = []
    def first(): time.sleep(1); order.append(1)
    def second(): time.sleep(1); order.append(2)
    run(first, second)
    assert order == [1, 2]
found = explore(scenario, budget=PATIENT)
assert all(switch.place is None for switch in found.failure.schedule.switches), found
with quiet():
    answer = feasible.with_gil(scenario, Scope(), found.failure)
assert (answer.answer, answer.said, answer.schedules) == (True, "yes", 0)

def always():
    lock = threading.Lock()
    with lock: lock.acquire()
found = explore(always, budget=PATIENT)
assert (found.kind, found.gil_feasible, found.gil_said) == ("self-deadlock", True, "yes"), found
""",
    )


def test_what_takes_long_is_not_searched_for(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
bad = counting("count")
found = explore(bad, budget=PATIENT)
with quiet():
    answer = feasible.with_gil(bad, Scope(), found.failure, execution=feasible.LONG + 0.01)
assert (answer.answer, answer.said, answer.schedules) == (None, "not searched for: a schedule takes too long", 0)
""",
    )


def test_another_failure_is_not_taken_for_it(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    # An update is lost only without the GIL; the other failure happens with it, too.
    shared = Shared()
    seen = []
    def count():
        shared.n += 1
        abs(0)
        seen.append(shared.n)
    run(count, count)
    if seen == [2, 2]: raise KeyError
    assert shared.n == 2
found = explore(scenario, strategy="systematic", budget=PATIENT)
for wanted, answer in ((AssertionError(), False), (KeyError(), True)):
    failure = Failure(kind="exception", error=wanted, text="", schedule=SCHEDULE)
    with quiet():
        said = feasible.with_gil(scenario, Scope(), failure, budget=PATIENT)
    assert said.answer is answer, (wanted, said)
""".replace("SCHEDULE", "found.failure.schedule"),
    )


def test_code_that_is_not_seen_leaves_it_open(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
from decimal import Decimal
from fractions import Fraction
class Kept(Shared):
    zero = 0
    def count(self): self.n = self.n + self.zero + 1
def scenario(zero):
    class Special(Kept): pass
    Special.zero = zero
    def scenario():
        shared = Special()
        shared.n = zero
        run(shared.count, shared.count)
        assert shared.n == 2
    return scenario
assert asked(scenario(0)).answer is False
assert asked(scenario(0.0)).answer is False
for zero in (Fraction(0), Decimal(0)):
    answer = asked(scenario(zero))
    assert (answer.answer, answer.said[:13]) == (None, "not found in "), (zero, answer)
""",
    )


def test_nothing_is_left_of_it(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def good():
    shared = Shared()
    run(lambda: shared.n, lambda: shared.n)
explore(good, budget=PATIENT)
code, usual = Shared.count.__code__, dict(vars(engine))
for _ in range(3):
    assert asked(counting("count")).answer is False
    assert asked(counting("count_slowly")).answer is True
    assert explore(counting("count"), budget=PATIENT).failure is not None
assert type(engine) is Run
assert vars(engine).keys() == usual.keys()
assert Shared.count.__code__ is code
assert threading.active_count() == 1
""",
    )


def test_code_is_as_it_was_when_it_is_searched_again(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
bad = counting("count")
first = explore(bad, budget=PATIENT)
again = explore(bad, budget=PATIENT, first=first.token)
assert (first.schedules, first.token) == (first.first_failure, again.token), (first, again)
assert again.first_failure == 2
""",
    )
