"""A worker process: set one test up, run it when released, tear it down, answer; again and again."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.lines import Recorder, Unavailable
from pytest_gilcheck.plugin import compat
from pytest_gilcheck.plugin.execution import execution
from pytest_gilcheck.plugin.items import body
from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.conduct import receive, send
from pytest_gilcheck.scaling.failures import raised
from pytest_gilcheck.scaling.processes import perform, told
from pytest_gilcheck.scaling.workload import COSTLY_SETUP_SECONDS, Body

_OUTPUT_CHARACTERS = 4000

_ERRORS = (Exception, pytest.skip.Exception, pytest.fail.Exception, pytest.exit.Exception, SystemExit)


def _nothing() -> None:
    """What a worker runs that has nothing prepared."""


class Worker:
    """Answers the orders that come over one connection."""

    def __init__(self, session: pytest.Session, connection: Connection, log: Path) -> None:
        self._session = session
        self._items = {item.nodeid: item for item in session.items}
        self._connection = connection
        self._log = log
        self._clock = SystemClock()
        self._standing: pytest.Item | None = None
        self._setup_seconds = 0.0
        self._last: pytest.Item | None = None
        self._body: Body = _nothing
        self._stack = ExitStack()
        self._output_from = 0
        self._notes: list[str] = []
        self._recorder: Recorder | None = None

    def serve(self) -> None:
        """Until told to leave, or until nobody is there to tell."""
        orders = {"prepare": self._prepare, "run": self._run, "dismiss": self._dismiss, "lines": self._lines}
        try:
            while (order := receive(self._connection))["op"] != "leave":
                answer = orders[str(order["op"])](order)
                if answer is not None:
                    send(self._connection, answer)
            send(self._connection, self._leave())
        except (EOFError, OSError):
            self._leave()

    def _prepare(self, order: dict[str, Any]) -> dict[str, Any]:
        item = self._items.get(order["test"])
        if item is None:
            return {"unavailable": f"its id is not among the {len(self._items)} tests that a second collection found"}
        self._output_from = self._output_size()
        self._stack = ExitStack()
        self._stack.enter_context(execution("processes", order["count"]))
        try:
            self._recorder = Recorder(mine=lambda: True, concurrent=lambda: False) if order.get("lines") else None
            if self._recorder is not None:
                self._stack.enter_context(self._recorder.on())
            self._set_up(item)
            assert isinstance(item, pytest.Function)
            self._body = body(item, order["index"], order["repeats"])
        except Unavailable as reason:
            self._stack.close()
            return {"unavailable": f"its lines cannot be measured: {reason}"}
        except _ERRORS as error:
            self._stack.close()
            self._settle(item)
            return {"unavailable": f"setting it up there {raised(error)}"}
        return {"ready": True}

    def _set_up(self, item: pytest.Item) -> None:
        if self._standing is item:
            return
        self._move_on(item)
        self._last = item
        self._setup_seconds = compat.set_up(item, hooks=True)
        compat.tell_result(item, "setup", "call")
        self._standing = item

    def _run(self, order: dict[str, Any]) -> dict[str, Any]:
        item = self._standing
        assert item is not None
        answer = perform(self._body, order, self._clock)
        if "failed" in answer or self._setup_seconds <= COSTLY_SETUP_SECONDS:
            error = self._settle(item)
            if error is not None and "failed" not in answer:
                answer = {
                    "failed": f"{raised(error)} while its fixtures were torn down",
                    "details": told(error),
                }
        self._stack.close()
        if "failed" in answer:
            answer["details"] = f"{answer['details']}{self._output()}"
        return answer

    def _lines(self, _: dict[str, Any]) -> dict[str, Any]:
        """The lines of the last run."""
        recorder, self._recorder = self._recorder, None
        assert recorder is not None
        return {"lines": {file: sorted(numbers) for file, numbers in recorder.reached.items()}}

    def _dismiss(self, _: dict[str, Any]) -> None:
        assert self._standing is not None
        self._settle(self._standing)
        self._stack.close()

    def _settle(self, item: pytest.Item) -> BaseException | None:
        """Tear down the test's own fixtures; what that raised."""
        self._standing = None
        try:
            compat.tear_down_with_hooks(item)
        except _ERRORS as error:
            return error
        return None

    def _leave(self) -> dict[str, Any]:
        """Tear down everything."""
        self._move_on(None)
        return {"notes": self._notes}

    def _move_on(self, following: pytest.Item | None) -> None:
        """Tear down what ``following`` does not need; what that raised is told when this worker leaves."""
        if self._last is None:
            return
        errors = [self._settle(self._standing)] if self._standing is not None else []
        try:
            compat.tear_down_wider(self._session, following)
        except _ERRORS as error:
            errors.append(error)
        test = self._last.nodeid
        self._notes += [f"{raised(error)} while fixtures were torn down after {test}" for error in errors if error]

    def _output_size(self) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        return self._log.stat().st_size if self._log.exists() else 0

    def _output(self) -> str:
        """What the test wrote since it was set up, for a failure's details."""
        size = self._output_size()
        if size <= self._output_from:
            return ""
        with self._log.open("rb") as file:
            file.seek(max(self._output_from, size - _OUTPUT_CHARACTERS))
            text = file.read().decode(errors="replace")
        return f"\nits output:\n{text.rstrip()}"
