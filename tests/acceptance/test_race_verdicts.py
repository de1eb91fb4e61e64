"""What a race check says about a test, what it fails, and what it shows with the failure."""

from __future__ import annotations

import pytest

from acceptance.racing import COUNTERS, DEADLOCK, HANG, RACE, SAFE
from acceptance.suite import Suite
from acceptance.test_reports import valid


def test_every_sort_of_verdict(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        RACE,
        SAFE,
        DEADLOCK,
        HANG,
        """
        @pytest.mark.gilcheck_race
        def test_nothing_shared(): assert sum(range(10)) == 45
        made = []
        @pytest.mark.gilcheck_race
        def test_once():
            made.append(1)
            assert len(made) == 1
        @pytest.mark.gilcheck_race
        def test_skips_itself(gilcheck):
            if gilcheck.mode == "race": pytest.skip("alone only")
        @pytest.mark.gilcheck_race
        def test_fails(): assert 0
        @pytest.mark.gilcheck_race
        @pytest.mark.xfail(strict=True)
        def test_expected(): assert 0
        @pytest.mark.gilcheck_race
        async def test_async(): ...
        @pytest.mark.gilcheck_race
        def test_copies_of_capsys(capsys): ...
        @pytest.mark.gilcheck_race
        @pytest.mark.gilcheck_skip("not this one")
        def test_left_alone(): ...
        def test_unmarked(): ...
        """,
    )
    ran = suite.run("-p", "no:asyncio", "--gilcheck-report")
    assert {test: record["verdict"] for test, record in ran.races.items()} == {
        "test_race": "race",
        "test_safe": "clean",
        "test_deadlock": "deadlock",
        "test_hang": "hang",
        "test_nothing_shared": "clean",
        "test_once": "not-repeatable",
        "test_skips_itself": "skipped",
        "test_fails": "skipped",
        "test_expected": "skipped",
        "test_async": "skipped",
        "test_copies_of_capsys": "skipped",
        "test_left_alone": "skipped",
    }
    assert {test for test, outcome in ran.outcomes.items() if outcome == ["failed"]} >= {
        "test_race",
        "test_deadlock",
        "test_hang",
        "test_fails",
    }
    assert ran.outcomes["test_once"] == ran.outcomes["test_skips_itself"] == ran.outcomes["test_safe"] == ["passed"]
    assert set(ran.records.values()) == {None}
    assert ran.races["test_skips_itself"]["reason"] == "it skips itself when it is rerun: alone only"
    assert ran.races["test_left_alone"]["reason"] == "not this one"
    assert ran.races["test_race"]["failed"] is True
    assert ran.races["test_race"]["token"].startswith("gc1:")
    assert ran.races["test_safe"]["coverage"] == "exhausted"
    assert ran.races["test_nothing_shared"]["threads"] == 2
    assert ran.races["test_safe"]["threads"] == 1
    valid(ran.report)
    ran.shows("gilcheck: 1 race (test_suite.py::test_race), 1 deadlock (*test_deadlock), 1 hang (*test_hang)")
    ran.shows("race check * coverage * schedules * test", "race * test_suite.py::test_race")
    assert not ran.leftovers


def test_the_users_own_assertion_is_the_headline(suite: Suite) -> None:
    suite.write(COUNTERS, RACE)
    ran = suite.run()
    failure = ran.failure("test_race")
    assert '    assert counter.value == 2, "lost"' in failure
    assert "AssertionError: lost" in failure
    assert "pytest_gilcheck" not in failure
    assert "gilcheck race" in failure
    assert "test_suite.py:" in failure.partition("gilcheck race")[2]
    ran.shows("FAILED test_suite.py::test_race - AssertionError: lost*")


def test_a_failure_without_an_exception_says_what_happened(suite: Suite) -> None:
    suite.write(COUNTERS, DEADLOCK)
    ran = suite.run("--tb=short")
    failure = ran.failure("test_deadlock")
    assert "gilcheck: deadlock" in failure
    assert "thread 1 waits for b at test_suite.py:" in failure
    assert "    held by thread 2 since test_suite.py:" in failure
    assert "main thread" not in failure
    assert "Traceback" not in failure
    assert "All traceback entries are hidden" not in failure


