"""A lock between processes that many may share or one may have alone, and that nobody waits for for ever."""

from __future__ import annotations

from pathlib import Path

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows
    fcntl = None  # type: ignore[assignment]


class Turns:
    """The lock, by two files that all processes can read; where the system has no ``flock`` nobody ever waits."""

    def __init__(self, queue: Path, taken: Path) -> None:
        self._queue = queue.open("rb")
        self._taken = taken.open("rb")
        self._alone: bool | None = None

    def take(self, *, alone: bool) -> None:
        """Wait until nobody has it alone, or for ``alone`` until nobody has it; having it already, do nothing."""
        if fcntl is None or self._alone is alone:
            return
        # Who waits stands first in the queue: those who share could otherwise keep one who wants it alone waiting.
        fcntl.flock(self._queue, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._taken, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        finally:
            fcntl.flock(self._queue, fcntl.LOCK_UN)
        self._alone = alone

    def give_back(self) -> None:
        """Let others have it; this also holds for copies of the lock in processes that were forked in the meantime."""
        if fcntl is not None:
            fcntl.flock(self._taken, fcntl.LOCK_UN)
        self._alone = None

    def close(self) -> None:
        """Give it back for good."""
        self._queue.close()
        self._taken.close()
