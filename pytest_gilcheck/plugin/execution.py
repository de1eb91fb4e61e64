"""Which run is going on: set around each copy of a body, read by the ``gilcheck`` fixture."""

from __future__ import annotations

from _thread import get_ident
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """``mode`` is ``single``, ``threads``, ``processes`` or ``race``; ``count`` says how many copies run at once."""

    mode: str = "single"
    count: int = 1


_ordinary = Execution()
_now = _ordinary
# Which thread is which copy: its identity, the copy's number, and how many run at once if that is not the number of copies.
# No threading.local: what is kept in one stays in a thread, and race checks use their threads again only if nothing does.
_place: ContextVar[tuple[int, int, int | None]] = ContextVar("gilcheck_place", default=(0, 0, None))


def current() -> Execution:
    """The run that is going on in this process."""
    return _now


def index() -> int:
    """The number of the copy that runs in this thread, from 0; 0 in a thread that the test started itself."""
    return _of_this_thread()[0]


def count() -> int:
    """How many run at once of what runs in this thread: copies of the body, or callables given to ``gilcheck.run``."""
    return _of_this_thread()[1] or _now.count


def _of_this_thread() -> tuple[int, int | None]:
    """Its number and how many run at once: a context may have come from another thread."""
    thread, number, among = _place.get()
    return (number, among) if thread == get_ident() else (0, None)


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
    before, among = _of_this_thread()
    _place.set((get_ident(), number, among))
    return before


class one_of:  # noqa: N801 - used like a function
    """Make the calling thread callable ``number`` (from 0) of ``among``, for as long as this lasts."""

    def __init__(self, number: int, among: int) -> None:
        self._number = number
        self._among = among

    def __enter__(self) -> None:
        self._before = _of_this_thread()
        _place.set((get_ident(), self._number, self._among))

    def __exit__(self, *_: object) -> None:
        _place.set((get_ident(), *self._before))
