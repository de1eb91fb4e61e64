"""A body that passes alone and fails in threads fails its test, with every exception and every thread named."""

from __future__ import annotations

import pytest

from acceptance.suite import SLEEP, Suite
from pytest_gilcheck.environment import free_threaded_build

#: Prefix of a body: ``only(gilcheck, 1)`` is true in the second thread, ``only(gilcheck)`` in every thread.
ONLY = """
def only(gilcheck, *numbers):
    time.sleep(0.004)
    return gilcheck.mode == "threads" and (not numbers or gilcheck.thread_index in numbers)

pytestmark = pytest.mark.gilcheck_scaling(threads=3, processes=0)
"""


def test_one_thread_raises_the_exception_itself(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        class Odd(Exception): ...
        def test_odd(gilcheck):
            value = 41
            if only(gilcheck, 1):
                raise Odd(f"value is {value}")
        def test_assert(gilcheck):
            value = 41
            assert not only(gilcheck, 1) or value == 42
        def test_fail(gilcheck):
            if only(gilcheck, 2): pytest.fail("called off")
        def test_after(): time.sleep(0.004)
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {
        "test_odd": ["failed"],
        "test_assert": ["failed"],
        "test_fail": ["failed"],
        "test_after": ["passed"],
    }
    odd = ran.failure("test_odd")
    assert "E           test_suite.Odd: value is 41" in odd
    assert 'raise Odd(f"value is {value}")' in odd
    assert "gilcheck: raised in thread 2 of 3; the ordinary run passed" in odd
    assert "pytest_gilcheck" not in odd, "frames of the plugin are noise"
    asserted = ran.failure("test_assert")
    assert "assert (not True or 41 == 42)" in asserted
    assert "gilcheck: raised in thread 2 of 3; the ordinary run passed" in asserted
    assert "thread 3 of 3" in ran.failure("test_fail")
    record = ran.records["test_odd"]
    assert record["failed"]
    assert record["verdict"] == "inconclusive"
    assert record["reason"] == "failed when rerun in 3 threads: thread 2 of 3 raised Odd: value is 41"
    ran.shows("gilcheck: 3 failed when rerun (*test_odd*); --gilcheck-report shows why")
    assert ran.verdict("test_after") == "io-bound"
    assert ran.status == 1
    assert not ran.leftovers


def test_several_threads_raise_a_group_that_names_them_all(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        def test_two(gilcheck):
            if only(gilcheck, 0, 2): raise ValueError(f"from {gilcheck.thread_index}")
        def test_different(gilcheck):
            if only(gilcheck, 0): raise KeyError("zero")
            if only(gilcheck, 1): pytest.fail("one")
            if only(gilcheck, 2): raise SystemExit(2)
        """,
    )
    ran = suite.run()
    assert set(map(tuple, ran.outcomes.values())) == {("failed",)}
    two = ran.failure("test_two")
    assert "ExceptionGroup: the ordinary run passed, but 2 workers of 3 threads failed" in two
    for text in ("ValueError: from 0", "ValueError: from 2", "thread 1 of 3", "thread 3 of 3"):
        assert text in two
    assert "thread 2 of 3" not in two
    different = ran.failure("test_different")
    for text in ("KeyError: 'zero'", "one", "thread 3 of 3 raised SystemExit: 2", "thread 1 of 3", "thread 2 of 3"):
        assert text in different


@pytest.mark.skipif(free_threaded_build(), reason="CPython 3.13t corrupts an object that two threads raise at once")
def test_one_object_raised_by_several_threads(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        shared = RuntimeError("always the same object")
        def test_same(gilcheck):
            if only(gilcheck): raise shared
        """,
    )
    same = suite.run().failure("test_same")
    for text in ("3 workers of 3 threads failed", "thread 1 of 3", "thread 2 of 3", "thread 3 of 3"):
        assert text in same


def test_what_would_end_the_session_fails_the_test_only(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        def test_exit_status(gilcheck):
            if only(gilcheck, 1): raise SystemExit(5)
        def test_interrupt(gilcheck):
            if only(gilcheck, 1): raise KeyboardInterrupt
        def test_pytest_exit(gilcheck):
            if only(gilcheck, 1): pytest.exit("enough", returncode=7)
        def test_generator_exit(gilcheck):
            if only(gilcheck, 1): raise GeneratorExit
        def test_own_base_exception(gilcheck):
            class Stop(BaseException): ...
            if only(gilcheck, 1): raise Stop("stop")
        def test_last(): ...
        """,
    )
    ran = suite.run()
    assert ran.status == 1
    assert ran.outcomes.pop("test_last") == ["passed"]
    assert set(map(tuple, ran.outcomes.values())) == {("failed",)}
    assert "gilcheck: thread 2 of 3 raised SystemExit: 5; the ordinary run passed" in ran.failure("test_exit_status")
    assert "gilcheck: thread 2 of 3 raised KeyboardInterrupt" in ran.failure("test_interrupt")
    assert "enough" in ran.failure("test_pytest_exit")
    assert "gilcheck: thread 2 of 3 raised GeneratorExit" in ran.failure("test_generator_exit")
    assert "Stop: stop" in ran.failure("test_own_base_exception")
    assert not ran.leftovers


def test_a_test_that_skips_itself_in_a_rerun_passes(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        def test_in_threads(gilcheck):
            if only(gilcheck): pytest.skip("one at a time")
        def test_in_one_thread(gilcheck):
            if only(gilcheck, 1): pytest.skip("just this one")
        ran = []
        def test_in_any_rerun(gilcheck):
            ran.append(1)
            if len(ran) > 1: pytest.skip("once is enough")
        def test_xfail_in_threads(gilcheck):
            if only(gilcheck): pytest.xfail("known")
        """,
    )
    ran = suite.run()
    assert ran.outcomes.pop("test_xfail_in_threads") in (["xfail"], ["failed"])
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}
    reason = "it skips itself when it is rerun:"
    assert ran.reason("test_in_threads") == f"{reason} one at a time"
    assert ran.reason("test_in_one_thread") == f"{reason} just this one"
    assert ran.reason("test_in_any_rerun") == f"{reason} once is enough"


