"""A pytest item as a workload: its function-scoped fixtures set up anew, its body as plain callables."""

from __future__ import annotations

import itertools
import unittest
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.plugin import compat
from pytest_gilcheck.plugin.execution import Execution, become, current, execution
from pytest_gilcheck.scaling.failures import Declined, NotRepeatable, WorkerFailure, WorkersFailed, raised
from pytest_gilcheck.scaling.reading import Kind
from pytest_gilcheck.scaling.workload import COSTLY_SETUP_SECONDS, Body

_MODES = {Kind.SOLO: "single", Kind.THREADS: "threads", Kind.PROCESSES: "processes"}


class ItemWorkload:
    """Reruns of one item in this process. ``close`` tears down what a costly set-up left standing."""

    def __init__(self, item: pytest.Function) -> None:
        self._item = item
        self._standing = False
        self.setup_seconds = 0.0

    @contextmanager
    def copies(self, workers: int, kind: Kind, repeats: int) -> Iterator[Sequence[Body]]:
        """One body a worker; see :class:`~pytest_gilcheck.scaling.workload.Workload`."""
        with execution(_MODES[kind], workers):
            self._set_up()
            try:
                yield [body(self._item, number, repeats) for number in range(workers)]
            except BaseException:
                self._give_up()
                raise
            if self.setup_seconds <= COSTLY_SETUP_SECONDS:
                self._tear_down()

    def close(self) -> None:
        """Tear down what still stands."""
        if self._standing:
            self._tear_down()

    def _set_up(self) -> None:
        if self._standing:
            return
        self._standing = True
        try:
            self.setup_seconds = compat.set_up(self._item)
        except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:
            self._give_up()
            raise NotRepeatable(f"its fixtures cannot be set up again: that {raised(error)}") from error

    def _tear_down(self) -> None:
        self._standing = False
        try:
            compat.tear_down(self._item)
        except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:
            what = f"{raised(error)} while its fixtures were torn down"
            raise WorkersFailed((WorkerFailure(worker="the rerun", what=what, error=error),)) from error

    def _give_up(self) -> None:
        """Tear down after a failure that matters more than what tearing down may say."""
        with suppress(WorkersFailed):
            self.close()


def body(item: pytest.Function, number: int, repeats: int) -> Body:
    """The body of a set-up item for copy ``number``: a callable without arguments that may be called ``repeats`` times."""
    call = _unittest_call(item) if isinstance(item, compat.TestCaseFunction) else _function_call(item, number, repeats)

    def run() -> None:
        before = become(number)
        try:
            call()
        except pytest.skip.Exception as skipped:
            raise Declined(str(skipped.msg)) from skipped
        finally:
            become(before)

    return run


_calls = itertools.count()


def _function_call(item: pytest.Function, number: int, repeats: int) -> Callable[[], object]:
    function, arguments = item.obj, compat.arguments(item)
    alone = current() == Execution(mode="race")  # whose one copy has all of an execution to itself
    private = {name: arguments.pop(name) for name in ("tmp_path", "tmpdir") if name in arguments and not alone}
    if not private:
        return lambda: function(**arguments)

    # Made here, ahead of the clock: a new folder is a write to a disk.
    folders = iter([{name: _private_folder(shared, number) for name, shared in private.items()} for _ in range(repeats)])
    return lambda: function(**arguments, **next(folders))


def _private_folder(shared: Any, number: int) -> Any:
    """A new empty folder below the test's own one, of the same type (``Path`` or ``py.path.local``)."""
    # The same name in each execution of a race check: what depends on it must not change with the number of executions.
    again = "" if current().mode == "race" else f"-{next(_calls)}"
    folder = Path(shared, f"copy{number}{again}")
    folder.mkdir()
    return type(shared)(folder)


def _unittest_call(item: pytest.Function) -> Callable[[], object]:
    """``setUp``, the method and ``tearDown`` on an instance of its own for every call."""
    prototype = item.instance

    def call() -> None:
        case = type(prototype)(item.name)
        for name, value in vars(prototype).items():
            if not name.startswith("_") and name not in vars(case):
                setattr(case, name, value)
        outcome = _Outcome()
        case.run(outcome)
        outcome.settle()

    return call


class _Outcome(unittest.TestResult):
    """Keeps the exceptions themselves, which the base class turns into text."""

    def __init__(self) -> None:
        super().__init__()
        self._raised: list[BaseException] = []
        self._skipped: str | None = None

    def addError(self, test: unittest.TestCase, err: Any) -> None:  # noqa: N802, ARG002 - unittest's name and signature
        self._raised.append(err[1])

    addFailure = addError  # noqa: N815 - unittest's name

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:  # noqa: N802, ARG002
        if err is not None:
            self._raised.append(err[1])

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:  # noqa: N802, ARG002 - unittest's name and signature
        self._skipped = reason

    def settle(self) -> None:
        """Raise what was raised."""
        if len(self._raised) == 1:
            raise self._raised[0]
        if self._raised:
            raise BaseExceptionGroup("several failures in one test method", self._raised)
        if self._skipped is not None:
            raise Declined(self._skipped)
