"""Which rerun is going on: set around each copy of a body, read by the ``gilcheck`` fixture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """``mode`` is ``single``, ``threads`` or ``processes`` (later ``race``); ``count`` says how many copies run at once."""

    mode: str = "single"
    count: int = 1


_ordinary = Execution()
_now = _ordinary
_local = threading.local()


def current() -> Execution:
    """The rerun that is going on in this process."""
    return _now


def index() -> int:
    """The number of the copy that runs in this thread, from 0; 0 in a thread that the test started itself."""
    return getattr(_local, "index", 0)


@contextmanager
def execution(mode: str, count: int) -> Iterator[None]:
    """Announce a rerun, from before its set-up until after its teardown."""
    global _now  # noqa: PLW0603 - one rerun at a time in a process, seen by all its threads
    before, _now = _now, Execution(mode=mode, count=count)
    try:
        yield
    finally:
        _now = before


def become(number: int) -> int:
    """Make the calling thread copy ``number`` (from 0); returns what it was before."""
    before = index()
    _local.index = number
    return before
