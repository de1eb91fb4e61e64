"""What a test is called outside pytest: as a scenario, whose name is in its tokens, and on a command line."""

from __future__ import annotations

import os
import shlex

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.plugin.markers import MOST_WORKERS
from pytest_gilcheck.races.schedule import Token, scenario_digest


def scenario_name(nodeid: str, copies: int) -> str:
    """The same from whatever folder pytest was started: folders above the test's file are no part of it."""
    path, separator, rest = nodeid.partition("::")
    return f"{path.rpartition('/')[2]}{separator}{rest} in {copies}"


def copies_of(token: str, nodeid: str) -> int | None:
    """How many copies of the test's body the token's schedule is for; ``None`` if it is for another test."""
    try:
        digest = Token.parse(token).scenario
    except Misuse:  # somebody else wrote it
        return None
    numbers = range(1, MOST_WORKERS + 1)
    return next((number for number in numbers if scenario_digest(scenario_name(nodeid, number)) == digest), None)


def replay_command(item: pytest.Item, token: str) -> str:
    """The one line that replays ``token``, for a shell in the folder that pytest was started in."""
    config = item.config
    source = config.getoption("gilcheck_source", default=None)
    options = [f"--gilcheck-source={source}"] if source else []
    return shlex.join(["pytest", _from_here(item), *options, f"--gilcheck-replay={token}"])


def _from_here(item: pytest.Item) -> str:
    """The id of ``item`` with the path that leads to its file."""
    here = item.config.invocation_params.dir
    try:
        path = os.path.relpath(item.path, here)
    except ValueError:  # on another drive
        path = str(item.path)
    return "".join([path.replace(os.sep, "/"), *item.nodeid.partition("::")[1:]])
