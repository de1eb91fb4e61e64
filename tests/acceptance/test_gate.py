"""Expectations fail their tests; --gilcheck-fail-on fails the run, at its end and never over another failure."""

from __future__ import annotations

import pytest

from acceptance.suite import SLEEP, Suite
from pytest_gilcheck.environment import gil_state

COMPUTES = """
@pytest.mark.gilcheck(processes=0, seconds=3)
def test_computes(): sum(i & 3 for i in range(700_000))
"""

#: Passes and is always inconclusive: far too long for its budget.
UNCLEAR = """
@pytest.mark.gilcheck(processes=0, seconds=0.001)
def test_unclear(): time.sleep(0.03)
"""

WAITS = f"""
@pytest.mark.gilcheck(processes=0)
def test_waits(): {SLEEP}
"""


@pytest.mark.whole_machine
@pytest.mark.skipif(gil_state() == "disabled", reason="nothing is bound by a GIL that is switched off")
def test_gil_bound_tests_fail_the_run(suite: Suite) -> None:
    suite.write(COMPUTES, WAITS)
    ran = suite.run("--gilcheck-fail-on=gil-bound,lock-bound")
    assert ran.verdict("test_computes") == "gil-bound", ran.reason("test_computes")
    assert ran.outcomes == {"test_computes": ["passed"], "test_waits": ["passed"]}
    ran.shows(
        "gilcheck: 1 gil-bound (test_suite.py::test_computes); --gilcheck-report shows why",
        "gilcheck: --gilcheck-fail-on=gil-bound fails this run:",
        "    gil-bound: test_suite.py::test_computes",
        "*2 passed*",
    )
    assert ran.status == 1


@pytest.mark.parametrize("words", ["none", "expectation", "lock-bound", "gil-bound , lock-bound"])
def test_what_is_not_named_does_not_fail_the_run(suite: Suite, words: str) -> None:
    suite.write(UNCLEAR, WAITS)
    ran = suite.run(f"--gilcheck-fail-on={words}")
    assert ran.status == 0
    ran.lacks("fails this run")
    assert ran.verdict("test_unclear") == "inconclusive"


def test_inconclusive_tests_fail_the_run(suite: Suite) -> None:
    suite.write(UNCLEAR, WAITS)
    for arguments in ([], ["-x"], ["-q", "-q"], ["-pno:terminal"], ["-pno:cacheprovider"], ["--maxfail=1"]):
        ran = suite.run("--gilcheck-fail-on=inconclusive", *arguments)
        assert ran.status == 1, arguments
        if "-pno:terminal" not in arguments:
            ran.shows("    inconclusive: test_suite.py::test_unclear")
    suite.ini(gilcheck_fail_on="inconclusive")
    assert suite.run().status == 1
    assert suite.run("--gilcheck-fail-on=none").status == 0
    assert suite.run("--gilcheck-off").status == 0


def test_under_xdist_too(suite: Suite) -> None:
    suite.write(UNCLEAR, WAITS)
    ran = suite.run("--gilcheck-fail-on=inconclusive", xdist=2)
    ran.shows("gilcheck: --gilcheck-fail-on=inconclusive fails this run:", "    inconclusive: test_suite.py::test_unclear")
    assert ran.status == 1
    assert suite.run("--gilcheck-fail-on=none", xdist=2).status == 0


def test_another_failure_keeps_its_status(suite: Suite) -> None:
    suite.write(UNCLEAR, "def test_interrupts(): raise KeyboardInterrupt")
    ran = suite.run("--gilcheck-fail-on=inconclusive")
    assert ran.status == pytest.ExitCode.INTERRUPTED
    suite.write(UNCLEAR, "def test_exits(): pytest.exit('enough', returncode=9)")
    assert suite.run("--gilcheck-fail-on=inconclusive").status == 9
    suite.write("def test_none(): ...")
    assert suite.run("--gilcheck-fail-on=inconclusive", "-k", "nothing").status == pytest.ExitCode.NO_TESTS_COLLECTED


