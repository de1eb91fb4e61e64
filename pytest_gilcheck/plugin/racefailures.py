"""A race that was found, as pytest shows it: what to raise, and the section with its story and how to see it again."""

from __future__ import annotations

import os

import pytest

from pytest_gilcheck.plugin import frames
from pytest_gilcheck.plugin.columns import columns
from pytest_gilcheck.plugin.testname import replay_command
from pytest_gilcheck.races import Exploration


def error(item: pytest.Item, exploration: Exploration) -> BaseException:
    """The exception that the test raised under the schedule, or one that says what happened where it raised none."""
    failure = exploration.failure
    raised = None if failure is None else failure.error
    # An interrupt or an exit that a test raised must fail that test, not end the session.
    if raised is None or isinstance(raised, KeyboardInterrupt | SystemExit | GeneratorExit | pytest.exit.Exception):
        text = "" if failure is None else f"\n{shortened(item, failure.text)}"
        return pytest.fail.Exception(f"gilcheck: {_found(exploration)}{text}", pytrace=False)
    frames.strip(raised)
    return raised


def section(item: pytest.Item, exploration: Exploration) -> str:
    """What goes below the failure: where it was found, its story, and how to see it again, or why there is no way."""
    failure = exploration.failure
    story = [] if failure is None else columns(failure.story, lambda file: shortened(item, file))
    token = exploration.token
    command = [shortened(item, exploration.reason)] if token is None else [f"replay: {replay_command(item, token)}"]
    return "\n".join([_found(exploration), *story, *command])


def shortened(item: pytest.Item, text: str) -> str:
    """``text`` with the paths in it as they are seen from the folder that pytest was started in."""
    return text.replace(f"{item.config.invocation_params.dir}{os.sep}", "")


def _found(exploration: Exploration) -> str:
    """What was found, and where in the search."""
    what, kind = exploration.verdict.value, exploration.kind
    named = what if kind in {None, what} else f"{what} ({kind})"
    if exploration.first_failure is None or exploration.switches is None:
        return named
    switches = f"{exploration.switches} context switch{'' if exploration.switches == 1 else 'es'}"
    return f"{named} on schedule {exploration.first_failure}, with {switches}; the ordinary run passed"
