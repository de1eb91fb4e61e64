"""Every example in README.md and docs/ passes as a test file, and examples/ gets the verdicts that its table promises."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gilcheck.environment import gil_state, usable_cpus

ROOT = Path(__file__).resolve().parents[2]

_SNIPPET = re.compile(r"<!-- (test|script|conftest) -->\n```\{code-block\} python\n(.*?)```", re.DOTALL)
_README = re.compile(r"```python\n# (test_\w+\.py)\n(.*?)```", re.DOTALL)
_ROW = re.compile(r"^\| `(test_\w+\.py::test_\w+)` \| ([a-z-]+) \|", re.MULTILINE)


@pytest.fixture(autouse=True)
def _without_the_plugins_of_our_own_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    # Those who copy an example need not have them; loading them takes longer than most examples.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:xdist")


def snippets(kind: str) -> list[object]:
    pages = sorted((ROOT / "docs").rglob("*.md"))
    return [
        pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}")
        for page in pages
        for number, (found, code) in enumerate(_SNIPPET.findall(page.read_text()), start=1)
        if found == kind
    ]


def conftests(code: str) -> list[str]:
    """What goes into the conftest.py of a test: what its page has for one."""
    page = next(text for path in (ROOT / "docs").rglob("*.md") if code in (text := path.read_text()))
    return [found for kind, found in _SNIPPET.findall(page) if kind == "conftest"]


def test_there_are_snippets() -> None:
    assert len(snippets("test")) >= 8
    assert len(snippets("script")) >= 1


@pytest.mark.parametrize("code", snippets("test"))
def test_a_snippet_passes(pytester: pytest.Pytester, code: str) -> None:
    pytester.makepyfile(test_snippet=code)
    pytester.makeconftest("\n".join(conftests(code)))
    done = pytester.runpytest_subprocess("-W", "error", "--strict-markers", "--gilcheck-seconds=0.5", "--gilcheck-report")
    assert done.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("code", snippets("script"))
def test_a_program_runs(tmp_path: Path, code: str) -> None:
    program = tmp_path / "program.py"
    program.write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_quick_start(pytester: pytest.Pytester) -> None:
    found = _README.findall((ROOT / "README.md").read_text())
    assert found
    for name, code in found:
        pytester.path.joinpath(name).write_text(code)
    done = pytester.runpytest_subprocess("-W", "error", "--strict-markers", "--gilcheck-report")
    assert done.ret == pytest.ExitCode.OK
    done.stdout.fnmatch_lines(["releases-gil*" if gil_state() == "disabled" else "gil-bound*"])


def verdicts(out: Path, *chosen: str) -> dict[str, str]:
    """Run the examples (or those chosen) as a user does; the verdict of each test."""
    tests = [str(ROOT / "examples" / name) for name in chosen] or [str(ROOT / "examples")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--gilcheck-json={out}", *tests]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    records = json.loads(out.read_text())["tests"]
    return {test.rpartition("/")[2]: (record["scaling"] or record["race"])["verdict"] for test, record in records.items()}


@pytest.mark.skipif(gil_state() == "disabled" or usable_cpus() < 2, reason="the table is for a GIL and two CPUs")
def test_the_examples_are_what_their_table_says(tmp_path: Path) -> None:
    table = dict(_ROW.findall((ROOT / "examples" / "README.md").read_text()))
    assert len(table) >= 17
    got = verdicts(tmp_path / "out.json")
    assert got.keys() == table.keys()
    # On a busy machine a verdict may be withheld, and without numpy a test is skipped; none may be wrong. Less than 1 of 100
    # checks was wrong beside two busy neighbours: twice in a row for one of 14 is less than 1 in 700 runs.
    unsure = {"inconclusive", "skipped"}
    wrong = [test for test, verdict in got.items() if verdict not in {table[test], *unsure}]
    again = verdicts(tmp_path / "again.json", *wrong) if wrong else {}
    assert {test: again[test] for test in wrong if again[test] not in {table[test], *unsure}} == {}
