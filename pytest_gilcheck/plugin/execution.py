"""Which run is going on: set around each copy of a body, read by the ``gilcheck`` fixture."""

from __future__ import annotations

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """``mode`` is ``single``, ``threads``, ``processes`` or ``race``; ``count`` says how many copies run at once."""

    mode: str = "single"
    count: int = 1


_ordinary = Execution()
_now = _ordinary
_local = threading.local()


def current() -> Execution:
    """The run that is going on in this process."""
    return _now


def index() -> int:
    """The number of the copy that runs in this thread, from 0; 0 in a thread that the test started itself."""
    return getattr(_local, "index", 0)


def count() -> int:
    """How many run at once of what runs in this thread: copies of the body, or callables given to ``gilcheck.run``."""
    return getattr(_local, "count", None) or _now.count


class execution:  # noqa: N801 - used like a function
    """Announce a rerun, from before its set-up until after its teardown.

    Not by ``contextlib``, whose code would count as code that the test runs.
    """

    def __init__(self, mode: str, copies: int) -> None:
        self._new = Execution(mode=mode, count=copies)

    def __enter__(self) -> None:
        global _now
        self._before, _now = _now, self._new

    def __exit__(self, *_: object) -> None:
        global _now  # noqa: PLW0603 - as above
        _now = self._before


def become(number: int) -> int:
    """Make the calling thread copy ``number`` (from 0); returns what it was before."""
    before = index()
    _local.index = number
    return before


class one_of:  # noqa: N801 - used like a function
    """Make the calling thread callable ``number`` (from 0) of ``among``, for as long as this lasts."""

    def __init__(self, number: int, among: int) -> None:
        self._number = number
        self._among = among

    def __enter__(self) -> None:
        self._before = index(), getattr(_local, "count", None)
        _local.index, _local.count = self._number, self._among

    def __exit__(self, *_: object) -> None:
        _local.index, _local.count = self._before
