from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.cli import main
from pytest_gilcheck.record import Checked
from pytest_gilcheck.reporting import jsonreport
from unit.reporting.specimens import CLEAN, DEADLOCK, RACE, of_tests

BOTH = {"t.py::test_race": Checked(race=RACE), "t.py::test_dead": Checked(race=DEADLOCK), "t.py::c": Checked(race=CLEAN)}


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that are started, none of which runs."""
    commands: list[list[str]] = []

    def call(command: list[str], **_: Any) -> int:
        commands.append(command)
        return 1

    monkeypatch.setattr(subprocess, "call", call)
    return commands


def write(folder: Path, tests: dict[str, Checked], **session: Any) -> str:
    path = folder / "gilcheck.json"
    path.write_text(jsonreport.text(of_tests(tests, **session)), encoding="utf-8")
    return str(path)


def test_the_only_test_that_has_a_schedule(tmp_path: Path, started: list[list[str]]) -> None:
    file = write(tmp_path, {"t.py::test_race": Checked(race=RACE), "t.py::c": Checked(race=CLEAN)})
    assert main(["replay", file]) == 1
    assert started == [[sys.executable, "-m", "pytest", "t.py::test_race", "--gilcheck-replay=gc1:AAAA"]]


@pytest.mark.parametrize("asked", ["t.py::test_dead", "test_dead", "dead"])
def test_a_test_that_is_chosen_and_arguments_for_pytest(tmp_path: Path, started: list[list[str]], asked: str) -> None:
    assert main(["replay", write(tmp_path, BOTH), asked, "--", "-x", "--", "--pdb"]) == 1
    assert started[0][3:] == ["t.py::test_dead", "--gilcheck-replay=gc1:BBBB", "-x", "--", "--pdb"]


def test_arguments_for_pytest_are_no_test(tmp_path: Path, started: list[list[str]]) -> None:
    file = write(tmp_path, {"-t.py::test_race": Checked(race=RACE)})
    assert main(["replay", file, "--", "-q"]) == 1
    assert started[0][3:] == ["./-t.py::test_race", "--gilcheck-replay=gc1:AAAA", "-q"]


def test_the_test_is_found_from_another_folder(
    tmp_path: Path, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "t.py").touch()
    file = write(tmp_path, {"t.py::test[a/b::c]": Checked(race=RACE)}, root=str(tmp_path / "project"))
    monkeypatch.chdir(tmp_path)
    assert main(["replay", file]) == 1
    assert started[0][3] == "project/t.py::test[a/b::c]"


@pytest.mark.parametrize(
    ("tests", "asked", "said"),
    [
        (BOTH, [], "several tests have a schedule; give one of them:\n  t.py::test_race\n  t.py::test_dead\n"),
        (BOTH, ["test_rase"], "unknown test 'test_rase'"),
        (BOTH, ["t.py::c"], "unknown test 't.py::c'"),
        ({"a.py::x": BOTH["t.py::test_race"], "b.py::x": BOTH["t.py::test_race"]}, ["x"], "is the end of several ids"),
        ({"t.py::c": Checked(race=CLEAN)}, [], "has no schedule: no test of it failed"),
    ],
)
def test_a_mistake(
    tmp_path: Path,
    started: list[list[str]],
    tests: dict[str, Checked],
    asked: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["replay", write(tmp_path, tests), *asked])
    assert end.value.code == 2
    assert said in capsys.readouterr().err
    assert started == []


def test_an_id_that_no_command_can_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["replay", write(tmp_path, {"t.py::x[\0]": Checked(race=RACE)})])
    assert end.value.code == 2
    assert "cannot start pytest for t.py::x[\\x00]: embedded null byte" in capsys.readouterr().err
