from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from pytest_gilcheck.cli import history as command
from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating import history
from unit.gating.figures import MACHINE
from unit.gating.test_history import TESTS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "history.db"
    for number in range(3):
        history.append(path, f"2026-01-01T00:00:0{number}+00:00", "0.1", MACHINE, TESTS)
    return path


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args([str(argument) for argument in arguments]))


def test_the_runs(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "--last=2") == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split()[:6] == ["number", "at", "gilcheck", "tests", "races", "regressions"]
    assert [row.split()[:6] for row in rows] == [
        ["2", "2026-01-01T00:00:01+00:00", "0.1", "3", "1", "1"],
        ["3", "2026-01-01T00:00:02+00:00", "0.1", "3", "1", "1"],
    ]
    assert rows[0].endswith("a processor")


def test_one_test(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "--test", "t.py::test_a") == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split() == ["at", "scaling", "race", "speedup", "threads", "gil", "share"]
    assert len(rows) == 3
    assert rows[-1].split() == ["2026-01-01T00:00:02+00:00", "gil-bound", "×1.00", "98%"]


def test_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path, "--json") == 0
    runs = json.loads(capsys.readouterr().out)
    assert [entry["number"] for entry in runs] == [1, 2, 3]
    assert runs[0]["cpu_model"] == "a processor"
    assert run(path, "--test", "t.py::test_b", "--json", "--last=1") == 0
    (point,) = json.loads(capsys.readouterr().out)
    assert point["race"] == "race"


def test_mistakes(path: Path) -> None:
    with pytest.raises(Misuse, match=r"unknown test 't.py::test_ab' \(did you mean 't.py::test_[ab]'\?\); valid: "):
        run(path, "--test", "t.py::test_ab")
    with pytest.raises(Misuse, match="there is no such file"):
        run(path.with_name("missing.db"))
    for wrong in ("0", "x"):
        with pytest.raises(SystemExit):
            run(path, f"--last={wrong}")
