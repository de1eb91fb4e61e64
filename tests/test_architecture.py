"""What holds for the package as a whole: what may import what, what being installed costs, how long a file may be."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import pytest_gilcheck

ROOT = Path(pytest_gilcheck.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

#: Rooms that need pytest: the plugin.
WITH_PYTEST = ("pytest_gilcheck.plugin",)

#: What loading the plugin may add to every pytest run: the package, the plugin, and one more.
MOST_MODULES_LOADED = 3
NEVER_LOADED = ("scaling", "races", "gating", "reporting")

MOST_LINES = 350


def name_of(file: Path) -> str:
    parts = ("pytest_gilcheck", *file.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = [name_of(file) for file in FILES]
WITHOUT_PYTEST = [name for name in MODULES if not name.startswith(WITH_PYTEST)]

# One interpreter for all: each module is imported with none of the others loaded. What its package imports need not be
# imported once more: to import it first is to import its package first.
_IMPORT_EACH_ALONE = """
import importlib, json, sys, traceback
blocked, names = json.load(sys.stdin)
for name in blocked:
    sys.modules[name] = None
broken = {}
brought = {}

def alone(name):
    for loaded in ours():
        del sys.modules[loaded]
    try:
        importlib.import_module(name)
    except BaseException:
        broken[name] = traceback.format_exc()
        return set()
    return set(ours())

def ours():
    return [name for name in sys.modules if name.partition(".")[0] == "pytest_gilcheck"]

for name in names:
    package = name.rpartition(".")[0]
    if package and package not in brought:
        brought[package] = alone(package)
    if name not in brought.get(package, ()):
        brought[name] = alone(name)
print(json.dumps(broken))
"""


def broken_imports(names: list[str], *, blocked: list[str]) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _IMPORT_EACH_ALONE],
        input=json.dumps([blocked, names]),
        capture_output=True,
        text=True,
        timeout=120.0,
        check=False,
        cwd=ROOT.parent,
    )
    assert done.returncode == 0, done.stderr
    broken: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return broken


def test_there_is_something_to_look_at() -> None:
    assert {"pytest_gilcheck", "pytest_gilcheck.verdict", "pytest_gilcheck.scaling.measure"} <= set(WITHOUT_PYTEST)


def test_each_module_can_be_imported_first_and_warns_of_nothing() -> None:
    # The others are imported below, in the same way.
    assert broken_imports([name for name in MODULES if name not in WITHOUT_PYTEST], blocked=[]) == {}


def test_all_but_the_plugin_does_without_pytest() -> None:
    assert broken_imports(WITHOUT_PYTEST, blocked=["pytest", "_pytest", "pluggy"]) == {}


_REPORT_MODULES = """
import json, os, sys

def pytest_unconfigure():
    ours = sorted(name for name in sys.modules if name.partition(".")[0] == "pytest_gilcheck")
    with open(os.environ["MODULES_FILE"], "w") as file:
        json.dump(ours, file)
"""


def modules_after_a_run(folder: Path, *options: str) -> set[str]:
    """The modules of this package that a pytest run of one plain test has loaded by its end."""
    folder.joinpath("conftest.py").write_text(_REPORT_MODULES)
    folder.joinpath("test_plain.py").write_text("def test_plain():\n    assert True\n")
    folder.joinpath("pytest.ini").write_text("[pytest]\n")
    answer = folder / "modules.json"
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COVERAGE", "COV_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**kept, "MODULES_FILE": str(answer)},
        capture_output=True,
        text=True,
        timeout=120.0,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return set(json.loads(answer.read_text()))


@pytest.mark.skipif(
    not entry_points(group="pytest11", name="gilcheck"), reason="the package is not installed, so that pytest loads nothing"
)
def test_being_installed_loads_hardly_anything(tmp_path: Path) -> None:
    without = modules_after_a_run(tmp_path, "-p", "no:gilcheck")
    added = modules_after_a_run(tmp_path) - without
    assert without == set()
    assert "pytest_gilcheck.plugin" in added
    assert len(added) <= MOST_MODULES_LOADED, sorted(added)
    assert not [name for name in added if name.split(".")[1:2] and name.split(".")[1] in NEVER_LOADED]


def test_a_session_without_race_checks_loads_no_race_engine(tmp_path: Path) -> None:
    loaded = modules_after_a_run(tmp_path, "--gilcheck-report")
    assert "pytest_gilcheck.plugin.results" in loaded
    assert not [name for name in loaded if name.startswith("pytest_gilcheck.races")]


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_file_stays_short(file: Path) -> None:
    assert len(file.read_text(encoding="utf-8").splitlines()) <= MOST_LINES


def test_one_module_only_knows_the_private_parts_of_pytest() -> None:
    mentions = [name_of(file) for file in FILES if re.search(r"\b_pytest[. ]", file.read_text(encoding="utf-8"))]
    assert set(mentions) <= {"pytest_gilcheck.plugin.compat"}
