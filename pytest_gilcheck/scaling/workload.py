"""What is measured: something that yields fresh copies of a body, one for each worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from pytest_gilcheck.scaling.reading import Kind

Body = Callable[[], object]

#: A set-up that takes longer than this (seconds) is not repeated for every run.
COSTLY_SETUP_SECONDS = 0.1


class Workload(Protocol):
    """A body that can be set up afresh and run by several workers at once."""

    @property
    def setup_seconds(self) -> float:
        """How long the latest set-up took."""

    def copies(self, workers: int, kind: Kind, repeats: int) -> AbstractContextManager[Sequence[Body]]:
        """Set up on entering, yield one body for each worker (they share the set-up), tear down on leaving.

        Each body will be called ``repeats`` times.

        May keep a costly set-up for the next call. Raises :class:`~pytest_gilcheck.scaling.failures.NotRepeatable` when it
        cannot be set up again; what tearing down raises counts as a failure of the run.
        """


class CallableWorkload:
    """A plain callable: nothing to set up."""

    setup_seconds = 0.0

    def __init__(self, body: Body) -> None:
        self._body = body

    def copies(self, workers: int, kind: Kind, repeats: int) -> AbstractContextManager[Sequence[Body]]:  # noqa: ARG002
        """The same callable for every worker."""
        return nullcontext([self._body] * workers)
