"""What a scenario calls: threads at once, and the wait for their end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_gilcheck.races import calls, preparing
from pytest_gilcheck.races.free import threads as free
from pytest_gilcheck.races.free.noise import now
from pytest_gilcheck.races.ordinary import one_after_another
from pytest_gilcheck.races.run import run as _run

#: What one thread does: one operation, or several one after another.
Operations = Callable[[], Any] | Sequence[Callable[[], Any]]


def in_execution() -> bool:
    """Whether the caller runs under control."""
    return _run.mine()


def prepare(*callables: Callable[..., Any]) -> None:
    """These are about to be called by code that is not instrumented: let it be seen what they do, from the first time."""
    if in_execution():
        with _run.passing():
            for candidate in callables:
                preparing.callee(candidate)


def run(*threads: Operations) -> list[Any]:
    """Run callables as concurrent threads and return their results in order; a sequence of callables is run by one thread,
    one after another, and returns a list.

    Inside an execution their interleaving is the schedule's; in a free run they run as they like; outside they run one after
    another, in the order given, and only where one waits does the next begin before it has ended. What one of them raised is
    raised here, what several raised as an ``ExceptionGroup``, after all have ended.
    """
    return together(threads, judged=True)


def together(threads: Sequence[Operations], *, judged: bool, shared: Mapping[str, object] | None = None) -> list[Any]:
    """See :func:`run`. ``judged``: what comes of it has to be what comes of some serial order; ``shared`` is the state
    that counts for it, instead of what the callables can reach."""
    operations = [[each] if callable(each) else list(each) for each in threads]
    results: list[Any]
    errors: list[BaseException]
    if in_execution():
        prepare(*(each for one in operations for each in one))
        judging = _run.judging if judged and _run.me.number == 0 else None  # what runs inside an operation is part of it
        seen: Sequence[Sequence[Callable[[], Any]]] = [[calls.watched(each) for each in one] for one in operations]
        children = _run.all(_functions(threads, seen if judging is None else judging.seen(seen)))
        results = [child.result for child in children]
        errors = [child.error for child in children if child.error is not None]
        if judging is not None:
            with _run.passing():
                judging.take(operations, children, shared)
    elif now.noise is not None:
        for one in operations:
            for each in one:
                preparing.callee(each)
        results, errors = free.at_once(now.noise, _functions(threads, operations))
    else:
        results, errors = one_after_another(_functions(threads, operations))
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup(f"{len(errors)} of {len(threads)} concurrent callables raised", errors)
    return results


def _functions(threads: Sequence[Operations], operations: Sequence[Sequence[Callable[[], Any]]]) -> list[Callable[[], Any]]:
    """What each of ``threads`` runs, when its operations are ``operations``."""
    return [one[0] if callable(each) else _one_by_one(one) for each, one in zip(threads, operations, strict=True)]


def _one_by_one(operations: Sequence[Callable[[], Any]]) -> Callable[[], list[Any]]:
    return lambda: [operation() for operation in operations]


def drain() -> None:
    """In the root of an execution: wait until all other threads that keep a process alive have ended, or cannot go on."""
    if in_execution():
        _run.drain()
    elif now.noise is not None:
        free.drain(now.noise, now.noise.before)
