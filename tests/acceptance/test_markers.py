"""Which marker counts, on functions, classes, modules and parameters, and what --gilcheck and its opposites do."""

from __future__ import annotations

from acceptance.suite import SLEEP, Suite


def _threads(suite: Suite, *arguments: str) -> dict[str, int | None]:
    return {test: record["threads"] for test, record in suite.run("--gilcheck-processes=0", *arguments).records.items()}


def test_the_closest_marker_wins(suite: Suite) -> None:
    suite.write(
        f"""
        pytestmark = pytest.mark.gilcheck(threads=3)
        def test_module(): {SLEEP}
        @pytest.mark.gilcheck(threads=4)
        def test_function(): {SLEEP}
        @pytest.mark.gilcheck
        def test_bare(): {SLEEP}
        @pytest.mark.gilcheck_scaling(threads=5)
        def test_scaling_wins(): {SLEEP}
        @pytest.mark.gilcheck_scaling
        def test_the_rest_comes_from_gilcheck(): {SLEEP}
        @pytest.mark.gilcheck(threads=4)
        class TestClass:
            def test_class(self): {SLEEP}
            @pytest.mark.gilcheck(threads=6)
            def test_method(self): {SLEEP}
        class TestInherited(TestClass): ...
        @pytest.mark.parametrize("n", [1, pytest.param(2, marks=pytest.mark.gilcheck(threads=5))])
        def test_parameter(n): {SLEEP}
        """
    )
    assert _threads(suite, "--gilcheck-seconds=5") == {
        "test_module": 3,
        "test_function": 4,
        "test_bare": 2,
        "test_scaling_wins": 5,
        "test_the_rest_comes_from_gilcheck": 3,
        "TestClass::test_class": 4,
        "TestClass::test_method": 6,
        "TestInherited::test_class": 4,
        "TestInherited::test_method": 6,
        "test_parameter[1]": 3,
        "test_parameter[2]": 5,
    }


