"""Hazards: in the report and the JSON of every run, a failure of the test only on request, none where a line is excused."""

from __future__ import annotations

import pytest

from acceptance.racing import COUNTERS, RACE, SAFE
from acceptance.suite import Suite
from acceptance.test_reports import valid

# Nothing is asserted of the number, and nobody judges whether an update of it gets lost: so no schedule fails.
HAZARD = """
@pytest.mark.gilcheck_race(ignore="lost-update")
def test_hazard():
    counter = Counter()
    in_threads(counter.increment, counter.increment)
"""

SPLIT = """
@pytest.mark.gilcheck_race(ignore="lost-update")
def test_split():
    counter = Locked()
    def add():
        with counter.lock:
            seen = counter.value
        with counter.lock:
            counter.value = seen + 1
    in_threads(add, add)
"""


def test_a_hazard_is_reported_and_fails_nothing(suite: Suite) -> None:
    suite.write(COUNTERS, HAZARD, SAFE)
    ran = suite.run("--gilcheck-report")
    assert ran.status == 0
    assert ran.races["test_safe"]["hazards"] == []
    record = ran.races["test_hazard"]
    assert (record["verdict"], record["failed"]) == ("clean", False)
    (hazard,) = record["hazards"]
    assert hazard["kind"] == "unordered"
    assert {place["file"] for place in hazard["places"]} == {"test_suite.py"}
    assert {place["function"] for place in hazard["places"]} == {"Counter.increment"}
    assert [place["act"] for place in hazard["places"]] == ["reads .value", "writes .value", "writes .value"]
    valid(ran.report)
    ran.shows("clean * test_suite.py::test_hazard", "    1 hazard", "    [?] unordered: thread 1 reads .value of a Counter*")
    ran.lacks("gilcheck: 1 ")


def test_without_the_report_nothing_is_said_of_it(suite: Suite) -> None:
    suite.write(COUNTERS, HAZARD)
    suite.run().lacks("1 hazard", "unordered", "gilcheck: ")


def test_it_fails_its_test_if_asked_to(suite: Suite) -> None:
    suite.write(COUNTERS, HAZARD, SPLIT, SAFE, RACE)
    ran = suite.run("--gilcheck-fail-on=hazard")
    assert ran.status == 1
    assert ran.outcomes == {
        "test_hazard": ["failed"],
        "test_split": ["failed"],
        "test_safe": ["passed"],
        "test_race": ["failed"],  # it has the hazard as well
    }
    assert ran.races["test_hazard"]["failed"] is True
    failure = ran.failure("test_split")
    assert "gilcheck: 1 hazard; no schedule that ran failed" in failure
    assert "hazard (split): thread 1 reads .value of a Locked and writes it in another section of the same lock" in failure
    assert "thread 1 reads .value, with the lock taken at test_suite.py:" in failure
    assert "seen = counter.value" in failure
    assert "pytest_gilcheck" not in failure


@pytest.mark.parametrize("words", ["race,hazard", "hazard"])
def test_what_was_seen_to_fail_is_said_first(suite: Suite, words: str) -> None:
    suite.write(COUNTERS, RACE)
    ran = suite.run(f"--gilcheck-fail-on={words}")
    assert ran.status == 1
    assert ("AssertionError: lost" in ran.failure("test_race")) is ("race" in words)


def test_a_line_can_be_excused(suite: Suite) -> None:
    suite.write(COUNTERS.replace("self.value += 1", "self.value += 1  # gilcheck: ok", 1), HAZARD)
    ran = suite.run("--gilcheck-fail-on=hazard")
    assert ran.status == 0
    assert ran.race("test_hazard") == "clean"
    assert ran.races["test_hazard"]["hazards"] == []
