"""The files of a run, all at once: JUnit, SARIF, Markdown, the annotations and the summary of GitHub Actions."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from acceptance.racing import COUNTERS, DEADLOCK, RACE, SAFE
from acceptance.suite import SLEEP, Ran, Suite
from pytest_gilcheck.reporting import markdown

SCHEMA = Path(__file__).parents[1] / "unit" / "reporting" / "sarif-2.1.0.schema.json"

#: Ids, texts and properties that a format could choke on, and some of each verdict.
EACH = (
    COUNTERS,
    RACE,
    DEADLOCK,
    SAFE,
    f"""
@pytest.mark.gilcheck_scaling(expect="gil-bound")
def test_unexpected(record_property):
    record_property("mine", "own")
    {SLEEP}
@pytest.mark.gilcheck_race(seconds=20)
@pytest.mark.parametrize("word", ["a|b`@x", "<script>]](1){{0}}"], ids=str)
def test_odd(word, counter):
    counter.increment()
def test_unmarked(): ...
""",
)
FOUND = {"test_race": "race", "test_deadlock": "deadlock", "test_odd[a|b`@x]": "race", "test_odd[<script>]](1){0}]": "race"}


def properties(suite: Suite, name: str = "junit.xml") -> dict[str, dict[str, str]]:
    """The properties of each test case; no name may come twice."""
    found = {}
    for case in ET.parse(suite.folder / name).getroot().iter("testcase"):
        pairs = [(each.attrib["name"], each.attrib["value"]) for each in case.iter("property")]
        assert len(dict(pairs)) == len(pairs)
        found[case.attrib["name"]] = dict(pairs)
    return found


def results(suite: Suite) -> list[Any]:
    document = json.loads((suite.folder / "out.sarif").read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(document)
    return list(document["runs"][0]["results"])


def ran_with_all(suite: Suite, monkeypatch: pytest.MonkeyPatch, *, xdist: int = 0) -> Ran:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(suite.folder))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(suite.folder / "summary.md"))
    (suite.folder / "summary.md").write_text("# of another step\n", encoding="utf-8")
    (suite.folder / ".git").mkdir()
    (suite.folder / "tests").mkdir()
    suite.write(*EACH)
    (suite.folder / "test_suite.py").rename(suite.folder / "tests" / "test_suite.py")
    return suite.run("--gilcheck-sarif=out.sarif", "--gilcheck-markdown=out.md", "--junitxml=junit.xml", xdist=xdist)


@pytest.mark.parametrize("xdist", [0, 2])
def test_all_files_at_once(suite: Suite, monkeypatch: pytest.MonkeyPatch, xdist: int) -> None:
    ran = ran_with_all(suite, monkeypatch, xdist=xdist)
    assert ran.status == 1
    ran.lacks("INTERNALERROR")
    assert {test: ran.race(test) for test in FOUND} == FOUND
    assert not ran.leftovers

    found = properties(suite)
    assert {test: found[test]["gilcheck.race"] for test in FOUND} == FOUND
    assert found["test_race"]["gilcheck.token"] == ran.races["test_race"]["token"]
    assert found["test_safe"]["gilcheck.race"] == "clean"
    assert found["test_unexpected"]["gilcheck.expectation"] == "broken"
    assert found["test_unexpected"]["mine"] == "own"
    assert found["test_unmarked"] == {}

    told = {(each["ruleId"], each["properties"]["test"]) for each in results(suite) if each["level"] == "error"}
    assert told == {
        *((rule, f"tests/test_suite.py::{test}") for test, rule in FOUND.items()),
        ("expectation", "tests/test_suite.py::test_unexpected"),
    }
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in results(suite)]
    assert {place["uri"] for place in places} == {"tests/test_suite.py"}
    assert all("codeFlows" in each for each in results(suite) if each["ruleId"] in {"race", "deadlock"})

    comment = (suite.folder / "out.md").read_text(encoding="utf-8")
    assert comment.startswith(markdown.MARKER)
    assert comment.count("<details>") >= len(told)
    assert "* these accesses conflict" in comment
    assert (suite.folder / "summary.md").read_text(encoding="utf-8") == f"# of another step\n\n{comment}"

    commands = [line for line in ran.result.outlines if line.startswith("::")]
    assert len([line for line in commands if line.startswith("::error file=tests/test_suite.py")]) == len(told)
    (unexpected,) = [line for line in commands if "test_unexpected" in line]
    line = (
        (suite.folder / "tests" / "test_suite.py")
        .read_text(encoding="utf-8")
        .partition("def test_unexpected")[0]
        .count("\n")
    )
    # Where its decorators begin.
    assert f",line={line}," in unexpected
    assert any(f"--gilcheck-replay={ran.races['test_race']['token']}" in line for line in commands)
    if not xdist:
        the_command_line_makes_the_same_and_replays(suite)


def the_command_line_makes_the_same_and_replays(suite: Suite) -> None:
    there = suite.folder / "elsewhere"
    there.mkdir()

    def command(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-W", "error", "-m", "pytest_gilcheck", *arguments]
        return subprocess.run(program, capture_output=True, text=True, timeout=120, cwd=there, check=False)

    done = command("report", "../gilcheck.json", "--sarif=a.sarif", "--markdown=a.md")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (there / "a.md").read_text(encoding="utf-8") == (suite.folder / "out.md").read_text(encoding="utf-8")
    assert (there / "a.sarif").read_text(encoding="utf-8") == (suite.folder / "out.sarif").read_text(encoding="utf-8")
    done = command("replay", "../gilcheck.json", "test_race", "--", "-pno:cacheprovider", "-q")
    assert done.returncode == 1, done.stderr
    assert "replayed - 1 context switch" in done.stdout


def test_without_github_nothing_is_annotated(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.write(COUNTERS, RACE)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    ran = suite.run("--junitxml=junit.xml", "-o", "junit_family=xunit1", "-W", "error")
    assert ran.status == 1
    ran.lacks("::error")
    assert not (suite.folder / "summary.md").exists()
    assert properties(suite)["test_race"]["gilcheck.race"] == "race"


def test_asked_for_elsewhere_without_a_terminal_and_with_a_summary_that_cannot_be_written(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite.write(COUNTERS, SAFE, RACE)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "no/such/folder/summary.md")
    ran = suite.run("--gilcheck-github", "-pno:terminal", "--gilcheck-fail-on=none")
    assert ran.status == 0
    ran.shows("::warning file=test_suite.py,line=*,title=gilcheck%3A race%3A lost update of Counter.value::*")
    ran.lacks("INTERNALERROR", "Traceback")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    ran = suite.run("--gilcheck-fail-on=none", "-k", "safe")
    ran.shows("gilcheck: cannot write $GITHUB_STEP_SUMMARY: No such file or directory")
    assert ran.status == 0
    off = suite.run("-o", "gilcheck_github=false", "-k", "race")
    off.lacks("::error", "GITHUB_STEP_SUMMARY")
    assert off.status == 1


_RERUN = """
import pytest

