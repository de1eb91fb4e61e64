"""Models of what threads wait for: locks, other threads, queues, clocks and the outside. The real objects stay in use."""

from __future__ import annotations

from pytest_gilcheck.races.primitives import clock, files, locks, processes, queues, sockets, threads, waiting
from pytest_gilcheck.races.primitives.limits import Handler
from pytest_gilcheck.races.primitives.locks import enter

__all__ = ["FUNCTIONS", "METHODS", "Handler", "begin", "end", "enter"]

METHODS: dict[tuple[type, str], Handler] = {
    **locks.METHODS,
    **threads.METHODS,
    **queues.METHODS,
    **waiting.METHODS,
    **sockets.METHODS,
    **files.METHODS,
}
"""Handlers of methods by the type in C that has them and their name."""

FUNCTIONS: dict[int, Handler] = {
    **threads.FUNCTIONS,
    **clock.FUNCTIONS,
    **waiting.FUNCTIONS,
    **files.FUNCTIONS,
    **processes.FUNCTIONS,
}
"""Handlers of functions in C and of a few in Python, by the id of the function."""


def begin() -> None:
    """Before an execution: nothing is left of the last one."""
    clock.begin()
    processes.begin()
    threads.begin()


def end() -> None:
    """After an execution: nothing of it is kept."""
    processes.begin()
    threads.begin()