def test_a_marker_wins_over_the_command_line_and_that_over_the_ini_file(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.gilcheck(threads=4)
        def test_marker(): {SLEEP}
        @pytest.mark.gilcheck
        def test_options(): {SLEEP}
        """
    )
    suite.ini(gilcheck_threads="5", gilcheck_processes="0", gilcheck_seconds="3", gilcheck_json="ini.json")
    assert _threads(suite, "--gilcheck-threads=3") == {"test_marker": 4, "test_options": 3}
    ran = suite.run("--gilcheck-json=gilcheck.json", small=False)
    assert {test: record["threads"] for test, record in ran.records.items()} == {"test_marker": 4, "test_options": 5}


def test_all_tests_are_checked_with_gilcheck(suite: Suite) -> None:
    suite.write(
        f"""
        def test_unmarked(): {SLEEP}
        @pytest.mark.gilcheck(threads=3)
        def test_marked(): {SLEEP}
        @pytest.mark.gilcheck_skip("one connection only")
        def test_left_alone(): {SLEEP}
        @pytest.mark.gilcheck_skip(reason="both")
        @pytest.mark.gilcheck
        def test_marked_and_left_alone(): {SLEEP}
        @pytest.mark.gilcheck_race
        def test_race_only(): {SLEEP}
        """
    )
    ran = suite.run("--gilcheck", "--gilcheck-processes=0")
    assert {test: record and record["verdict"] for test, record in ran.records.items()} == {
        "test_unmarked": "io-bound",
        "test_marked": "io-bound",
        "test_left_alone": "skipped",
        "test_marked_and_left_alone": "skipped",
        "test_race_only": None,
    }
    assert ran.reason("test_left_alone") == "one connection only"
    assert ran.reason("test_marked_and_left_alone") == "both"
    assert {test: record["verdict"] for test, record in ran.races.items()} == {
        "test_unmarked": "clean",
        "test_marked": "clean",
        "test_left_alone": "skipped",
        "test_marked_and_left_alone": "skipped",
        "test_race_only": "clean",
    }
    suite.ini(gilcheck="true", gilcheck_processes="0", gilcheck_seconds="0.3")
    assert suite.run(small=False).verdict("test_unmarked") == "io-bound"


def test_without_the_option_gilcheck_skip_alone_asks_for_nothing(suite: Suite) -> None:
    suite.write('@pytest.mark.gilcheck_skip("why")\ndef test_one(): ...')
    assert suite.run().records == {}


def test_nothing_is_checked_when_it_is_off(suite: Suite) -> None:
    suite.write(
        f"""
        ran = []
        @pytest.mark.gilcheck(threads=2)
        def test_marked(gilcheck):
            ran.append(gilcheck.mode)
            {SLEEP}
        def test_ran_once(): assert ran == ["single"]
        """
    )
    ran = suite.run("--gilcheck-off", "--gilcheck-report", "--gilcheck", "--gilcheck-fail-on=inconclusive")
    assert ran.status == 0
    assert ran.outcomes == {"test_marked": ["passed"], "test_ran_once": ["passed"]}
    ran.lacks("verdict", "gilcheck:")
    suite.ini(gilcheck_off="true")
    ran = suite.run("--gilcheck-report")
    assert ran.report is None
    ran.lacks("verdict", "gilcheck:")


def test_methods_of_unittest(suite: Suite) -> None:
    suite.write(
        f"""
        import pathlib, unittest
        log = pathlib.Path(__file__).with_name("log.txt")
        @pytest.mark.gilcheck(threads=2, processes=2)
        class TestCase(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                cls.shared = "class"
                with log.open("a") as file: file.write(os.environ.get("PYTEST_GILCHECK_WORKER", "main") + "\\n")
            @pytest.fixture(autouse=True)
            def injected(self, gilcheck):
                self.gilcheck = gilcheck
            def setUp(self):
                assert not hasattr(self, "own")
                self.own = []
                self.addCleanup(self.own.clear)
            def tearDown(self):
                assert self.own == [1], self.own
            def test_passes(self):
                {SLEEP}
                assert self.shared == "class"
                self.own.append(1)
            def test_fails_in_threads(self):
                self.own.append(1)
                {SLEEP}
                self.assertNotEqual(self.gilcheck.mode, "threads")
            def test_fails_in_a_process(self):
                self.own.append(1)
                {SLEEP}
                self.assertFalse(self.gilcheck.mode == "processes" and self.gilcheck.thread_index == 1)
            def test_teardown_fails_in_threads(self):
                self.own.append(1)
                {SLEEP}
                if self.gilcheck.mode == "threads" and self.gilcheck.thread_index == 1: self.own.append(2)
            def test_skips_in_threads(self):
                self.own.append(1)
                {SLEEP}
                if self.gilcheck.mode == "threads": self.skipTest("alone only")
            def test_subtests_fail_in_threads(self):
                self.own.append(1)
                {SLEEP}
                for n in range(3):
                    with self.subTest(n=n): assert self.gilcheck.mode != "threads" or n != 1
            def test_fails(self):
                self.own.append(1)
                self.fail("always")
            @unittest.skip("never")
            def test_skipped(self): ...
            @unittest.expectedFailure
            def test_expected(self):
                self.own.append(1)
                self.fail("as expected")
        """
    )
    ran = suite.run()
    outcomes = {test.partition("::")[2]: outcome for test, outcome in ran.outcomes.items()}
    assert outcomes == {
        "test_passes": ["passed"],
        "test_fails_in_threads": ["failed"],
        "test_fails_in_a_process": ["failed"],
        "test_teardown_fails_in_threads": ["failed"],
        "test_skips_in_threads": ["passed"],
        "test_subtests_fail_in_threads": ["failed"],
        "test_fails": ["failed"],
        "test_skipped": ["skipped"],
        "test_expected": ["xfail"],
    }
    assert ran.verdict("TestCase::test_passes") == "io-bound"
    assert ran.records["TestCase::test_passes"]["processes"] == 2
    threads = ran.failure("TestCase.test_fails_in_threads")
    assert "AssertionError: 'threads' == 'threads'" in threads
    assert "thread 1 of 2" in threads
    assert "thread 2 of 2" in threads
    assert "process 2 of 2 raised AssertionError: True is not false" in ran.failure("TestCase.test_fails_in_a_process")
    assert "thread 2 of 2" in ran.failure("TestCase.test_teardown_fails_in_threads")
    assert ran.reason("TestCase::test_skips_in_threads") == "it skips itself when it is rerun: alone only"
    for test in ("test_fails", "test_skipped", "test_expected"):
        assert ran.reason(f"TestCase::{test}").startswith("its ordinary run did not pass"), test
    log = (suite.folder / "log.txt").read_text(encoding="utf-8").splitlines()
    assert log.count("main") == log.count("worker1") == log.count("worker2") == 1
