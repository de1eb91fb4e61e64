"""The workflows and commands in docs/how-to/gate-ci.md name only options, words and commands that exist."""

from __future__ import annotations

import argparse
import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from pytest_gilcheck.gating.policy import Policy
from pytest_gilcheck.plugin.options import OPTIONS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "gate-ci.md").read_text(encoding="utf-8")
WORKFLOWS = re.findall(r"```\{code-block\} yaml\n:caption: (\S+)\n\n(.*?)```", PAGE, re.DOTALL)
#: What GitHub puts in.
EXPRESSION = re.compile(r"\$\{\{ [\w.]+ \}\}")
COMMANDS = re.findall(r"python -m pytest_gilcheck (.*?)(?: \|\| true)?$", EXPRESSION.sub("it", PAGE), re.MULTILINE)

FLAGS = {option.flag for option in OPTIONS}


def test_there_are_workflows() -> None:
    assert [name for name, _ in WORKFLOWS] == [*[".github/workflows/gilcheck.yml"] * 2, *[".gitlab-ci.yml"] * 2]
    assert len(COMMANDS) == 4


@pytest.mark.parametrize(("name", "text"), WORKFLOWS)
def test_a_workflow_compares_with_what_it_has(name: str, text: str) -> None:
    named = re.findall(r"--gilcheck[\w-]*", text)
    assert "--gilcheck-baseline" in named
    assert set(named) <= FLAGS
    assert "\t" not in text
    assert ("${{" in text or "$CI" in text) is ("base" in text and "head" in text)
    baselines = {
        path.rpartition("/")[2] for path in re.findall(r"--gilcheck-(?:save-)?baseline=(\S+)", EXPRESSION.sub("it", text))
    }
    assert baselines == {"scaling.json"}


def test_every_option_of_the_page_exists_and_takes_its_value() -> None:
    assert set(re.findall(r"--gilcheck-[\w-]*\w", PAGE)) <= FLAGS
    for words in re.findall(r"--gilcheck-fail-on=([\w,-]+)", PAGE):
        Policy.parse(words)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_exists_and_takes_its_arguments(command: str) -> None:
    name, *arguments = shlex.split(command)
    parser = argparse.ArgumentParser(exit_on_error=False)
    import_module(f"pytest_gilcheck.cli.{name}").add_arguments(parser)
    parser.parse_args(arguments)