def pytest_runtest_protocol(item, nextitem):
    # As plugins that run a failed test again do it: the reports of the first attempt but for the failure are dropped.
    from _pytest.runner import runtestprotocol
    for attempt in range(2):
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = [report for report in reports if report.failed]
        if failed and attempt == 0:
            item.ihook.pytest_runtest_logreport(report=failed[0])
            item._initrequest()
            continue
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        break
    return True

def pytest_runtest_makereport(item, call):
    assert item.user_properties == []

def pytest_runtest_logreport(report):
    assert report.user_properties == []
"""


def test_a_test_that_is_run_again_has_its_properties_once_and_other_plugins_see_none(suite: Suite) -> None:
    suite.write(COUNTERS, RACE, conftest=_RERUN)
    ran = suite.run("--junitxml=junit.xml")
    ran.lacks("INTERNALERROR")
    assert ran.status == 1
    assert properties(suite)["test_race"]["gilcheck.race"] == "race"


def test_a_path_that_cannot_be_written_ends_the_run_first(suite: Suite) -> None:
    suite.write("def test_one(): ...")
    result = suite.plain("--gilcheck-sarif=/dev/null/x", "--gilcheck-markdown=.")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--gilcheck-sarif: cannot write*", "*--gilcheck-markdown: *is a folder*"])
