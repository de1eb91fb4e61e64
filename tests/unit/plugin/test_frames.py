from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_gilcheck.plugin import frames
from pytest_gilcheck.plugin.fixture import Gilcheck
from pytest_gilcheck.races.threads import Stop


def broken() -> None:
    raise LookupError("x")


def raised_by(function: Callable[[], object]) -> BaseException:
    try:
        Gilcheck().run(function)
    except BaseException as error:
        return error
    raise AssertionError


def files(error: BaseException) -> set[str]:
    return {Path(frame.filename).name for frame in traceback.extract_tb(error.__traceback__)}


def test_our_frames_go_and_the_users_stay() -> None:
    error = raised_by(broken)
    assert {"running.py", "fixture.py"} <= files(error)
    frames.strip(error)
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    assert names == ["raised_by", "broken"]


def test_in_groups_causes_and_contexts_too() -> None:
    def caused() -> None:
        try:
            Gilcheck().run(broken, broken)
        except ExceptionGroup as group:
            raise ValueError("y") from group

    error = raised_by(caused)
    frames.strip(error)
    group = error.__cause__
    assert isinstance(group, ExceptionGroup)
    for each in (error, group, *group.exceptions):
        assert files(each) <= {"test_frames.py"}


def test_what_the_engine_raises_to_itself_is_no_context() -> None:
    def stopped() -> None:
        try:
            raise Stop
        except Stop:
            raise LookupError("x")  # noqa: B904 - the context is what is tested

    error = raised_by(stopped)
    assert isinstance(error.__context__, Stop)
    frames.strip(error)
    assert error.__context__ is None


def test_a_circle_of_exceptions_ends() -> None:
    one, other = LookupError("1"), LookupError("2")
    one.__cause__, other.__cause__ = other, one
    frames.strip(one)


def test_a_failure_without_traceback_is_not_hidden() -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        pytest.fail("x", pytrace=False)
    assert not frames.hidden(failed)
    assert frames.hidden(pytest.ExceptionInfo.from_exception(raised_by(broken)))
