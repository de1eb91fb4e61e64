"""What an exploration concludes, each in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.races.alone import alone

HEAD = """
import threading, time, os, sys, random
from pytest_gilcheck.races import Budget, explore, replay, run
from pytest_gilcheck.errors import Misuse

class Shared:
    def __init__(self):
        self.n = 0
        self.lock = threading.Lock()
    def careless(self):
        self.n += 1
    def careful(self):
        with self.lock:
            self.n += 1

def bad():
    shared = Shared()
    run(shared.careless, shared.careless)
    assert shared.n == 2, shared.n

def good():
    shared = Shared()
    run(shared.careful, shared.careful)
    assert shared.n == 2, shared.n
"""


@pytest.mark.parametrize("strategy", ["auto", "systematic", "random"])
def test_a_lost_update_is_found_and_replayed(tmp_path: Path, strategy: str) -> None:
    alone(
        tmp_path,
        HEAD
        + f"""
found = explore(bad, name="bad", strategy={strategy!r}, seed=3)
assert (found.verdict, found.kind) == ("race", "exception"), found
assert found.first_failure == found.schedules and found.switches >= 1, found
assert isinstance(found.failure.error, AssertionError)
for _ in range(20):
    again = replay(bad, found.token, name="bad")
    assert (again.verdict, str(again.failure.error)) == ("race", str(found.failure.error)), again
""",
    )


@pytest.mark.parametrize("strategy", ["auto", "systematic"])
def test_a_correct_twin_is_exhausted(tmp_path: Path, strategy: str) -> None:
    alone(
        tmp_path,
        HEAD
        + f"""
found = explore(good, strategy={strategy!r}, budget=Budget(seconds=60, schedules=100_000))
assert (found.verdict, found.coverage) == ("clean", "exhausted"), found
assert found.token is None and found.failure is None
""",
    )


def test_a_bound_is_named_in_what_is_concluded(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def good_twice():
    shared = Shared()
    run(*[lambda: (shared.careful(), shared.careful())] * 2)
    assert shared.n == 4, shared.n

found = explore(good_twice, bound=1, budget=Budget(seconds=60, schedules=100_000))
assert (found.verdict, found.coverage, found.preemption_bound) == ("clean", "exhausted", 1), found
assert "at most 1 preemption" in found.reason, found
""",
    )


def test_a_budget_that_ends_the_search_is_no_exhaustion(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
found = explore(good, strategy="systematic", budget=Budget(seconds=60, schedules=5))
assert (found.verdict, found.coverage) == ("clean", "cut"), found
assert found.schedules <= 6, found
""",
    )


SPENT = """
from pytest_gilcheck.races import planning
from pytest_gilcheck.races.spending import Spending

def spent(scenario, **more):
    # The first execution took all of the time; it is so on any machine.
    done = []
    Spending.left = property(lambda self: not done)
    planning._SHORT = 0.0
    return explore(scenario, observer=done.append, **more)
"""


def test_a_long_body_gets_a_few_schedules_whatever_the_budget(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + SPENT
        + """
planning._LONG = float("inf")
found = spent(bad)
assert (found.verdict, found.kind) == ("race", "exception"), found
found = spent(good)
assert (found.verdict, found.coverage, found.schedules) == ("clean", "cut", 2), found
assert "the budget ended the search early" in found.reason, found
def alone():
    one, other = Shared(), Shared()
    run(one.careless, other.careless)
found = spent(alone)
assert (found.verdict, found.coverage, found.schedules) == ("clean", "exhausted", 2), found
""",
    )


@pytest.mark.parametrize("search", ["spent(bad)", "explore(bad, budget=Budget(schedules=1))"])
def test_the_plain_order_alone_says_nothing(tmp_path: Path, search: str) -> None:
    alone(
        tmp_path,
        HEAD
        + SPENT
        + f"""
planning._LONG = 0.0
found = {search}
assert (found.verdict, found.coverage, found.schedules) == ("skipped", None, 1), found
assert "before the search began; allow more" in found.reason, found
""",
    )


def test_threads_that_share_nothing_are_said_to_share_nothing(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def alone():
    one, other = Shared(), Shared()
    run(one.careless, other.careless)
found = explore(alone)
assert (found.verdict, found.coverage) == ("clean", "exhausted"), found
assert "share nothing" in found.reason, found
""",
    )


def test_a_scenario_that_fails_whenever_it_runs_again_is_not_repeatable(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def twice():
    taken = set()
    def register():
        assert "bob" not in taken
        taken.add("bob")
    run(register, register)
found = explore(twice)
assert found.verdict == "not-repeatable", found
assert "AssertionError" in found.reason, found
""",
    )


def test_chance_is_no_race(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def lucky():
    shared = Shared()
    def gamble():
        if random.random() < 0.5:
            shared.careless()
            shared.careful()
        else:
            shared.careful()
    run(gamble, gamble)
found = explore(lucky)
assert found.verdict == "nondeterministic", found
assert "differ" in found.reason, found
""",
    )


def test_a_failure_by_chance_is_no_race(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
calls = [0]
def flaky():
    calls[0] += 1
    shared = Shared()
    run(shared.careful, shared.careful)
    assert calls[0] % 7, "every seventh"
found = explore(flaky)
assert found.verdict == "nondeterministic", found
""",
    )


def test_a_token_of_other_code_is_refused(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
found = explore(bad, name="bad")
class Shared(Shared):
    def careless(self):
        self.n = self.n + 1
for name, scenario, why in (("other", bad, "belongs to another test"), ("bad", bad, "stale")):
    try:
        replay(scenario, found.token, name=name)
    except Misuse as refused:
        assert why in str(refused), refused
    else:
        raise SystemExit(f"not refused: {why}")
""",
    )


def test_an_unknown_strategy_is_refused(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
try:
    explore(bad, strategy="lucky")
except Misuse as refused:
    assert "systematic" in str(refused)
else:
    raise SystemExit("not refused")
""",
    )


def test_an_exploration_inside_another_is_refused(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
found = []
def nested():
    try:
        explore(bad)
    except RuntimeError as refused:
        found.append(str(refused))
explore(nested)
assert "one at a time" in found[0]
""",
    )


def test_outside_of_an_execution_run_calls_one_after_another(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
order = []
assert run(lambda: order.append(1) or "a", lambda: order.append(2) or "b") == ["a", "b"]
assert order == [1, 2]
def fails(): raise KeyError(3)
for callables, kind in (((fails, lambda: order.append(4)), KeyError), ((fails, fails), ExceptionGroup)):
    try:
        run(*callables)
    except kind:
        pass
    else:
        raise SystemExit("nothing raised")
assert order == [1, 2, 4]
""",
    )


def test_the_schedule_to_begin_with_is_tried_first(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
found = explore(bad, name="bad")
again = explore(bad, name="bad", first=found.token)
assert again.verdict == "race" and again.first_failure == 2, again
assert explore(bad, name="bad", first="gc1:nonsense").verdict == "race"
""",
    )
