from __future__ import annotations

from pathlib import Path

import pytest

from pytest_gilcheck.plugin.github import annotate, append_summary
from pytest_gilcheck.record import Checked
from pytest_gilcheck.reporting import markdown
from pytest_gilcheck.reporting.github import MOST_OF_SUMMARY
from unit.reporting.specimens import RACE, WAITS, of_tests

REPORT = of_tests({"t.py::a": Checked(scaling=WAITS)})
LONG = of_tests({f"t.py::test_{n}": Checked(race=RACE) for n in range(5_000)})


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def test_the_report_is_added_to_what_is_there(summary: Path) -> None:
    assert append_summary(REPORT) is None
    assert append_summary(REPORT) is None
    assert summary.read_text(encoding="utf-8") == "\n".join([markdown.text(REPORT)] * 2)


@pytest.mark.parametrize("used", [0, 900_000, MOST_OF_SUMMARY - 2_000])
def test_the_summary_stays_within_its_limit(summary: Path, used: int) -> None:
    summary.write_bytes(b"x" * used)
    assert append_summary(LONG) is None
    assert MOST_OF_SUMMARY * 0.98 < summary.stat().st_size <= MOST_OF_SUMMARY


@pytest.mark.parametrize("left", [-1_000, 0, 100])
def test_a_summary_that_is_full_is_left_alone(summary: Path, left: int) -> None:
    summary.write_bytes(b"x" * (MOST_OF_SUMMARY - left))
    assert append_summary(LONG) == "the summary of this step is full: no report was added"
    assert summary.stat().st_size == MOST_OF_SUMMARY - left


def test_nothing_was_checked_or_there_is_no_step(summary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert append_summary(of_tests({})) is None
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    assert append_summary(REPORT) is None
    assert not summary.exists()


@pytest.mark.parametrize("name", ["no/such/folder/x", "a\udc80/\ud800", "."])
def test_what_cannot_be_written_is_said(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("os.environ", {"GITHUB_STEP_SUMMARY": name})
    said = append_summary(REPORT)
    assert said is not None
    assert said.startswith("cannot write $GITHUB_STEP_SUMMARY: ")


def test_paths_are_those_of_the_workspace(monkeypatch: pytest.MonkeyPatch) -> None:
    race = of_tests({"t.py::a": Checked(race=RACE)})
    monkeypatch.setenv("GITHUB_WORKSPACE", "/repo/src")
    assert annotate(race)[0].startswith("::error file=counter.py,")
    monkeypatch.setenv("GITHUB_WORKSPACE", "")
    assert annotate(race)[0].startswith("::error file=src/counter.py,")