def test_a_thread_that_hangs_is_named_and_the_session_goes_on(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        def test_sleeps(gilcheck):
            if only(gilcheck, 1): time.sleep(30)
        def test_spins(gilcheck):
            while only(gilcheck, 2): ...
        def test_next(): time.sleep(0.004)
        def test_no_thread_is_left_spinning():
            import threading
            spinning = [t for t in threading.enumerate() if t.name == "gilcheck thread 3 of 3"]
            assert not spinning
        """,
    )
    ran = suite.run("--gilcheck-timeout=1")
    assert ran.outcomes == {
        "test_sleeps": ["failed"],
        "test_spins": ["failed"],
        "test_next": ["passed"],
        "test_no_thread_is_left_spinning": ["passed"],
    }
    sleeps = ran.failure("test_sleeps")
    assert "gilcheck: thread 2 of 3 did not finish within 1 s; the ordinary run passed" in sleeps
    assert "it was at:" in sleeps
    assert "time.sleep(30)" in sleeps
    assert "thread 3 of 3 did not finish within 1 s" in ran.failure("test_spins")
    assert ran.verdict("test_next") == "io-bound"
    assert not ran.leftovers


def test_an_exception_that_cannot_be_shown_does_not_stop_the_session(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        class Shy(Exception):
            def __str__(self): raise RuntimeError("no")
            __repr__ = __str__
        def test_shy(gilcheck):
            if only(gilcheck, 1): raise Shy
        class Frozen(Exception):
            __slots__ = ()
            def add_note(self, note): raise TypeError("no notes")
        def test_frozen(gilcheck):
            if only(gilcheck, 1): raise Frozen("fixed")
        def test_next(): ...
        """,
    )
    ran = suite.run()
    assert ran.status == 1
    ran.lacks("INTERNALERROR")
    assert ran.outcomes == {"test_shy": ["failed"], "test_frozen": ["failed"], "test_next": ["passed"]}
    assert "Shy" in ran.reason("test_shy")
    assert "Frozen: fixed" in ran.failure("test_frozen")