def test_an_expectation_that_is_met(suite: Suite) -> None:
    suite.write(
        """
        pytestmark = pytest.mark.gilcheck(processes=0)
        @pytest.mark.gilcheck_scaling(expect="io-bound", min_speedup=1.1)
        def test_io(): time.sleep(0.02)
        @pytest.mark.gilcheck_scaling(expect="scales")
        def test_scales(): time.sleep(0.02)
        @pytest.mark.gilcheck_scaling(min_speedup=1.1)
        def test_speedup(): time.sleep(0.02)
        """
    )
    ran = suite.run()
    assert ran.status == 0
    assert {record["expectation"] for record in ran.records.values()} == {"met"}


@pytest.mark.whole_machine
def test_an_expectation_that_is_broken_fails_its_test(suite: Suite) -> None:
    suite.write(
        """
        @pytest.mark.gilcheck_scaling(expect="gil-bound", processes=0)
        def test_waits(): time.sleep(0.02)
        @pytest.mark.gilcheck_scaling(expect="io-bound", processes=0, seconds=3)
        def test_computes(): sum(i & 3 for i in range(700_000))
        @pytest.mark.gilcheck_scaling(min_speedup=2, processes=0, threads=2)
        def test_slower(): time.sleep(0.02)
        @pytest.fixture
        def teardown():
            yield
            print("torn down as always")
        @pytest.mark.gilcheck_scaling(expect="gil-bound", processes=0)
        def test_fixture(teardown): time.sleep(0.02)
        """
    )
    ran = suite.run()
    assert ran.outcomes["test_waits"] == ran.outcomes["test_computes"] == ran.outcomes["test_fixture"] == ["failed"]
    waits = ran.failure("test_waits")
    assert "gilcheck: expect='gil-bound', but it is io-bound: 2 threads ×" in waits
    assert "Traceback" not in waits
    assert "def test_waits" not in waits, "there is nothing to see in the source"
    assert "gilcheck: expect='io-bound', but it is " in ran.failure("test_computes")
    assert ran.records["test_waits"]["expectation"] == "broken"
    assert not ran.records["test_waits"]["failed"]
    slower = ran.records["test_slower"]
    assert slower["expectation"] in {"met", "broken", "unchecked"}
    assert ran.outcomes["test_slower"] == (["failed"] if slower["expectation"] == "broken" else ["passed"])
    ran = suite.run("--gilcheck-fail-on=none")
    assert ran.status == 0
    assert ran.records["test_waits"]["expectation"] == "broken"
    ran.shows("gilcheck: * not as expected (*test_waits*")


def test_an_expectation_that_cannot_be_checked_does_not_fail(suite: Suite) -> None:
    suite.write(
        """
        pytestmark = pytest.mark.gilcheck(expect="scales", min_speedup=1.5)
        def test_short(): ...
        def test_skipped(capsys): ...
        @pytest.mark.gilcheck_scaling(seconds=0.001)
        def test_long(): time.sleep(0.1)
        ran = []
        def test_once():
            ran.append(1)
            assert ran == [1]
        @pytest.mark.gilcheck_skip("not now")
        def test_left_alone(): ...
        """
    )
    ran = suite.run()
    assert ran.status == 0
    ran.shows("gilcheck: * expectation unchecked (*")
    for test in ("test_short", "test_long"):
        assert ran.records[test]["expectation"] == "unchecked"
        assert "cannot be checked" in ran.records[test]["expected"]


def test_an_expectation_of_a_test_that_is_skipped_is_not_lost(suite: Suite) -> None:
    suite.write(
        """
        pytestmark = pytest.mark.gilcheck(expect="scales")
        def test_unsafe(capsys): ...
        ran = []
        def test_once():
            ran.append(1)
            assert ran == [1]
        """
    )
    ran = suite.run()
    assert {test: record["expectation"] for test, record in ran.records.items()} == {
        "test_unsafe": "unchecked",
        "test_once": "unchecked",
    }
