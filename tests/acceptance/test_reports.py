"""What a run shows and writes: the summary line, the table, the JSON file; and what a worker of pytest-xdist passes on."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from statistics import median
from typing import Any

import jsonschema
import pytest

from acceptance.suite import SLEEP, Suite
from pytest_gilcheck.environment import gil_state

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "gilcheck.schema.json"

LONG_LOOP = "sum(i & 3 for i in range(700_000))"

#: Verdicts of every sort that does not depend on the load of the machine.
EACH = f"""
import threading
@pytest.mark.gilcheck
def test_waits(): {SLEEP}
@pytest.mark.gilcheck
def test_short(): ...
@pytest.mark.gilcheck(threads=2, seconds=0.001)
def test_too_long(): time.sleep(0.1)
@pytest.mark.gilcheck
def test_capsys(capsys): ...
@pytest.mark.gilcheck_race
def test_race(): ...
@pytest.mark.gilcheck(processes=0)
def test_breaks(gilcheck):
    {SLEEP}
    assert gilcheck.mode != "threads", "broken"
@pytest.mark.gilcheck(processes=0, expect="gil-bound")
def test_unexpected(): {SLEEP}
@pytest.mark.gilcheck(expect="scales", min_speedup=1.1)
def test_open(): ...
@pytest.mark.gilcheck(expect="io-bound")
def test_met(): time.sleep(0.02)
def test_unmarked(): ...
"""


def valid(report: Any) -> None:
    jsonschema.validate(report, json.loads(SCHEMA.read_text(encoding="utf-8")))


@pytest.mark.whole_machine
def test_the_json_file(suite: Suite) -> None:
    suite.write(EACH, f"@pytest.mark.gilcheck\ndef test_computes(): {LONG_LOOP}")
    ran = suite.run("--gilcheck-seconds=0.6")
    report = ran.report
    assert report is not None
    valid(report)
    assert list(report) == ["schema_version", "environment", "tests", "failing", "coverage", "trend"]
    assert report["environment"]["xdist_workers"] == 0
    assert list(report["tests"]) == [f"test_suite.py::{test}" for test in ran.outcomes if test != "test_unmarked"]
    assert {test: record and record["verdict"] for test, record in ran.records.items() if test != "test_computes"} == {
        "test_waits": "io-bound",
        "test_short": "too-short",
        "test_too_long": "inconclusive",
        "test_capsys": "skipped",
        "test_race": None,
        "test_breaks": "inconclusive",
        "test_unexpected": "io-bound",
        "test_open": "too-short",
        "test_met": "io-bound",
    }
    waits = ran.records["test_waits"]
    assert waits["threads"] == waits["processes"] == 2
    assert waits["speedup_threads"] > 1.2
    assert waits["speedup_processes"] > 1.2
    for kind, runs in (("threads", "thread_runs"), ("processes", "process_runs")):
        each = [waits["single_seconds"] / run for run in waits[runs]]
        assert waits[f"speedup_{kind}"] == pytest.approx(median(each), rel=0.01)
    assert min(waits["single_runs"]) > 0.004
    assert 0.004 < waits["single_seconds"] < 0.1
    assert waits["hot_lines"] == []
    short = ran.records["test_short"]
    assert short["speedup_threads"] is short["speedup_processes"] is short["gil_share"] is None
    computes = ran.records["test_computes"]
    bound = {"releases-gil"} if gil_state() == "disabled" else {"gil-bound", "partly-gil-bound"}
    assert computes["verdict"] in {*bound, "inconclusive"}
    if computes["hot_lines"]:
        assert computes["hot_lines"][0]["file"].endswith("test_suite.py")
        assert computes["hot_lines"][0]["kind"] == "bytecode"
    assert [ran.records[test]["expectation"] for test in ("test_waits", "test_unexpected", "test_open", "test_met")] == [
        None,
        "broken",
        "unchecked",
        "met",
    ]
    assert [test for test, record in ran.records.items() if record and record["failed"]] == ["test_breaks"]
    assert [path.name for path in suite.folder.iterdir() if "gilcheck" in path.name] == ["gilcheck.json"]


def test_the_json_file_of_a_run_in_which_nothing_was_checked(suite: Suite) -> None:
    suite.write("def test_one(): ...")
    report = suite.run("--gilcheck-json=new/folders/report.json").folder / "new" / "folders" / "report.json"
    document = json.loads(report.read_text(encoding="utf-8"))
    valid(document)
    assert document["tests"] == {}
    plain = suite.folder / "plain"
    plain.touch()
    assert report.stat().st_mode == plain.stat().st_mode


def test_a_json_file_that_is_replaced_keeps_its_mode(suite: Suite) -> None:
    suite.write("def test_one(): ...")
    old = suite.folder / "old.json"
    old.write_text("old", encoding="utf-8")
    old.chmod(0o640)
    suite.run("--gilcheck-json=old.json")
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    valid(json.loads(old.read_text(encoding="utf-8")))


def test_the_json_file_is_seen_from_where_pytest_was_started(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.write(f"@pytest.mark.gilcheck(processes=0)\ndef test_one(tmp_path):\n    os.chdir(tmp_path)\n    {SLEEP}")
    suite.ini()
    (suite.folder / "inner").mkdir()
    monkeypatch.chdir(suite.folder / "inner")
    suite.run("--gilcheck-json=here.json", "../test_suite.py")
    assert json.loads((suite.folder / "inner" / "here.json").read_text(encoding="utf-8"))["tests"]


def test_ids_and_reasons_that_a_terminal_or_json_could_choke_on(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.gilcheck(processes=0)
        @pytest.mark.parametrize("word", ["\\x1b[31mred", "a\\nb", "ü→", "\\ud800"], ids=str)
        def test_odd(word, gilcheck):
            {SLEEP}
            if gilcheck.mode == "threads" and gilcheck.thread_index == 1: raise ValueError("\\x1b[2J\\ud800" + word)
        """
    )
    ran = suite.run("--gilcheck-report")
    assert ran.status == 1
    ran.lacks("INTERNALERROR", "UnicodeEncodeError")
    assert len(ran.records) == 4
    valid(ran.report)
    table = "\n".join(ran.result.outlines).partition("= gilcheck =")[2]
    assert "\x1b" not in table


