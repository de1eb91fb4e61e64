"""Models of what threads wait for: locks, other threads, queues, clocks and the outside. The real objects stay in use."""

from __future__ import annotations

from pytest_gilcheck.races.primitives import (
    clock,
    files,
    filters,
    locks,
    order,
    processes,
    queues,
    sockets,
    threads,
    waiting,
)
from pytest_gilcheck.races.primitives.limits import Handler
from pytest_gilcheck.races.primitives.locks import enter, is_entered
from pytest_gilcheck.races.sites import Site

__all__ = ["FUNCTIONS", "METHODS", "PRIVATE", "Handler", "begin", "end", "enter", "in_order", "is_entered"]

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
    **filters.FUNCTIONS,
}
"""Handlers of functions in C and of a few in Python, by the id of the function."""


PRIVATE: Handler = locks.private
"""What stands for methods that only tell about the calling thread itself."""


def in_order(site: Site, function: object) -> Handler | None:
    """What stands for ``function`` where the order that it gives has to be the same in every execution."""
    return order.FUNCTIONS.get(id(function)) if site.guarded and site.code.co_qualname in order.PLACES else None


def begin() -> None:
    """Before an execution: nothing is left of the last one."""
    clock.begin()
    filters.begin()
    processes.begin()
    threads.begin()


def end() -> None:
    """After an execution: nothing of it is kept."""
    processes.begin()
    threads.begin()
