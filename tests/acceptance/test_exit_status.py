"""The exit status for every word of --gilcheck-fail-on, with passing and failing tests, and beside pytest's own options."""

from __future__ import annotations

import json

import pytest

from acceptance.racing import COUNTERS, DEADLOCK, HANG, RACE
from acceptance.suite import SLEEP, Suite
from acceptance.test_baseline import COMPUTES, regressed
from acceptance.test_gate import UNCLEAR
from acceptance.test_race_hazards import HAZARD
from pytest_gilcheck.environment import gil_state
from pytest_gilcheck.gating.policy import DEFAULT, WORDS

NONDETERMINISTIC = """
import random
def a(seen): seen.append(1)
def b(seen): seen.append(2)
def c(seen): seen.append(3)
def d(seen): seen.append(4)
def e(seen): seen.append(5)
@pytest.mark.gilcheck_race
def test_nondeterministic():
    seen = []
    def work():
        for step in random.sample([a, b, c, d, e], 5): step(seen)
    in_threads(work, lambda: seen.append(0))
"""

UNCONTROLLED = """
import socket
@pytest.mark.gilcheck_race(seconds=0.5)
def test_uncontrolled():
    here, there = socket.socketpair()
    with here, there:
        in_threads(lambda: here.recv(1), lambda: there.send(b"x"))
"""

LOCK_BOUND = """
LOCK = threading.Lock()
@pytest.mark.gilcheck_scaling(threads=4, processes=4, seconds=2)
def test_lock_bound():
    with LOCK: time.sleep(0.02)
"""

EXPECTATION = f"""
@pytest.mark.gilcheck_scaling(expect="gil-bound", processes=0)
def test_expectation(): {SLEEP}
"""

#: The words that fail the test itself; the others fail the run at its end.
IN_THE_TEST = {"race", "deadlock", "hang", "hazard", "expectation"}
#: The test of the suite below that each word is about.
TESTS = {word: f"test_{word.replace('-', '_')}" for word in WORDS if word != "none"}
TESTS |= {"inconclusive": "test_unclear", "gil-bound": "test_computes", "regression": "test_computes"}


@pytest.mark.skipif(gil_state() == "disabled", reason="nothing is bound by a GIL that is switched off")
def test_every_word_at_once_and_none(suite: Suite) -> None:
    """All verdicts in one suite: with all words each fails as it should, and with none the run passes."""
    texts = [RACE, DEADLOCK, HANG, HAZARD, NONDETERMINISTIC, UNCONTROLLED, COMPUTES, LOCK_BOUND, EXPECTATION, UNCLEAR]
    suite.write(COUNTERS, *texts)
    name = regressed(suite, "test_computes")
    ran = suite.run(f"--gilcheck-baseline={name}", f"--gilcheck-fail-on={','.join(TESTS)}")
    failed = {test for test, outcomes in ran.outcomes.items() if outcomes != ["passed"]}
    assert failed == {TESTS[word] for word in IN_THE_TEST}
    assert ran.status == 1
    assert ran.report is not None
    failing = {(entry["test"].partition("::")[2], entry["word"]) for entry in ran.report["failing"]}
    # A lock, and a socket, may be missed on a busy machine, which is then said.
    sure = {(test, word) for word, test in TESTS.items() if word not in {*IN_THE_TEST, "lock-bound", "uncontrolled"}}
    assert failing >= sure
    assert failing <= sure | {("test_lock_bound", "lock-bound"), ("test_uncontrolled", "uncontrolled")} | {
        (test, "inconclusive") for test in ran.outcomes
    }
    for test, word in failing:
        assert f"    {word}: test_suite.py::{test}" in ran.result.outlines
    ran = suite.run(f"--gilcheck-baseline={name}", "--gilcheck-fail-on=none")
    assert {*map(tuple, ran.outcomes.values())} == {("passed",)}
    assert ran.status == 0
    ran.lacks("fails this run")
    ran.shows("    worse: test_suite.py::test_computes: *")


PASSES = "def test_passes(): ..."
FAILS = "def test_fails(): assert 0"

#: Options of pytest, and what they do to a run whose first test fails: the outcomes of that one and of the unclear one.
BESIDE = [
    ([], {"test_fails": ["failed"], "test_unclear": ["passed"]}),
    (["-x"], {"test_fails": ["failed"]}),
    (["--maxfail=1"], {"test_fails": ["failed"]}),
    (["-pno:terminal"], {}),
]


@pytest.mark.parametrize(("options", "outcomes"), BESIDE, ids=lambda value: "".join(value) or "no option")
def test_beside_a_failing_test(suite: Suite, options: list[str], outcomes: dict[str, list[str]]) -> None:
    suite.write(FAILS, UNCLEAR)
    ran = suite.run("--gilcheck-fail-on=inconclusive", *options)
    assert ran.status == 1
    assert ran.outcomes == outcomes
    says = "gilcheck: --gilcheck-fail-on=inconclusive fails this run:"
    assert (says in ran.output) is ("test_unclear" in outcomes or "-pno:terminal" in options)


def test_without_a_terminal_it_is_said_all_the_same(suite: Suite) -> None:
    suite.write(PASSES, UNCLEAR)
    ran = suite.run("--gilcheck-fail-on=inconclusive", "-pno:terminal")
    assert ran.status == 1
    assert "    inconclusive: test_suite.py::test_unclear" in ran.result.errlines
    assert suite.run("-pno:terminal").status == 0


def test_a_run_that_failed_so_has_no_last_failures(suite: Suite) -> None:
    """For --lf every test has passed: it runs them all again, and the gate fails that run, too."""
    suite.write(PASSES, UNCLEAR)
    assert suite.run("--gilcheck-fail-on=inconclusive").status == 1
    ran = suite.run("--gilcheck-fail-on=inconclusive", "--lf")
    assert (ran.status, len(ran.outcomes)) == (1, 2)
    suite.write(FAILS, UNCLEAR)
    assert suite.run().status == 1
    ran = suite.run("--gilcheck-fail-on=inconclusive", "--lf")
    assert (ran.status, list(ran.outcomes)) == (1, ["test_fails"])
    ran.lacks("fails this run")


def test_only_the_controller_of_xdist_decides(suite: Suite) -> None:
    suite.write(FAILS, UNCLEAR)
    ran = suite.run("--gilcheck-fail-on=inconclusive", xdist=2)
    assert ran.status == 1
    assert ran.outcomes == {"test_fails": ["failed"], "test_unclear": ["passed"]}
    assert ran.output.count("fails this run") == 1
    assert json.loads(json.dumps(ran.report))["failing"] == [{"test": "test_suite.py::test_unclear", "word": "inconclusive"}]


def test_the_default_words_are_what_the_documentation_says() -> None:
    assert DEFAULT == ("race", "deadlock", "hang", "expectation", "regression")