def test_a_file_that_can_no_longer_be_written_fails_the_run(suite: Suite) -> None:
    suite.write(
        f"""
        import shutil
        @pytest.mark.gilcheck(processes=0)
        def test_one():
            {SLEEP}
            shutil.rmtree(os.path.join(os.path.dirname(__file__), "gone"), ignore_errors=True)
        """
    )
    ran = suite.run("--gilcheck-json=gone/report.json")
    ran.shows("gilcheck: cannot write *report.json: No such file or directory", "*1 passed*")
    assert ran.status == 1
    assert "INTERNALERROR" not in ran.output


def test_a_plain_run_shows_one_line_about_what_was_flagged(suite: Suite) -> None:
    suite.write(EACH)
    ran = suite.run("-ra")
    lines = [line for line in ran.result.outlines if line.startswith("gilcheck: ") and "but it is" not in line]
    assert lines == [
        "gilcheck: 1 failed when rerun (test_suite.py::test_breaks), 1 not as expected (test_suite.py::test_unexpected), "
        "1 expectation unchecked (test_suite.py::test_open); --gilcheck-report shows why",
    ]
    assert [line.partition(" - ")[0] for line in ran.result.outlines if line.startswith("GILCHECK ")] == [
        "GILCHECK not as expected test_suite.py::test_unexpected",
        "GILCHECK expectation unchecked test_suite.py::test_open",
    ], "pytest itself tells of what failed in a rerun"
    ran.lacks("scaling ", "usable CPU")


def test_nothing_flagged_nothing_shown(suite: Suite) -> None:
    suite.write(f"@pytest.mark.gilcheck\ndef test_waits(): {SLEEP}\n@pytest.mark.gilcheck\ndef test_short(): ...")
    ran = suite.run()
    assert [
        line for line in ran.result.outlines if "gilcheck" in line and "plugins:" not in line and "rootdir" not in line
    ] == []


def test_a_long_list_is_cut(suite: Suite) -> None:
    suite.write('@pytest.mark.gilcheck(expect="scales")\n@pytest.mark.parametrize("n", range(5))\ndef test_short(n): ...')
    suite.run().shows(
        "gilcheck: 5 expectation unchecked (*test_short[[]0], *test_short[[]1], *test_short[[]2] and 2 more); "
        "--gilcheck-report shows why"
    )


def test_the_table(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.write(EACH)
    monkeypatch.setenv("COLUMNS", "150")
    ran = suite.run("--gilcheck-report")
    ran.shows(
        "*= gilcheck =*",
        "scaling * threads * processes * GIL held * alone * race check * coverage * schedules * copies * took * test",
        "failed * test_suite.py::test_breaks",
        "*failed when rerun in 2 threads: thread 1 of 2 raised AssertionError: broken*",
        "io-bound * test_suite.py::test_unexpected",
        "*! expect='gil-bound', but it is io-bound: *",
    )
    ran.shows("io-bound *×*×* ms * test_suite.py::test_waits", "*the body waits*")
    ran.shows("too-short * test_suite.py::test_short", "*one call takes * ms; below 2 ms starting a thread costs as much")
    ran.shows(
        "inconclusive * test_suite.py::test_too_long",
        "*one call takes 0.1 s, too long for the budget; 2 threads take about 1 s*",
    )
    ran.shows("skipped * test_suite.py::test_capsys", "*it uses the fixture capsys, which is not thread-safe*")
    ran.shows("too-short * test_suite.py::test_open", "*! expect='scales' and min_speedup=1.1 cannot be checked: *")
    ran.shows("CPython *, GIL *, * usable CPU*")
    ran.lacks("test_unmarked *×", "--gilcheck-report shows why")


def test_the_table_without_any_test(suite: Suite) -> None:
    suite.write("def test_one(): ...")
    suite.run("--gilcheck-report").shows(
        "no check was finished; mark tests with @pytest.mark.gilcheck, or use --gilcheck for all"
    )


def test_records_reach_the_controller_of_xdist(suite: Suite) -> None:
    suite.write(EACH)
    ran = suite.run("--gilcheck-report", "--gilcheck-fail-on=expectation,inconclusive", xdist=2)
    valid(ran.report)
    assert ran.report is not None
    assert ran.report["environment"]["xdist_workers"] == 2
    assert len(ran.records) == 9
    assert ran.verdict("test_waits") == "io-bound"
    assert ran.records["test_waits"]["processes"] == 2
    assert ran.records["test_race"] is None
    assert ran.outcomes["test_breaks"] == ["failed"]
    ran.shows(
        "*AssertionError: broken*",
        "*gilcheck: raised in thread 1 of 2; the ordinary run passed*",
        "io-bound * test_suite.py::test_waits",
        "2 xdist workers ran tests at the same time: one measured at a time, beside the others",
    )
    ran.shows("gilcheck: --gilcheck-fail-on=inconclusive fails this run:")
    assert ran.output.count("gilcheck: --gilcheck-fail-on") == 1
    assert ran.status == 1
    assert not ran.leftovers
