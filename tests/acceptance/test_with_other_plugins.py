"""Beside pytest-xdist, and with the options of pytest that change how tests are run or shown."""

from __future__ import annotations

import pytest

from acceptance.suite import SLEEP, Suite

TWO = f"""
pytestmark = pytest.mark.gilcheck
def test_waits():
    {SLEEP}
def test_fails_in_threads(gilcheck):
    {SLEEP}
    if gilcheck.mode == "threads": assert gilcheck.thread_index != 1, "broken"
"""


@pytest.mark.parametrize(
    "arguments",
    [
        # Each costs a run: what does not concern the same part of pytest goes together.
        "-W error -p no:cacheprovider",
        "-pno:terminal",
        "-p no:logging -p no:tmpdir --import-mode=importlib",
        "-p no:capture --setup-show -vv",
        "-p no:faulthandler -p no:threadexception -p no:unraisableexception",
        "--capture=no --assert=plain --durations=3 --tb=native",
        "--capture=sys --tb=short --showlocals --strict-config --strict-markers",
        "-o faulthandler_timeout=60 -o tmp_path_retention_policy=none",
    ],
)
def test_options_that_change_nothing_for_the_verdicts(suite: Suite, arguments: str) -> None:
    suite.write(TWO)
    ran = suite.run(*arguments.split())
    assert ran.status == 1
    ran.lacks("INTERNALERROR")
    assert ran.verdict("test_waits") == "io-bound", ran.reason("test_waits")
    assert ran.records["test_waits"]["processes"] == 2, ran.reason("test_waits")
    assert ran.records["test_fails_in_threads"]["failed"]
    assert not ran.leftovers


def test_files_that_belong_to_the_session_are_not_touched_by_its_workers(suite: Suite) -> None:
    suite.write(
        f"""
        import logging
        @pytest.mark.gilcheck
        def test_one(tmp_path, gilcheck):
            if gilcheck.mode == "single": logging.getLogger().warning("logged in the session")
            (tmp_path / "kept").touch()
            {SLEEP}
        def test_fails(): assert False
        """
    )
    base = suite.folder / "base"
    (suite.folder / "old").mkdir()
    ran = suite.run(
        "--basetemp=base", "--log-file=session.log", "--log-level=INFO", "--junitxml=junit.xml", "--debug=debug.log"
    )
    assert ran.records["test_one"]["processes"] == 2
    assert (base / "test_one0").is_dir()
    assert list(base.rglob("kept"))
    assert "logged in the session" in (suite.folder / "session.log").read_text(encoding="utf-8")
    junit = (suite.folder / "junit.xml").read_text(encoding="utf-8")
    assert 'tests="2"' in junit
    assert 'failures="1"' in junit
    debug = (suite.folder / "debug.log").read_text(encoding="utf-8", errors="replace")
    assert "pytest_sessionfinish" in debug
    assert "zygote" not in debug, "the second pytest has not written over it"
    assert "test_fails" in (suite.folder / ".pytest_cache" / "v" / "cache" / "lastfailed").read_text(encoding="utf-8")


def test_pdb_stops_at_a_failure_in_a_thread(suite: Suite) -> None:
    suite.write(TWO)
    result = suite.type_into("p 'typed', 6 * 7\nq\n", "--pdb")
    result.stdout.fnmatch_lines(["*AssertionError: broken*", "*(Pdb) ('typed', 42)*"])
    assert "INTERNALERROR" not in str(result.stdout)
    assert not suite.leftovers()


def test_a_breakpoint_in_a_body_stops_the_ordinary_run(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.gilcheck(processes=0)
        def test_one(gilcheck):
            {SLEEP}
            if gilcheck.mode == "single" and gilcheck.thread_count == 1 and not ran: breakpoint()
            ran.append(1)
        ran = []
        """
    )
    result = suite.type_into("p 'mode ' + gilcheck.mode\nc\n")
    result.stdout.fnmatch_lines(["*'mode single'*", "*1 passed*"])


def test_maxfail_and_stepwise(suite: Suite) -> None:
    suite.write(TWO, "def test_never(): ...")
    for arguments in (["-x"], ["--maxfail=1"], ["--sw"]):
        ran = suite.run(*arguments)
        assert "test_never" not in ran.outcomes
        assert ran.status in {1, 2}
        assert not ran.leftovers


def test_rerun_counts_and_reports_are_those_of_one_test(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.gilcheck
        def test_one(): {SLEEP}
        """,
        conftest="""
        calls = []
        def pytest_runtest_logstart(nodeid): calls.append("start")
        def pytest_runtest_logreport(report): calls.append(report.when)
        def pytest_runtest_logfinish(nodeid): calls.append("finish")
        def pytest_fixture_setup(fixturedef): ...
        def pytest_unconfigure(): print(calls)
        """,
    )
    ran = suite.run("-s")
    ran.shows("[[]'start', 'setup', 'call', 'teardown', 'finish']")


def test_one_measurement_at_a_time_under_xdist(suite: Suite) -> None:
    suite.write(
        """
        import pathlib
        log = pathlib.Path(__file__).with_name("log.txt")
        @pytest.mark.parametrize("n", range(4))
        @pytest.mark.gilcheck(threads=2, processes=0)
        def test_alone(n, gilcheck, worker_id):
            if gilcheck.mode == "threads":
                with log.open("a") as file: file.write(f"{n}\\n")
            time.sleep(0.02)
        """
    )
    ran = suite.run(xdist=2)
    assert ran.status == 0, ran.output
    order = (suite.folder / "log.txt").read_text(encoding="utf-8").split()
    turns = [n for n, before in zip(order, [None, *order], strict=False) if n != before]
    assert sorted(turns) == ["0", "1", "2", "3"], "each test is measured in one go"


def test_options_of_xdist_that_are_not_for_the_second_pytest(suite: Suite) -> None:
    suite.write(TWO)
    suite.ini(addopts="-n2 --dist=loadfile --maxprocesses=2")
    ran = suite.run(xdist=2)
    assert ran.records["test_waits"]["processes"] == 2, ran.reason("test_waits")
    ran = suite.run("-n0", xdist=1)
    assert ran.records["test_waits"]["processes"] == 2, ran.reason("test_waits")
    assert ran.report is not None
    assert ran.report["environment"]["xdist_workers"] == 0


def test_a_worker_of_xdist_that_crashes(suite: Suite) -> None:
    suite.write(TWO, "def test_crashes(): os._exit(3)", f"def test_last(): {SLEEP}")
    ran = suite.run(xdist=2)
    assert ran.status == 1
    ran.lacks("INTERNALERROR")
    assert ran.outcomes["test_last"] == ["passed"]
    assert not [line for line in ran.leftovers if not line.startswith("pytest-gilcheck-")]
