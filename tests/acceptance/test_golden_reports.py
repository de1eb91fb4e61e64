"""Whole reports of failures of every kind, as a user reads them: ``golden/NAME.py`` fails with the text of its ``NAME.txt``.

To write them anew after a change of the format, run ``pytest tests/acceptance/test_golden_reports.py`` with
``GILCHECK_GOLDEN=write`` in the environment. Then read each of them: the cause has to be plain without the source.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

GOLDEN = Path(__file__).with_name("golden")
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()
NAMES = sorted(path.stem for path in GOLDEN.glob("*.py"))
#: Every test gets as much time as it may need on a busy machine; none needs more than a few schedules.
CONFTEST = """
import pytest
def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.gilcheck_race(seconds=60))
"""

_HEADLINE = re.compile(r"^_{3,} (.+?) _{3,}$")
# What differs between runs and machines; and between versions of Python: how often threads in loops are made to give way.
_VARIES = (
    (re.compile(r"[\d.]+ ms$"), "N ms"),
    (re.compile(r"\b([4-9]|\d\d+) context switches"), "N context switches"),
    # Where the GIL may be handed over differs between versions, and a search for that may run out of time.
    (re.compile(r"(with the GIL: )(yes|not found in .*)$"), r"\1yes, or not found"),
    (re.compile(r"gc1:[\w-]+"), "gc1:TOKEN"),
    (re.compile(r"0x[0-9a-f]+"), "0x..."),
)
# They differ between versions of Python as well.
_CARETS = re.compile(r"^[ ^~]*[\^~][ ^~]*$")


def normalised(lines: list[str]) -> str:
    for pattern, text in _VARIES:
        lines = [pattern.sub(text, line) for line in lines]
    return "\n".join([*(line.rstrip() for line in lines if not _CARETS.match(line)), ""])


def expected(path: Path) -> str:
    """What the file says; without a GIL there is nothing to say of one."""
    lines = path.read_text().splitlines(keepends=True)
    return "".join(line for line in lines if HAS_GIL or not line.startswith("possible on this interpreter with the GIL: "))


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """By the name of the program, all of which run once."""
    folder = tmp_path_factory.mktemp("golden")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "conftest.py").write_text(CONFTEST)
    for name in NAMES:
        (folder / f"test_{name}.py").write_text((GOLDEN / f"{name}.py").read_text())
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist"]
    environment = {**os.environ, "COLUMNS": "80", "PYTEST_ADDOPTS": ""}
    done = subprocess.run(
        [*command, "--gilcheck-timeout=4", "--color=no"],
        capture_output=True, text=True, timeout=300, cwd=folder, env=environment, check=False,
    )  # fmt: skip
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in done.stdout.splitlines():
        if match := _HEADLINE.match(line):
            lines = found[match[1]] = []
        elif line.startswith(("====", "gilcheck: ")) and "replay: " in "".join(lines[-1:]):
            lines = []
        else:
            lines.append(line)
    by_program = {}
    for text in found.values():
        program = re.search(r"replay: pytest test_(\w+)\.py", text[-1] if text else "")
        assert program is not None, done.stdout
        by_program[program[1]] = normalised(text)
    return by_program


def test_there_are_enough() -> None:
    assert len(NAMES) >= 10
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(NAMES) or os.environ.get("GILCHECK_GOLDEN")


@pytest.mark.parametrize("name", NAMES)
def test_the_report_is_as_it_was_read(reports: dict[str, str], name: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GILCHECK_GOLDEN") == "write":
        path.write_text(reports[name])
    assert reports[name] == expected(path)


@pytest.mark.parametrize("name", NAMES)
def test_the_interleaving_is_plain_text_and_ends_with_the_command(reports: dict[str, str], name: str) -> None:
    _, _, section = reports[name].partition(" gilcheck race ")
    assert section.isascii()
    lines = section.splitlines()[1:]
    assert max(map(len, lines)) <= 120
    assert lines[-1] == f"replay: pytest test_{name}.py::{lines[-1].split('::')[1]}"
    assert "pytest_gilcheck" not in reports[name]