def test_a_fixture_whose_teardown_fails_only_after_threads(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        @pytest.fixture
        def total():
            values = []
            yield values
            assert len(values) <= 1, f"{len(values)} at the end"
        def test_shared(total, gilcheck):
            if gilcheck.thread_index == 0 or only(gilcheck): total.append(1)
            total[1:-1] = []
            time.sleep(0.03)
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_shared": ["failed"]}
    failure = ran.failure("test_shared")
    assert "2 at the end" in failure
    assert "gilcheck: raised in the rerun; the ordinary run passed" in failure
    assert ran.records["test_shared"]["failed"]


def test_a_body_that_cannot_be_repeated_is_skipped_with_the_reason(suite: Suite) -> None:
    suite.write(
        f"""
        pytestmark = pytest.mark.gilcheck
        users = set()
        def create(name):
            assert name not in users, f"{{name}} exists"
            users.add(name)
        def test_create(): create("bob")
        @pytest.fixture(scope="module")
        def shared(): return set()
        @pytest.fixture
        def session(shared, request):
            yield shared
            if request.node.name == "test_cleaned": shared.clear()
        def test_not_cleaned(session):
            assert not session
            session.add(1)
        def test_cleaned(session, shared):
            {SLEEP}
            shared.clear()
        created = []
        @pytest.fixture
        def only_once():
            assert not created
            created.append(1)
        def test_setup_only_once(only_once): {SLEEP}
        """
    )
    ran = suite.run()
    assert set(map(tuple, ran.outcomes.values())) == {("passed",)}, ran.output
    assert (
        ran.reason("test_create")
        == "not repeatable: run again alone, it raised AssertionError: bob exists assert 'bob' not in {'bob'}"
    )
    assert ran.reason("test_not_cleaned").startswith("not repeatable: run again alone, it raised AssertionError")
    assert ran.reason("test_setup_only_once").startswith(
        "not repeatable: its fixtures cannot be set up again: that raised AssertionError"
    )
    assert ran.verdict("test_create") == "skipped"
    ran.lacks("failed when rerun")


def test_copies_that_fail_one_after_another_are_no_failure_in_threads(suite: Suite) -> None:
    suite.write(
        """
        @pytest.fixture
        def seats(): return ["a"]
        @pytest.mark.gilcheck(processes=0)
        def test_takes_the_last_seat(seats):
            time.sleep(0.025)
            seats.pop()
        """
    )
    ran = suite.run()
    assert ran.outcomes == {"test_takes_the_last_seat": ["passed"]}
    assert ran.reason("test_takes_the_last_seat") == (
        "not repeatable: 2 copies, one after another: it raised IndexError: pop from empty list; "
        "in 2 threads: it raised IndexError: pop from empty list"
    )


def test_an_exception_that_refuses_to_be_touched_is_reported_all_the_same(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        import dataclasses
        @dataclasses.dataclass(frozen=True)
        class Frozen(Exception):
            code: int
        class Silent(Exception):
            def add_note(self, note): raise RuntimeError("no notes")
        def test_frozen(gilcheck):
            if only(gilcheck, 1): raise Frozen(41)
        def test_silent(gilcheck):
            if only(gilcheck, 1): raise Silent("quiet")
        """,
    )
    ran = suite.run()
    assert set(map(tuple, ran.outcomes.values())) == {("failed",)}
    frozen = ran.failure("test_frozen")
    assert "gilcheck: thread 2 of 3 raised Frozen: 41; the ordinary run passed" in frozen
    assert "if only(gilcheck, 1): raise Frozen(41)" in frozen
    assert "FrozenInstanceError" not in frozen
    assert "gilcheck: thread 2 of 3 raised Silent: quiet; the ordinary run passed" in ran.failure("test_silent")


def test_a_failure_in_a_rerun_is_not_the_one_that_was_expected(suite: Suite) -> None:
    suite.write(
        ONLY,
        """
        @pytest.mark.xfail(strict=True)
        def test_strict(gilcheck):
            if only(gilcheck, 1): raise ValueError
        """,
    )
    ran = suite.run()
    assert ran.outcomes == {"test_strict": ["failed"]}
    assert "XPASS(strict)" in ran.output
