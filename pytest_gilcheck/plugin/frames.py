"""Tracebacks without the frames of this package: what a user reads begins and ends in their own code."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from types import TracebackType

import pytest

import pytest_gilcheck

_OURS = str(Path(pytest_gilcheck.__file__).parent)


def strip(error: BaseException) -> None:
    """Take our frames out of the tracebacks of ``error``, of those it came from, and of those in it, in place."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        with suppress(Exception):  # the user's class may refuse
            each.__traceback__ = _stripped(each.__traceback__)
        if each.__context__ is not None and _internal(each.__context__):
            each.__context__ = None
        waiting += [other for other in (each.__context__, each.__cause__) if other is not None]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def hidden(info: pytest.ExceptionInfo[BaseException]) -> bool:
    """For ``__tracebackhide__``: our frames are of no use, but a failure without any traceback would lose its text."""
    return not isinstance(info.value, pytest.fail.Exception)


def _internal(error: BaseException) -> bool:
    """Whether the engine raised it to itself, to end an execution."""
    return type(error).__module__.startswith("pytest_gilcheck.races")


def _stripped(traceback: TracebackType | None) -> TracebackType | None:
    kept = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(_OURS):
            kept.append(traceback)
        traceback = traceback.tb_next
    following: TracebackType | None = None
    for entry in reversed(kept):
        following = TracebackType(following, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return following
