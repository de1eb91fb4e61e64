from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.cli import main
from pytest_gilcheck.record import Checked
from pytest_gilcheck.reporting import jsonreport, markdown, sarif
from pytest_gilcheck.reporting.report import Report
from unit.reporting.specimens import BOUND, RACE, of_tests

REPORT = of_tests({"t.py::a": Checked(scaling=BOUND), "t.py::\ud800\x1b": Checked(race=RACE)}, (("t.py::a", "gil-bound"),))


def plain(report: Report = REPORT) -> Any:
    return json.loads(jsonreport.text(report))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "gilcheck.json"
    path.write_text(jsonreport.text(REPORT), encoding="utf-8")
    return str(path)


def test_the_table_is_printed_without_a_format(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("scaling ")
    assert any(line.endswith("t.py::\\ud800\\x1b") for line in lines)
    assert any(line.startswith("CPython ") for line in lines)
    assert lines[-2:] == ["    gil-bound: t.py::a", "        4 threads ×1.02"]


def test_each_format_goes_to_its_file(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "new"
    formats = {"json": jsonreport.text, "sarif": sarif.text, "markdown": markdown.text}
    assert main(["report", file, *(f"--{name}={out / name}" for name in formats)]) == 0
    read = jsonreport.read(Path(file))
    assert {name: (out / name).read_text(encoding="utf-8") for name in formats} == {
        name: make(read) for name, make in formats.items()
    }
    assert capsys.readouterr().out == ""


def test_a_format_on_standard_output_is_all_there_is(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", file, "--markdown", "-"]) == 0
    assert capsys.readouterr().out == markdown.text(jsonreport.read(Path(file)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--sarif=-", "--markdown=-"], "--sarif and --markdown cannot share the standard output"),
        (["--sarif=-", "--text"], "--sarif and --text cannot share"),
        (["--sarif="], "--sarif: needs a path"),
        (["--sarif=/"], "is a folder"),
        (["--sarif=/dev/null/x"], "cannot write '/dev/null/x'"),
    ],
)
def test_a_mistake(file: str, options: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["report", file, *options])
    assert end.value.code == 2
    assert said in capsys.readouterr().err


def broken(*path: str | int, value: Any) -> Any:
    document = place = plain()
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return document


RACY = ("tests", "t.py::\ud800\x1b", "race")
BOUNDED = ("tests", "t.py::a", "scaling")


@pytest.mark.parametrize(
    "document",
    [
        broken(*RACY, "story", value=[1]),
        broken(*RACY, "story", "steps", 0, "file", value=7),
        broken(*RACY, "story", "steps", 0, "line", value=[]),
        broken(*RACY, "schedules", value="many"),
        broken(*RACY, "reason", value=None),
        broken(*BOUNDED, "gil_share", value="x"),
        broken(*BOUNDED, "hot_lines", 0, "line", value="x"),
        broken("environment", "usable_cpus", value="x"),
        broken("tests", value=[]),
        {"schema_version": 1},
        [],
    ],
    ids=str,
)
def test_a_damaged_file_is_said_to_be_one(document: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "damaged.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    ends = []
    for options in ([], [f"--sarif={tmp_path / 'a'}"], [f"--markdown={tmp_path / 'b'}"]):
        try:
            ends.append(main(["report", str(path), *options]))
        except SystemExit as end:
            ends.append(int(str(end.code)))
    # Not every format shows everything.
    assert 2 in ends
    assert set(ends) <= {0, 2}
    assert "damaged.json'" in capsys.readouterr().err
