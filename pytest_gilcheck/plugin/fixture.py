"""The object behind the ``gilcheck`` fixture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeVar

import pytest

from pytest_gilcheck.plugin import execution, watch

_T = TypeVar("_T")


class Gilcheck:
    """What a test can ask about the run it is in, and let run concurrently."""

    def __init__(self) -> None:
        self._checks: list[Callable[[], object]] = []

    @property
    def mode(self) -> str:
        """``"single"``, ``"threads"``, ``"processes"`` or ``"race"``."""
        return execution.current().mode

    @property
    def thread_index(self) -> int:
        """Which copy of the body this is, from 0 to ``thread_count - 1``; in processes, the number of the process.

        Inside a callable given to :meth:`run`: its place among them.
        """
        return execution.index()

    @property
    def thread_count(self) -> int:
        """How many copies of the body run at once; 1 in the ordinary run.

        Inside a callable given to :meth:`run`: how many were given.
        """
        return execution.count()

    def run(self, *callables: Callable[[], Any] | Sequence[Callable[[], Any]]) -> list[Any]:
        """Run ``callables`` as concurrent threads and return their results in the order in which they are given.

        A list of callables is run by one thread, one after another; what it returns is the list of their results. Each
        callable is an operation: whatever the interleaving, results and state have to be as some order of the operations
        one after another leaves them, unless an operation lets others in on purpose, as one does that frees a lock and
        takes one again.

        In a race check each execution interleaves them in another way. In every other run, the ordinary one included, they
        run one after another in the order written. All of them run, whatever the others do; then what one of them raised is
        raised as it is, and what several raised as an :class:`ExceptionGroup`.
        """
        from pytest_gilcheck.races import run  # noqa: PLC0415 - for tests that use it only

        watch.called_run()
        among = len(callables)
        return run(
            *(
                partial(_as, number, among, each) if callable(each) else [partial(_as, number, among, one) for one in each]
                for number, each in enumerate(callables)
            )
        )

    def after(self, check: Callable[[], object]) -> None:
        """Have ``check`` called once when the body and all threads of the run have ended, before any fixture is torn down.

        What it raises fails the test. It is called in the ordinary run and in every execution of a race check, not in the
        reruns that measure scaling, where a body runs any number of times. Of several checks the first comes first.
        """
        self._checks.append(check)

    def settle(self) -> None:
        """Call the registered checks, each once. The plugin does this."""
        while self._checks:
            self._checks.pop(0)()

    def __repr__(self) -> str:
        return f"<gilcheck mode={self.mode!r} thread_index={self.thread_index} thread_count={self.thread_count}>"


#: The fixture's current object, on items that use it.
GILCHECK = pytest.StashKey[Gilcheck]()


def provide(request: pytest.FixtureRequest) -> Iterator[Gilcheck]:
    """The fixture; where this plugin's checks are off, it also calls what was registered, for want of a better time."""
    made = request.node.stash[GILCHECK] = Gilcheck()
    yield made
    if execution.current().mode == "single" and not request.config.pluginmanager.has_plugin("gilcheck-checks"):
        made.settle()


def settle(item: pytest.Item) -> None:
    """Call what a test has registered with ``gilcheck.after``."""
    used = item.stash.get(GILCHECK, None)
    if used is not None:
        used.settle()


def _as(number: int, among: int, each: Callable[[], _T]) -> _T:
    with execution.one_of(number, among):
        return each()
