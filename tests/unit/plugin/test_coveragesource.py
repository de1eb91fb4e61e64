"""What counts as the user's own code because coverage.py is told to measure it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gilcheck.plugin import coveragesource


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    # Who measures these tests would be asked first.
    monkeypatch.setattr("coverage.Coverage._instances", [])
    for name in ("lib", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("file", "text"),
    [
        (".coveragerc", "[run]\nsource = lib\n"),
        ("setup.cfg", "[coverage:run]\nsource = lib\n"),
        ("tox.ini", "[coverage:run]\nsource = lib, no_such_thing\n"),
        ("pyproject.toml", '[tool.coverage.run]\nsource = ["lib"]\n'),
        ("pyproject.toml", '[tool.coverage.run]\nsource_dirs = ["lib"]\n'),
    ],
)
def test_its_settings_are_read_as_it_reads_them(folder: Path, file: str, text: str) -> None:
    (folder / file).write_text(text)
    assert f"{folder / 'lib'}/" in coveragesource.places(folder)
    assert not any("other" in place for place in coveragesource.places(folder))


@pytest.mark.parametrize("text", ["[run]\nbranch = true\n", "[run]\nsource = pytest_gilcheck\n", "[run\nsource = lib\n"])
def test_nothing_where_nothing_is_named_or_it_cannot_be_read(folder: Path, text: str) -> None:
    (folder / ".coveragerc").write_text(text)
    assert coveragesource.places(folder) == frozenset()


def test_coverage_is_not_imported_where_nobody_uses_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "other"\n')
    program = """
import sys
from pathlib import Path
from pytest_gilcheck.plugin import coveragesource
assert coveragesource.places(Path.cwd()) == frozenset()
assert "coverage" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
