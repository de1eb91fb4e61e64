"""The strategy ``sleep``, and strategies that a conftest file adds, as a user meets them."""

from __future__ import annotations

import pytest

from acceptance.racing import COUNTERS, DEADLOCK
from acceptance.suite import Suite

HOOK = """
from pytest_gilcheck.races.schedulers import Base

class Last(Base):
    def __init__(self, seed): ...
    def choose(self, me, ready, site, passage):
        return ready[-1]

class Raising(Last):
    def choose(self, me, ready, site, passage):
        raise ValueError("boom")

class Lost(Last):
    def choose(self, me, ready, site, passage):
        return None

def unmade(seed):
    raise KeyError("x")

def pytest_gilcheck_strategies():
    return {"last": Last, "raising": Raising, "lost": Lost, "unmade": unmade}
"""

BODY = """
@pytest.fixture
def checked(counter, gilcheck):
    yield counter
    assert counter.value == gilcheck.thread_count, "an update was lost"
"""


def test_sleep_finds_a_race_and_prints_what_replays_it(suite: Suite) -> None:
    # One of a few runs has a sleep between the read and the write.
    suite.write(
        COUNTERS,
        BODY,
        """
        @pytest.mark.gilcheck_race(threads=2, strategy="sleep", seconds=30, seed=4)
        def test_careless(checked):
            checked.increment()
        @pytest.fixture
        def locked(gilcheck):
            counter = Locked()
            yield counter
            assert counter.value == gilcheck.thread_count
        @pytest.mark.gilcheck_race(threads=2, strategy="sleep", schedules=30, seed=4)
        def test_careful(locked):
            locked.increment()
        """,
    )
    ran = suite.run()
    assert ran.race("test_careless") == "race"
    assert "free run" in ran.races["test_careless"]["reason"]
    assert "an update was lost" in ran.failure("test_careless")
    careful = ran.races["test_careful"]
    assert (careful["verdict"], careful["coverage"], careful["strategy"]) == ("clean", "sampled", "sleep")
    assert careful["reason"] == "sampled: 30 free runs with random sleeps (seed 4)"
    (replay,) = ran.replay_lines
    again = suite.run(*replay)
    assert "an update was lost" in again.failure("test_careless")


def test_sleep_finds_a_deadlock_with_the_lines(suite: Suite) -> None:
    suite.write(COUNTERS, DEADLOCK.replace("gilcheck_race", 'gilcheck_race(strategy="sleep", seconds=30)'))
    ran = suite.run()
    assert ran.race("test_deadlock") in {"deadlock", "hang"}
    assert "test_suite.py" in ran.failure("test_deadlock")


def test_a_strategy_of_a_conftest_file_searches(suite: Suite) -> None:
    suite.write(conftest=HOOK)
    suite.write(
        COUNTERS, BODY, "@pytest.mark.gilcheck_race(threads=2, strategy='last')\ndef test_it(checked): checked.increment()"
    )
    ran = suite.run()
    assert (ran.race("test_it"), ran.races["test_it"]["strategy"]) == ("race", "last")
    assert "an update was lost" in ran.failure("test_it")


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        ("raising", "strategy 'raising' raised in choose(): ValueError: boom"),
        ("lost", "strategy 'lost' returned None from choose()"),
        ("unmade", "strategy 'unmade' raised KeyError: 'x'"),
    ],
)
def test_a_broken_strategy_is_named_and_no_race_is_claimed(suite: Suite, strategy: str, said: str) -> None:
    suite.write(conftest=HOOK)
    suite.write(
        COUNTERS,
        BODY,
        f"""
        @pytest.mark.gilcheck_race(threads=2, strategy={strategy!r})
        def test_it(checked): checked.increment()
        def test_other(): ...
        """,
    )
    ran = suite.run()
    assert ran.status == pytest.ExitCode.TESTS_FAILED
    assert ran.race("test_it") == "skipped"
    assert f"gilcheck: {said}" in ran.failure("test_it")
    assert "an update was lost" not in ran.output
    assert ran.outcomes["test_other"] == ["passed"]


def test_a_name_that_nobody_added_is_a_usage_error_with_all_names(suite: Suite) -> None:
    suite.write(conftest=HOOK)
    suite.write("@pytest.mark.gilcheck_race(strategy='lats')\ndef test_it(): ...")
    ran = suite.run()
    assert ran.status == pytest.ExitCode.USAGE_ERROR
    assert "strategy='lats' is not 'auto' or " in ran.output
    assert "'sleep' or 'last' or 'raising'" in ran.output


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("{'pct': print}", "pytest_gilcheck_strategies: 'pct' is a strategy already; the names that are taken: auto, *"),
        ("{'mine': 3}", "pytest_gilcheck_strategies: 'mine' is 3, which cannot be called to make a scheduler"),
        ("{'': print}", "pytest_gilcheck_strategies: '' is no name of a strategy*"),
        ("['mine']", "pytest_gilcheck_strategies: an implementation returned *'mine'*, which is no dict"),
        ("1 // 0", "pytest_gilcheck_strategies: an implementation raised ZeroDivisionError*"),
    ],
)
def test_what_cannot_be_added_is_a_usage_error(suite: Suite, answer: str, said: str) -> None:
    suite.write(conftest=f"def pytest_gilcheck_strategies(): return {answer}")
    suite.write("@pytest.mark.gilcheck_race\ndef test_it(): ...")
    ran = suite.run()
    assert ran.status == pytest.ExitCode.USAGE_ERROR
    ran.result.stderr.fnmatch_lines([f"ERROR: {said}"])
