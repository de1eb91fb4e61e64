"""The ordinary run comes first: what it says is the result, and only a test that passed is measured."""

from __future__ import annotations

from acceptance.suite import SLEEP, Suite

UNDECIDED = """
pytestmark = pytest.mark.gilcheck

def test_fails(): assert 1 == 2
def test_raises(): raise ValueError("boom")
def test_skips(): pytest.skip("not today")
@pytest.mark.skip(reason="marked")
def test_marked_skip(): ...
@pytest.mark.xfail
def test_xfails(): assert False
@pytest.mark.xfail(strict=True)
def test_xpasses_strictly(): ...
@pytest.mark.xfail(run=False)
def test_xfail_not_run(): ...
def test_xfails_itself(): pytest.xfail("known")
@pytest.fixture
def broken(): raise RuntimeError("no fixture")
def test_setup_error(broken): ...
@pytest.fixture
def skipping(): pytest.skip("no fixture")
def test_setup_skip(skipping): ...
"""


def test_what_does_not_pass_is_not_measured(suite: Suite) -> None:
    suite.write(UNDECIDED, test_other="def test_unmarked(): ...")
    ran = suite.run()
    assert ran.outcomes == {
        "test_fails": ["failed"],
        "test_raises": ["failed"],
        "test_skips": ["skipped"],
        "test_marked_skip": ["skipped"],
        "test_xfails": ["xfail"],
        "test_xpasses_strictly": ["failed"],
        "test_xfail_not_run": ["xfail"],
        "test_xfails_itself": ["xfail"],
        "test_setup_error": ["error"],
        "test_setup_skip": ["skipped"],
        "test_unmarked": ["passed"],
    }
    assert "test_unmarked" not in ran.records
    for test, outcome in ran.outcomes.items():
        if test in {"test_unmarked", "test_xpasses_strictly"}:
            continue
        word = "skipped" if outcome in (["xfail"], ["skipped"]) else "failed"
        assert ran.verdict(test) == "skipped"
        assert ran.reason(test) == f"its ordinary run did not pass ({word})", test
    assert not ran.leftovers


def test_a_test_that_passes_although_it_should_not_is_reported_as_pytest_does(suite: Suite) -> None:
    suite.write(
        f"""
        pytestmark = pytest.mark.gilcheck(processes=0)
        @pytest.mark.xfail
        def test_loose(): {SLEEP}
        @pytest.mark.xfail(strict=True)
        def test_strict(): {SLEEP}
        """
    )
    ran = suite.run()
    assert ran.outcomes == {"test_loose": ["xpass"], "test_strict": ["failed"]}
    assert "[XPASS(strict)]" in ran.failure("test_strict")


def test_a_teardown_that_fails_after_the_ordinary_run_is_an_ordinary_error(suite: Suite) -> None:
    suite.write(
        f"""
        torn = []
        @pytest.fixture
        def checked():
            yield
            torn.append(1)
            assert torn == [1, 1], "checked at teardown"
        @pytest.mark.gilcheck
        def test_marked(checked): {SLEEP}
        def test_next(): assert torn == [1]
        """
    )
    ran = suite.run()
    assert ran.outcomes == {"test_marked": ["passed", "error"], "test_next": ["passed"]}
    assert "checked at teardown" in ran.failure("test_marked")
    assert ran.reason("test_marked") == "its teardown failed after the ordinary run"
    ran.shows("*ERROR at teardown of test_marked*", "*1 error*")


def test_output_and_durations_are_those_of_the_ordinary_run(suite: Suite) -> None:
    suite.write(
        f"""
        ran = []
        @pytest.mark.gilcheck(processes=0)
        def test_prints(record_property):
            ran.append(1)
            if len(ran) == 1:
                print("written-once")
                record_property("first", "yes")
            {SLEEP}
        """
    )
    ran = suite.run("-rP", "--junitxml=junit.xml", "-o", "junit_logging=all")
    assert ran.output.count("written-once") == 1
    junit = (suite.folder / "junit.xml").read_text(encoding="utf-8")
    assert junit.count("<testcase") == 1
    assert junit.count('name="first"') == 1
    assert ran.verdict("test_prints") == "io-bound"


def test_the_gilcheck_fixture_tells_the_mode_and_the_copy(suite: Suite) -> None:
    suite.write(
        f"""
        import pathlib
        log = pathlib.Path("log.txt")
        def note(gilcheck):
            with log.open("a") as file:
                file.write(f"{{gilcheck.mode}} {{gilcheck.thread_index}} {{gilcheck.thread_count}}\\n")
        @pytest.mark.gilcheck(threads=3, processes=2)
        def test_marked(gilcheck):
            note(gilcheck)
            {SLEEP}
        def test_plain(gilcheck):
            assert repr(gilcheck) == "<gilcheck mode='single' thread_index=0 thread_count=1>"
        """
    )
    ran = suite.run()
    assert ran.outcomes == {"test_marked": ["passed"], "test_plain": ["passed"]}
    lines = (suite.folder / "log.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert lines[0] == "single 0 1"
    assert set(lines) == {
        "single 0 1",
        *(f"race {n} {count}" for count in (2, 3) for n in range(count)),
        *(f"threads {n} 3" for n in range(3)),
        *(f"processes {n} 2" for n in range(2)),
    }
