from __future__ import annotations

import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_gilcheck.plugin.testname import copies_of, replay_command, scenario_name
from pytest_gilcheck.races.schedule import Schedule, Token, scenario_digest


def token(name: str) -> str:
    return str(Token(schedule=Schedule(), code=1, scenario=scenario_digest(name)))


@pytest.mark.parametrize("copies", [1, 2, 8])
def test_a_token_tells_how_many_copies_it_is_for(copies: int) -> None:
    assert copies_of(token(scenario_name("tests/test_a.py::test_b[1]", copies)), "test_a.py::test_b[1]") == copies


def test_a_token_of_another_test_or_a_damaged_one_is_for_none() -> None:
    # One foreign token in 256 would be taken for one of 1 to 256 copies; this one is not.
    assert copies_of(token(scenario_name("test_a.py::test_b", 2)), "test_a.py::test_c") is None
    assert copies_of("gc1:nonsense", "test_a.py::test_c") is None


def item(nodeid: str, path: Path, here: Path, source: str | None = None) -> Any:
    options = {"gilcheck_source": source}
    config = SimpleNamespace(
        invocation_params=SimpleNamespace(dir=here), getoption=lambda name, default=None: options.get(name, default)
    )
    return SimpleNamespace(nodeid=nodeid, path=path, config=config)


@pytest.mark.parametrize(("here", "path"), [("", "tests/test_a.py"), ("tests", "test_a.py"), ("docs", "../tests/test_a.py")])
def test_the_command_is_for_the_folder_that_pytest_was_started_in(tmp_path: Path, here: str, path: str) -> None:
    test = item("tests/test_a.py::TestX::test_b", tmp_path / "tests" / "test_a.py", tmp_path / here)
    assert replay_command(test, "gc1:AA-_") == f"pytest {path}::TestX::test_b --gilcheck-replay=gc1:AA-_"


@pytest.mark.parametrize("parameter", ["a b", "$HOME", "it's", 'x"y', "a::b", "*", "ü", "\\"])
def test_the_command_is_quoted_for_a_shell(tmp_path: Path, parameter: str) -> None:
    test = item(f"test_a.py::test_b[{parameter}]", tmp_path / "test_a.py", tmp_path, "lib,a b")
    assert shlex.split(replay_command(test, "gc1:AA")) == [
        "pytest",
        f"test_a.py::test_b[{parameter}]",
        "--gilcheck-source=lib,a b",
        "--gilcheck-replay=gc1:AA",
    ]
