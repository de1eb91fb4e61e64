from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from pytest_gilcheck import extensions
from pytest_gilcheck.extensions import extension_modules, first_to_enable_the_gil


def a_module(name: str, file: str | None) -> ModuleType:
    module = ModuleType(name)
    module.__file__ = file
    return module


def test_extension_modules_are_known_by_their_files_in_the_order_of_import(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: dict[str, Any] = {
        "second": a_module("second", "/lib/second.cpython-313t.so"),
        "source": a_module("source", "/lib/source.py"),
        "blocked": None,
        "namespace": a_module("namespace", None),
        "first": a_module("first", "C:\\lib\\first.pyd"),
        "built_in": ModuleType("built_in"),
    }
    monkeypatch.setattr(sys, "modules", loaded)
    assert extension_modules() == ["second", "first"]


Done = Callable[..., subprocess.CompletedProcess[str]]


def answers(text: str) -> Done:
    return lambda command, **_: subprocess.CompletedProcess(command, 0, stdout=text, stderr="")


def fails(error: Exception) -> Done:
    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        raise error

    return run


@pytest.mark.parametrize(
    ("run", "found"),
    [
        (answers('"numpy.core"\n'), "numpy.core"),
        (answers('a module that prints\n"numpy.core"\n'), "numpy.core"),
        (answers(""), None),
        (answers("a module that prints\n"), None),
        (fails(OSError("no more processes")), None),
        (fails(subprocess.TimeoutExpired("python", 30.0)), None),
    ],
)
def test_the_answer_of_the_other_interpreter(monkeypatch: pytest.MonkeyPatch, run: Done, found: str | None) -> None:
    monkeypatch.setattr(subprocess, "run", run)
    assert first_to_enable_the_gil() == found


def test_the_other_interpreter_gets_the_path_the_names_and_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {}

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        asked.update(options, command=command)
        return subprocess.CompletedProcess(command, 0, stdout="", stderr="")

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(extensions, "extension_modules", lambda: ["one", "two"])
    first_to_enable_the_gil()
    assert json.loads(asked["input"]) == [sys.path, ["one", "two"]]
    assert asked["timeout"] <= 30.0
    assert asked["command"][0] == sys.executable


def in_an_interpreter(enabled_by: str, names: list[str]) -> str:
    """Run the program with a GIL that the import of ``enabled_by`` switches on."""
    pretend = f"import sys\nsys._is_gil_enabled = lambda: {enabled_by!r} in sys.modules\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", pretend + extensions._CHILD],
        input=json.dumps([sys.path, names]),
        capture_output=True,
        text=True,
        timeout=60.0,
        check=True,
    )
    return done.stdout


def test_the_program_names_the_first_that_enables_the_gil() -> None:
    names = ["no_such_module_at_all", "colorsys", "this_one_neither", "chunk_of_nothing", "cmd", "csv"]
    assert json.loads(in_an_interpreter("cmd", names)) == "cmd"


def test_the_program_says_nothing_when_none_does() -> None:
    assert in_an_interpreter("csv", ["colorsys", "cmd"]) == ""
