"""The object behind the ``gilcheck`` fixture."""

from __future__ import annotations

from pytest_gilcheck.plugin import execution


class Gilcheck:
    """What a test can ask about the rerun it is in."""

    @property
    def mode(self) -> str:
        """``"single"``, ``"threads"`` or ``"processes"``."""
        return execution.current().mode

    @property
    def thread_index(self) -> int:
        """Which copy of the body this is, from 0 to ``thread_count - 1``; in processes, the number of the process."""
        return execution.index()

    @property
    def thread_count(self) -> int:
        """How many copies of the body run at once; 1 in the ordinary run."""
        return execution.current().count

    def __repr__(self) -> str:
        return f"<gilcheck mode={self.mode!r} thread_index={self.thread_index} thread_count={self.thread_count}>"
