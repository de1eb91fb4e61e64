"""What a scenario calls: threads at once, and the wait for their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races import calls, preparing
from pytest_gilcheck.races.free import threads as free
from pytest_gilcheck.races.free.noise import now
from pytest_gilcheck.races.ordinary import one_after_another
from pytest_gilcheck.races.run import run as _run


def in_execution() -> bool:
    """Whether the caller runs under control."""
    return _run.mine()


def prepare(*callables: Callable[..., Any]) -> None:
    """These are about to be called by code that is not instrumented: let it be seen what they do, from the first time."""
    if in_execution():
        with _run.passing():
            for candidate in callables:
                preparing.callee(candidate)


def run(*callables: Callable[[], Any]) -> list[Any]:
    """Run ``callables`` as concurrent threads and return their results in order.

    Inside an execution their interleaving is the schedule's; in a free run they run as they like; outside they run one after
    another, in the order given, and only where one waits does the next begin before it has ended. What one of them raised is
    raised here, what several raised as an ``ExceptionGroup``, after all have ended.
    """
    results: list[Any]
    errors: list[BaseException]
    if in_execution():
        prepare(*callables)
        children = _run.all([calls.watched(function) for function in callables])
        results = [child.result for child in children]
        errors = [child.error for child in children if child.error is not None]
    elif now.noise is not None:
        results, errors = free.at_once(now.noise, callables)
    else:
        results, errors = one_after_another(callables)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup(f"{len(errors)} of {len(callables)} concurrent callables raised", errors)
    return results


def drain() -> None:
    """In the root of an execution: wait until all other threads that keep a process alive have ended, or cannot go on."""
    if in_execution():
        _run.drain()
    elif now.noise is not None:
        free.drain(now.noise, now.noise.before)
