"""How much of its time a search has spent: the time that a busy machine gave to others does not count."""

from __future__ import annotations

from os import O_RDONLY, close, listdir, open, read  # noqa: A004 - the real ones, whatever a test puts in their place
from time import perf_counter

#: However busy the machine, a search takes no longer than this many times its budget.
MOST = 4.0

_TASKS = "/proc/self/task"


def waited_for_cpu() -> float:
    """The seconds for which the threads of this process that live now were ready to run and had no CPU; 0 where the system
    does not tell (the second field of ``/proc/PID/task/TID/schedstat`` on Linux, in nanoseconds)."""
    nanoseconds = 0
    try:
        for task in listdir(_TASKS):  # noqa: PTH208 - see above
            descriptor = open(f"{_TASKS}/{task}/schedstat", O_RDONLY)
            try:
                nanoseconds += int(read(descriptor, 100).split()[1])
            finally:
                close(descriptor)
    except (OSError, ValueError, IndexError):  # a thread has just ended, or there is no such file
        pass
    return nanoseconds / 1e9


class Spending:
    """Of ``seconds``, from now on. One thread of a search runs at a time: their waits for a CPU come one after another."""

    def __init__(self, seconds: float) -> None:
        self._begin = perf_counter()
        self._waited = waited_for_cpu()
        self._seconds = seconds
        self._allowed = seconds

    @property
    def left(self) -> bool:
        """Whether there is anything left."""
        spent = perf_counter() - self._begin
        if spent >= self._allowed:
            waited = max(0.0, waited_for_cpu() - self._waited)
            self._allowed = max(self._allowed, min(self._seconds + waited, self._seconds * MOST))
        return spent < self._allowed
