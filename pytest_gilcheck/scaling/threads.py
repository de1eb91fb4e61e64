"""Run copies of a body in threads of this process, from a common start, within a time limit."""

from __future__ import annotations

import ctypes
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from pytest_gilcheck.scaling.clock import Clock
from pytest_gilcheck.scaling.failures import WorkerFailure, WorkersFailed, raised
from pytest_gilcheck.scaling.reading import Kind, Reading, Run
from pytest_gilcheck.scaling.work import work
from pytest_gilcheck.scaling.workload import Body

# Long enough for a thread to wake up, read its counters and go to sleep until the common start.
_LEAD_SECONDS = 0.001
_LEAD_SECONDS_PER_WORKER = 0.0003

# How long an abandoned thread gets to act on the exception that is sent to it.
_GRACE_SECONDS = 0.2


class Worker(threading.Thread):
    """One thread that waits to be released, does its work and keeps what came of it."""

    def __init__(self, name: str, body: Body, repeats: int, clock: Clock) -> None:
        super().__init__(name=f"gilcheck {name}", daemon=True)
        self.worker = name
        self.released: float | None = None
        self.go = threading.Event()
        self.reading: Reading | None = None
        self.error: BaseException | None = None
        self._body, self._repeats, self._clock = body, repeats, clock

    def run(self) -> None:
        """Do the work; an exception of any kind is kept, never lost in ``threading.excepthook``."""
        try:
            # A tracer (coverage, a debugger) that is set for new threads would slow the copies down, in threads only.
            sys.settrace(None)
            sys.setprofile(None)
            self.go.wait()
            if self.released is not None:
                self.reading = work(self._body, self._repeats, self.released, self._clock)
        except BaseException as error:  # noqa: BLE001 - reported by the thread that waits for this one
            self.error = error

    def failure(self, limit: float) -> WorkerFailure | None:
        """What went wrong, once the time is up or the thread has ended."""
        if self.is_alive():
            return WorkerFailure(
                worker=self.worker,
                what=f"did not finish within {limit:.3g} s",
                details="it was at:\n" + stack_of(self),
                hung=True,
            )
        if self.error is not None:
            return WorkerFailure(worker=self.worker, what=raised(self.error), error=self.error)
        return None


def run_threads(
    bodies: Sequence[Body],
    repeats: int,
    clock: Clock,
    limit: float,
    beside: Callable[[threading.Thread], AbstractContextManager[object]] | None = None,
) -> Run:
    """Run each of ``bodies`` in a thread of its own, ``repeats`` times, all released at the same moment.

    ``beside(first thread)`` is entered just before the release and left when all have ended. Raises :class:`WorkersFailed`
    with every failure when a body raises or is not done after ``limit`` seconds.
    """
    kind = Kind.SOLO if len(bodies) == 1 else Kind.THREADS
    workers = [
        Worker(f"thread {number} of {len(bodies)}", body, repeats, clock) for number, body in enumerate(bodies, start=1)
    ]
    try:
        for worker in workers:
            worker.start()
        with nullcontext() if beside is None else beside(workers[0]):
            disk_before = clock.disk_bytes() if kind is Kind.SOLO else None
            released = clock.now() + _LEAD_SECONDS + _LEAD_SECONDS_PER_WORKER * len(workers)
            for worker in workers:
                worker.released = released
                worker.go.set()
            _join(workers, released + limit, clock)
            disk_after = clock.disk_bytes() if kind is Kind.SOLO else None
        failures = tuple(f for w in workers if (f := w.failure(limit)) is not None)
    finally:
        _abandon([w for w in workers if w.is_alive()])
    if failures:
        raise WorkersFailed(failures, "a thread of its own" if kind is Kind.SOLO else f"{len(workers)} threads")
    readings = tuple(w.reading for w in workers if w.reading is not None)
    return Run(
        kind=kind,
        released=released,
        repeats=repeats,
        readings=readings,
        process_cpu=max(r.process_cpu for r in readings),
        disk_bytes=None if disk_after is None or disk_before is None else disk_after - disk_before,
    )


def _join(workers: Sequence[Worker], deadline: float, clock: Clock) -> None:
    for worker in workers:
        worker.join(max(0.0, deadline - clock.now()))


def _abandon(workers: Sequence[Worker]) -> None:
    """Let go of threads that wait for the start; ask those that run to end, which works in byte code, not inside C."""
    for worker in workers:
        worker.go.set()
        if worker.released is not None and worker.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(worker.ident), ctypes.py_object(SystemExit))
    for worker in workers:
        worker.join(_GRACE_SECONDS)


def stack_of(thread: threading.Thread) -> str:
    """The Python stack of ``thread``, without the frames of this package."""
    frame = sys._current_frames().get(thread.ident or -1)
    if frame is None:
        return "  (no Python frame)"
    ours = __file__.rsplit("threads.py", 1)[0]
    lines = [line for line in traceback.extract_stack(frame) if not line.filename.startswith(ours)]
    lines = [line for line in lines if line.filename != threading.__file__] or lines
    return "".join(traceback.format_list(lines)).rstrip()
