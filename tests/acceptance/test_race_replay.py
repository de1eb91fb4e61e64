"""--gilcheck-replay: the printed line shows the same failure again, wherever it is typed; what does not fit is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.racing import COUNTERS, DEADLOCK, HANG, RACE, SAFE
from acceptance.suite import Ran, Suite

LOST = """
@pytest.mark.gilcheck(threads=2, processes=0)
def test_lost(counter, gilcheck):
    counter.increment()
    gilcheck.after(lambda: check(counter, gilcheck.thread_count))
def check(counter, count): assert counter.value == count, f"{counter.value} of {count}"
"""

#: As much of what a test can do as may come between finding a schedule and replaying it.
RICH = """
import logging, unittest
@pytest.fixture(autouse=True)
def variable(tmp_path, monkeypatch):
    monkeypatch.setenv("RICH", str(tmp_path))
    yield
    logging.getLogger("rich").warning("torn down")
@pytest.mark.gilcheck_race(threads=1)
class TestRich:
    @pytest.fixture
    def counter(self): return Counter()
    @pytest.mark.parametrize("number", [1], ids=["it's a b"])
    def test_rich(self, counter, number, tmp_path, capsys, caplog):
        print("to stdout")
        logging.getLogger("rich").warning("inside %d", number)
        assert capsys.readouterr().out == "to stdout\\n"
        assert [record.getMessage() for record in caplog.records] == ["inside 1"]
        (tmp_path / "file").write_text("x")
        assert len(list(tmp_path.iterdir())) == 1
        in_threads(counter.increment, counter.increment)
        assert counter.value == 2
@pytest.mark.gilcheck_race
class TestCase(unittest.TestCase):
    def setUp(self): self.counter = Counter()
    def test_case(self):
        in_threads(self.counter.increment, self.counter.increment)
        self.assertEqual(self.counter.value, 2)
