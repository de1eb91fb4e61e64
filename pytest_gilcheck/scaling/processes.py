"""Run copies of a body in processes: the protocol, and the runner for a plain callable."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import traceback
import warnings
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Protocol

from pytest_gilcheck.scaling.clock import Clock, SystemClock
from pytest_gilcheck.scaling.conduct import conduct, receive, send
from pytest_gilcheck.scaling.failures import Declined, ProcessesUnavailable, raised
from pytest_gilcheck.scaling.reading import Run
from pytest_gilcheck.scaling.work import work
from pytest_gilcheck.scaling.workload import Body

_PACKAGE = str(Path(__file__).parents[1])


class ProcessRunner(Protocol):
    """Runs copies of one body in processes."""

    def ready(self) -> None:
        """Start what has to be started once for many measurements; its time is not counted as any measurement's.

        Raises :class:`ProcessesUnavailable` with the reason where there can be no processes.
        """

    def run(self, workers: int, repeats: int, limit: float) -> Run:
        """One run of ``workers`` copies (or fewer, at least 1), each ``repeats`` times, done within ``limit`` seconds.

        Raises :class:`ProcessesUnavailable` with the reason where the body cannot be run in processes, and
        :class:`WorkersFailed` when it was run and failed.
        """


class CallableProcesses:
    """Forks this process for every run; where that is not safe, spawns and pickles the callable."""

    def __init__(self, body: Body, clock: Clock) -> None:
        self._body = body
        self._clock = clock

    def ready(self) -> None:
        """Nothing: every run forks."""

    def run(self, workers: int, repeats: int, limit: float) -> Run:
        """See :class:`ProcessRunner`."""
        context = _context(self._body)
        members: list[_Member] = []
        try:
            for number in range(1, workers + 1):
                # Started one by one, so that none inherits a pipe that only another one should hold open.
                members.append(_Member(context, self._body, number, workers))
                members[-1].start()
            return conduct(members, [{"op": "prepare"}] * workers, repeats, self._clock, limit)
        finally:
            for member in members:
                member.kill()


def can_fork() -> bool:
    """Whether a fork of this process is safe: a POSIX system other than macOS, and no other Python thread."""
    return hasattr(os, "fork") and sys.platform != "darwin" and threading.active_count() == 1


def _context(body: Body) -> BaseContext:
    if can_fork():
        return multiprocessing.get_context("fork")
    try:
        pickle.dumps(body)
    except Exception as error:
        reason = f"this process cannot be forked and the callable cannot be pickled ({error})"
        raise ProcessesUnavailable(reason) from error
    return multiprocessing.get_context("spawn")


class _Member:
    """One process of a run."""

    def __init__(self, context: BaseContext, body: Body, number: int, workers: int) -> None:
        self.name = f"process {number} of {workers}"
        self.connection, theirs = context.Pipe()
        # A forked child inherits our end, too, and would not notice that we are gone while it holds that open.
        ours = self.connection if context.get_start_method() == "fork" else None
        self._theirs = theirs
        # The stubs of BaseContext lack Process, which every context has.
        self._process: BaseProcess = context.Process(target=_serve, args=(theirs, body, ours), daemon=True)  # type: ignore[attr-defined]

    def start(self) -> None:
        with warnings.catch_warnings():
            # Native threads (a BLAS pool) make CPython warn; they do not survive the fork and their libraries know it.
            warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
            self._process.start()
        self._theirs.close()

    def obituary(self) -> str:
        self._process.join(1.0)
        return describe_exit(self._process.exitcode)

    def kill(self) -> None:
        if self._process.pid is not None:
            self._process.kill()
            self._process.join()
        self.connection.close()


def describe_exit(code: int | None) -> str:
    """An exit code in words; negative codes are signals."""
    if code is None:
        return "it did not end"
    if code >= 0:
        return f"exit status {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = "unknown"
    hint = ", as the kernel does when memory runs out" if name == "SIGKILL" else ""
    return f"killed by signal {-code} ({name}{hint})"


def _serve(connection: Connection, body: Body, ours: Connection | None) -> None:
    if ours is not None:
        ours.close()
    try:
        receive(connection)
        send(connection, {"ready": True})
        order = receive(connection)
        if order["op"] == "run":
            send(connection, perform(body, order, SystemClock()))
    except (EOFError, OSError):
        return  # whoever started this process has gone


def told(error: BaseException) -> str:
    """The traceback of ``error`` as text, from the first frame that is not this package's."""
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename.startswith(_PACKAGE):
        step = step.tb_next
    return "".join(traceback.format_exception(type(error), error, step))


def perform(body: Body, order: dict[str, object], clock: Clock) -> dict[str, object]:
    """Carry out a ``run`` order in a worker process and make the answer to it."""
    repeats, released = order["repeats"], order["released"]
    assert isinstance(repeats, int)
    assert isinstance(released, float)
    try:
        reading = work(body, repeats, released, clock)
    except Declined as error:
        return {"declined": str(error)}
    except BaseException as error:  # noqa: BLE001 - the answer carries it to the process that waits
        return {"failed": raised(error), "details": told(error)}
    return {
        "start": reading.start,
        "end": reading.end,
        "cpu": reading.cpu,
        "delay": reading.delay,
        "process_cpu": reading.process_cpu,
    }
