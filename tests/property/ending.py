"""Whether the execution that the threads of a generated program are in is being ended."""

from __future__ import annotations

from pytest_gilcheck.races.run import run


def stopping() -> bool:
    """Whether it is, so that what threads still do counts for nothing.

    In a module of its own: after each execution the engine compares what threads can reach, by way of globals of their
    modules too; for those that name ``run`` this would be the whole engine, as much as may be compared, every time.
    """
    return run.stopping