"""


def replays(suite: Suite, ran: Ran, *more: str, xdist: int = 0) -> list[Ran]:
    """One run for each command that ``ran`` printed."""
    return [suite.run(*command, *more, small=False, xdist=xdist) for command in ran.replay_lines]


def reasons(ran: Ran) -> list[str]:
    """The lines that say what was raised."""
    return [line for line in ran.result.outlines if line.startswith(("E  ", "gilcheck: deadlock", "gilcheck: hang"))]


def test_the_printed_lines_show_the_same_failures_again(suite: Suite) -> None:
    suite.write(COUNTERS, RACE, DEADLOCK, HANG, LOST)
    found = suite.run()
    assert len(found.replay_lines) == 4
    for ran, (test, kind) in zip(
        replays(suite, found),
        [("test_race", "race"), ("test_deadlock", "deadlock"), ("test_hang", "hang"), ("test_lost", "race")],
        strict=True,
    ):
        assert ran.outcomes == {test: ["failed"]}
        assert ran.race(test) == kind
        assert ran.status == 1
        assert ran.races[test]["token"] == found.races[test]["token"]
        assert ran.races[test]["kind"] == found.races[test]["kind"]
        ran.lacks("cannot replay")


def test_of_tests_that_use_much_of_pytest(suite: Suite) -> None:
    suite.write(COUNTERS, RICH)
    found = suite.run()
    assert {record["verdict"] for record in found.races.values()} == {"race"}, found.output
    assert len(found.replay_lines) == 2
    for ran in replays(suite, found):
        assert {record["verdict"] for record in ran.races.values()} == {"race"}, ran.output


def test_with_other_options(suite: Suite) -> None:
    suite.write(COUNTERS, LOST)
    found = suite.run()
    assert len(found.replay_lines) == 1
    for more in (
        ("-s", "-p", "no:logging"),
        ("--tb=native", "-vv", "-p", "no:cacheprovider"),
        ("--setup-show", "--log-cli-level=DEBUG"),
        ("-W", "error", "--durations=3", "--junitxml=out.xml"),
        ("--pdb",),
    ):
        for ran in replays(suite, found, *more):
            assert {record["verdict"] for record in ran.races.values()} == {"race"}, (more, ran.output)


def test_under_xdist(suite: Suite) -> None:
    suite.write(COUNTERS, LOST)
    found = suite.run(xdist=2)
    (ran,) = replays(suite, found, xdist=2)
    assert ran.race("test_lost") == "race"
    ran.lacks("cannot replay")


def test_from_another_folder(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.write(COUNTERS, LOST)
    inner = suite.folder / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    found = suite.run("../test_suite.py", f"--gilcheck-json={suite.folder}/gilcheck.json")
    (command,) = found.replay_lines
    assert command[0] == "../test_suite.py::test_lost"
    ran = suite.run(*command, f"--gilcheck-json={suite.folder}/gilcheck.json")
    assert ran.race("test_lost") == "race"


def test_only_what_the_last_execution_prints_is_shown(suite: Suite) -> None:
    suite.write(
        COUNTERS, LOST.replace("    counter.increment()", "    print('said', gilcheck.mode)\n    counter.increment()")
    )
    (command,) = suite.run().replay_lines
    ran = suite.run(*command, "-s")
    assert ran.output.count("said race") == 2
    assert "said single" not in ran.output
    assert suite.run(*command).failure("test_lost").count("said race") == 2


def test_the_debugger_stops_where_the_test_failed(suite: Suite) -> None:
    suite.write(COUNTERS, RACE)
    (command,) = suite.run().replay_lines
    ran = suite.type_into("p 'value', counter.value\nq\n", *command, "--pdb")
    ran.stdout.fnmatch_lines(["*test_suite.py(*)test_race()", "*('value', 1)"])


def test_a_breakpoint_stops_in_the_schedule_once(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.write(
        COUNTERS,
        """
        @pytest.mark.gilcheck_race
        def test_stops():
            counter = Counter()
            if os.environ.get("STOP"): breakpoint()
            in_threads(counter.increment, counter.increment)
            assert counter.value == 2
        """,
    )
    (command,) = suite.run().replay_lines
    monkeypatch.setenv("STOP", "1")
    ran = suite.type_into("p 'stopped', counter.value\nc\n", *command, "-s")
    text = str(ran.stdout)
    assert text.count("('stopped', 0)") == 1
    assert "assert 1 == 2" in text


def test_a_schedule_that_does_not_fail_any_more_passes_and_says_so(suite: Suite) -> None:
    suite.write(COUNTERS, "limit = 2", RACE.replace("value == 2", "value >= limit"), helper="x = 1")
    (command,) = suite.run("--gilcheck-ignore=lost-update").replay_lines
    suite.write(COUNTERS, "limit = 1", RACE.replace("value == 2", "value >= limit"))
    ran = suite.run(*command, "--gilcheck-ignore=lost-update")
    assert ran.outcomes == {"test_race": ["passed"]}
    assert ran.status == 0
    ran.shows("gilcheck: the schedule ran and did not fail: test_suite.py::test_race")


def test_changed_code_is_refused(suite: Suite) -> None:
    suite.write(COUNTERS, RACE)
    (command,) = suite.run().replay_lines
    suite.write(COUNTERS.replace("self.value += 1", "self.value += 1 + 0 * self.value", 1), RACE)
    ran = suite.run(*command)
    assert ran.outcomes == {"test_race": ["failed"]}
    assert "gilcheck: cannot replay: the schedule is stale" in ran.failure("test_race")
    assert "Traceback" not in ran.output
    assert ran.race("test_race") == "skipped"


def test_lines_may_move(suite: Suite) -> None:
    suite.write(COUNTERS, RACE)
    (command,) = suite.run().replay_lines
    suite.write("# one\n# two", COUNTERS, RACE)
    assert suite.run(*command).race("test_race") == "race"


def test_a_schedule_of_another_test_is_refused(suite: Suite) -> None:
    suite.write(COUNTERS, RACE, SAFE)
    ((_, option),) = suite.run().replay_lines
    ran = suite.run("test_suite.py::test_safe", option)
    assert "gilcheck: cannot replay: the schedule is for another test" in ran.failure("test_safe")
    assert ran.status == 1


def test_of_a_test_that_cannot_be_rerun(suite: Suite) -> None:
    suite.write(COUNTERS, RACE)
    (command,) = suite.run().replay_lines
    suite.write(COUNTERS, f'@pytest.mark.gilcheck_skip("not now")\n{RACE.strip()}')
    assert "gilcheck: cannot replay: not now" in suite.run(*command).failure("test_race")


def test_one_test_has_to_be_selected(suite: Suite) -> None:
    suite.write(COUNTERS, RACE, SAFE)
    ((_, option),) = suite.run().replay_lines
    for selection, what in (([], "2 tests are"), (["-k", "nothing"], "no test is"), (["-k", "race or safe"], "2 tests are")):
        ran = suite.run(option, *selection)
        assert ran.status == pytest.ExitCode.USAGE_ERROR
        ran.result.stderr.fnmatch_lines([f"ERROR: --gilcheck-replay replays one test, and {what} selected; *"])
    ran = suite.run(option, xdist=2)
    assert ran.status == pytest.ExitCode.USAGE_ERROR


def test_a_damaged_token_ends_the_run_before_it_begins(suite: Suite) -> None:
    suite.write("def test_one(): ...")
    ran = suite.run("--gilcheck-replay=gc1:AAAA")
    assert ran.status == pytest.ExitCode.USAGE_ERROR
    ran.result.stderr.fnmatch_lines(["ERROR: --gilcheck-replay: *"])


def test_a_file_that_cannot_be_collected_is_what_is_reported(suite: Suite) -> None:
    suite.write(COUNTERS, RACE)
    (command,) = suite.run().replay_lines
    Path(suite.folder, "test_suite.py").write_text("def (")
    ran = suite.run(*command)
    assert "SyntaxError" in ran.output


def test_the_last_failure_is_tried_first(suite: Suite) -> None:
    suite.write(COUNTERS, RACE, DEADLOCK, LOST)
    found = suite.run()
    again = suite.run("--lf")
    for test in ("test_race", "test_deadlock", "test_lost"):
        assert again.race(test) == found.race(test), again.races[test]["reason"]
        assert again.races[test]["first_failure"] <= 3
    plain = suite.run("-p", "no:cacheprovider")
    assert plain.race("test_race") == "race"
    suite.write(COUNTERS, SAFE.replace("test_safe", "test_race"))
    assert suite.run().race("test_race") == "clean"
    stored = (suite.folder / ".pytest_cache/v/gilcheck/tokens").read_text()
    assert "test_race" not in stored
    assert "test_deadlock" in stored


def test_workers_of_xdist_have_the_controller_keep_it(suite: Suite) -> None:
    suite.write(COUNTERS, RACE, LOST)
    suite.run(xdist=2)
    stored = (suite.folder / ".pytest_cache/v/gilcheck/tokens").read_text()
    assert "test_race" in stored
    assert "test_lost" in stored