@pytest.mark.parametrize("words", ["none", "expectation", "deadlock,hang"])
def test_what_is_not_named_is_reported_and_does_not_fail(suite: Suite, words: str) -> None:
    suite.write(COUNTERS, RACE)
    ran = suite.run(f"--gilcheck-fail-on={words}")
    assert ran.status == 0
    assert ran.outcomes["test_race"] == ["passed"]
    assert ran.race("test_race") == "race"
    assert ran.races["test_race"]["failed"] is False
    ran.shows("gilcheck: 1 race (test_suite.py::test_race); --gilcheck-report shows why")


def test_a_test_that_differs_from_run_to_run_fails_the_run_if_asked_to(suite: Suite) -> None:
    # One run goes the way of the one before in 1 of 120 cases; several in a row have to, for the test to count as the same.
    suite.write(
        COUNTERS,
        """
        import random
        def a(seen): seen.append(1)
        def b(seen): seen.append(2)
        def c(seen): seen.append(3)
        def d(seen): seen.append(4)
        def e(seen): seen.append(5)
        @pytest.mark.gilcheck_race
        def test_differs():
            seen = []
            def work():
                for step in random.sample([a, b, c, d, e], 5): step(seen)
            in_threads(work, lambda: seen.append(0))
        """,
    )
    ran = suite.run()
    assert (ran.race("test_differs"), ran.status) == ("nondeterministic", 0)
    ran.shows("gilcheck: 1 nondeterministic (test_suite.py::test_differs); --gilcheck-report shows why")
    ran = suite.run("--gilcheck-fail-on=nondeterministic")
    ran.shows(
        "gilcheck: --gilcheck-fail-on=nondeterministic fails this run:", "    nondeterministic: test_suite.py::test_differs"
    )
    assert ran.status == 1
    assert ran.outcomes["test_differs"] == ["passed"]


def test_a_race_comes_first_and_what_it_breaks_is_not_measured(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        order = []
        @pytest.mark.gilcheck(threads=2, processes=0)
        def test_race(counter, gilcheck):
            order.append(gilcheck.mode)
            counter.increment()
            gilcheck.after(lambda: check(counter, gilcheck.thread_count))
        def check(counter, count): assert counter.value == count
        @pytest.mark.gilcheck(threads=2, processes=0)
        def test_both(gilcheck):
            order.append(gilcheck.mode)
            time.sleep(0.005)
        def test_order():
            assert "threads" not in order[: order.index("race")]
            assert order[0] == "single"
            assert "threads" in order
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_race": ["failed"], "test_both": ["passed"], "test_order": ["passed"]}
    assert ran.verdict("test_race") == "skipped"
    assert ran.reason("test_race") == "its race check found a race"
    assert ran.race("test_both") == "clean"
    assert ran.verdict("test_both") == "io-bound"


def test_all_tests_are_checked_with_gilcheck(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        def test_own_threads():
            counter = Counter()
            in_threads(counter.increment, counter.increment)
            assert counter.value == 2
        def test_plain(): ...
        @pytest.mark.gilcheck_scaling(processes=0)
        def test_scaling_only(): ...
        """,
    )
    ran = suite.run("--gilcheck", "--gilcheck-processes=0")
    assert ran.race("test_own_threads") == "race"
    assert ran.race("test_plain") == "clean"
    assert ran.races["test_scaling_only"] is None


def test_what_a_check_costs_when_nobody_asks_is_nothing(suite: Suite) -> None:
    suite.write(
        "import sys\ndef test_plain(): assert not [name for name in sys.modules if name.startswith('pytest_gilcheck.races')]"
    )
    assert suite.plain().ret == 0


def test_errors_of_several_copies_are_all_there(suite: Suite) -> None:
    suite.write(
        COUNTERS,
        """
        both = []
        @pytest.fixture
        def shared(): return []
        @pytest.mark.gilcheck_race(threads=2)
        def test_group(shared, gilcheck):
            shared.append(1)
            if shared.count(1) == 2: shared.append("both")
            time.sleep(0.001)
            shared.remove(1)
            if "both" in shared: raise LookupError(f"copy {gilcheck.thread_index}")
        """,
    )
    ran = suite.run()
    failure = ran.failure("test_group")
    assert "copy 0" in failure
    assert "copy 1" in failure
    assert "pytest_gilcheck" not in failure
