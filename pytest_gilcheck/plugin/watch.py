"""What the ordinary run of a test does that decides how many copies of it a race check runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Seen:
    """``called_run``: ``gilcheck.run``. ``started_thread``: itself, or through a thread that it had started."""

    called_run: bool = False
    started_thread: bool = False

    @property
    def concurrent(self) -> bool:
        """Whether there is something to explore in one copy of the body."""
        return self.called_run or self.started_thread


_seen: Seen | None = None


def called_run() -> None:
    """Note a call of ``gilcheck.run``."""
    if _seen is not None:
        _seen.called_run = True


@contextmanager
def ordinary_run(*, threads: bool) -> Iterator[Seen]:
    """Watch what happens inside; whether threads are started only with ``threads``."""
    global _seen  # noqa: PLW0603 - one test at a time
    seen = _seen = Seen()
    try:
        with _starts(seen) if threads else nullcontext():
            yield seen
    finally:
        _seen = None


@contextmanager
def _starts(seen: Seen) -> Iterator[None]:
    """Note the threads that this one starts, or that those start; not those of others, such as a server in a fixture."""
    # It knows what threads do by their methods, and has to see those, not what stands in their place here.
    import pytest_gilcheck.races  # noqa: F401, PLC0415

    original = threading.Thread.start
    family: set[int] = {id(threading.current_thread())}
    kept = []  # so that no other thread takes over an id

    def start(self: threading.Thread, *args: Any, **kwargs: Any) -> None:
        if _seen is not seen and threading.Thread.start is start:
            # Somebody had replaced it, and put this back when it was no longer wanted.
            threading.Thread.start = original  # type: ignore[method-assign]
        if id(threading.current_thread()) in family:
            family.add(id(self))
            kept.append(self)
            seen.started_thread = True
        original(self, *args, **kwargs)

    threading.Thread.start = start  # type: ignore[method-assign]
    try:
        yield
    finally:
        # What somebody else has put in its place meanwhile stays.
        if threading.Thread.start is start:
            threading.Thread.start = original  # type: ignore[method-assign]
