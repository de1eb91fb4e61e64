"""A failure says whether it can happen where there is a GIL."""

from __future__ import annotations

import sys

import pytest

from acceptance.suite import Suite
from acceptance.test_reports import valid

SAYS = "possible on this interpreter with the GIL: "
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()

TESTS = """
class Counter:
    def __init__(self): self.value = 0
@pytest.fixture
def counter(): return Counter()
@pytest.mark.gilcheck_race
def test_in_one_go(counter):
    for _ in range(2): counter.value += 1
    assert counter.value % 2 == 0
@pytest.mark.gilcheck_race
def test_with_a_call(counter):
    before = counter.value
    counter.value = abs(before) + 1
    assert counter.value == before + 1
def count(counter): counter.value += 1
def count_slowly(counter): counter.value = max(counter.value, 0) + 1
def test_one_by_one(counter, gilcheck):
    gilcheck.run(lambda: count(counter), lambda: count(counter))
    assert counter.value == 2
def test_slowly(counter, gilcheck):
    gilcheck.run(lambda: count_slowly(counter), lambda: count_slowly(counter))
    assert counter.value == 2
@pytest.mark.gilcheck_race
def test_safe(counter): assert Counter().value == 0
"""


@pytest.mark.skipif(not HAS_GIL, reason="without a GIL there is nothing to say")
def test_what_is_said_and_recorded(suite: Suite) -> None:
    suite.write(TESTS)
    ran = suite.run()
    said = {
        test: [line.removeprefix(SAYS) for line in ran.failure(test).splitlines() if line.startswith(SAYS)]
        for test in ("test_one_by_one", "test_slowly")
    }
    assert said == {"test_one_by_one": ["no: free-threaded builds only, today"], "test_slowly": ["yes"]}
    feasible = {test: record["gil_feasible"] for test, record in ran.races.items()}
    assert feasible["test_one_by_one"] is False
    assert feasible["test_slowly"] is True
    assert feasible["test_safe"] is None
    valid(ran.report)
    assert ran.race("test_safe") == "clean"


@pytest.mark.skipif(HAS_GIL, reason="with a GIL there is something to say")
def test_nothing_is_said_where_there_is_no_gil(suite: Suite) -> None:
    suite.write(TESTS)
    ran = suite.run()
    assert ran.race("test_one_by_one") == "race"
    ran.lacks(SAYS)
    assert all(record["gil_feasible"] is None for record in ran.races.values())
