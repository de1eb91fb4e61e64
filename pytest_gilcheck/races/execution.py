"""One execution: a scenario once, under one scheduler, from a clean start to the last thread's end."""

from __future__ import annotations

import ctypes
import threading
from _thread import get_ident, get_native_id
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pytest_gilcheck.races import outside, primitives
from pytest_gilcheck.races.events import Event
from pytest_gilcheck.races.interruptions import interruptions
from pytest_gilcheck.races.observing import Observed
from pytest_gilcheck.races.oracles.outcome import Outcome
from pytest_gilcheck.races.run import Run
from pytest_gilcheck.races.schedule import Schedule, Switch
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.sites import Site
from pytest_gilcheck.races.state import NOBODY
from pytest_gilcheck.races.threads import Controlled, Stop
from pytest_gilcheck.races.values import Values

#: How long a thread may take to unwind when its execution is ended, in seconds; then it is asked once more, and then left.
UNWIND_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of an execution.

    ``reason`` is why it was ended early, such as ``deadlock`` or ``timeout``; or ``None``. ``timed``: a deadline might have
    come earlier, had other threads been slower. ``held``: locks that threads had taken when they ended.
    ``code`` is a digest of all code that ran, if somebody asked for it.
    """

    error: BaseException | None = None
    thread_errors: tuple[BaseException, ...] = ()
    reason: str | None = None
    report: tuple[str, ...] = ()
    trace: tuple[Switch, ...] = ()
    uncontrolled: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    stranded: tuple[str, ...] = ()
    met: frozenset[Site] = frozenset()
    grown: frozenset[str] = frozenset()
    threads: int = 1
    timed: bool = False
    curtailed: bool = False
    events: Sequence[Event] = ()
    values: Values | None = None
    outcomes: tuple[Outcome, ...] = ()
    observed: Observed | None = None
    code: int = 0

    @property
    def schedule(self) -> Schedule:
        """The switches that happened."""
        return Schedule(switches=self.trace)


def execute(run: Run, scenario: Callable[[], object], scheduler: Scheduler) -> Result:
    """Run ``scenario`` in the calling thread, which becomes the root of the execution. Nothing it raises gets out, except
    what a signal handler raised."""
    run.start(scheduler)
    if run.judging is not None:
        run.judging.outcomes.clear()
    thread: Any = threading.current_thread()
    root = Controlled(0, thread._name, daemon=False, thread=thread)  # the property may be under test
    root.ident, root.native_id = get_ident(), get_native_id()
    run.threads.append(root)
    run.by_ident[root.ident] = root
    run.ready.append(root)
    run.me = root
    error: BaseException | None = None
    stranded: list[str] = []
    primitives.begin()
    run.active = True
    try:
        run.current, run.bit = root.ident, root.bit
        scenario()
        run.drain(last=True)
    except Stop:
        pass
    except BaseException as raised:  # noqa: BLE001 - it is the result
        error = raised
    finally:
        run.current = run.bit = NOBODY
        root.inside = True
        stranded = _end_all(run, root)
        run.active = False
        primitives.end()
        run.workers.renew()
    interruptions.deliver()
    if run.interrupt is not None:
        raise run.interrupt
    if isinstance(error, KeyboardInterrupt):
        raise error
    if run.notes is not None:
        run.notes.settle()
    errors = [thread.error for thread in run.threads[1:] if thread.worker is None and thread.error is not None]
    result = Result(
        error=error,
        thread_errors=tuple(errors),
        reason=run.reason,
        report=tuple(run.report),
        trace=tuple(run.trace),
        uncontrolled=tuple(run.uncontrolled),
        left=tuple(run.left),
        held=() if run.stopping else _held(run),
        stranded=tuple(stranded),
        met=frozenset(run.accesses.met),
        grown=frozenset(run.grown),
        threads=len(run.threads),
        timed=run.timed_out,
        curtailed=run.curtailed,
        events=() if run.notes is None else run.notes.events,
        values=scheduler.values,
        outcomes=() if run.judging is None else tuple(run.judging.outcomes),
        observed=None if run.notes is None else run.notes.close(run),
    )
    run.forget()
    return result


def _held(run: Run) -> tuple[str, ...]:
    """The locks that nobody can free any more who took them."""
    return tuple(
        f"thread {thread.name!r} has ended and still holds the lock taken at {thread.held_at(site)}"
        for thread in run.threads[1:]
        if thread.done
        for _, site in thread.holding.values()
        if not site.guarded
    )


def _end_all(run: Run, root: Controlled) -> list[str]:
    """Unwind the threads that are still there; returns those that would not."""
    alive = [thread for thread in run.threads[1:] if not thread.done]
    stopped = run.stopping
    if alive:
        run.stopping = True
    stranded = []
    for thread in alive:
        if thread.done:
            continue
        executor = outside.executor_of(thread)
        if thread.outside or not _unwind(run, root, thread):
            stranded.append(run.describe(thread))
        elif executor is not None:
            outside.dismiss(executor, thread.thread)
    if stopped:
        _free_locks(run)
    return stranded


def _unwind(run: Run, root: Controlled, thread: Controlled) -> bool:
    run.me = thread
    with suppress(RuntimeError):  # the watchdog was faster: it is on its way
        thread.baton.release()
    if root.baton.acquire(timeout=UNWIND_SECONDS):
        return True
    thread.condemned = True
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))
    return root.baton.acquire(timeout=UNWIND_SECONDS)


def _free_locks(run: Run) -> None:
    """Threads that were stopped may have left locks behind that outlive the execution."""
    for thread in run.threads:
        for lock, _site in thread.holding.values():
            reset = getattr(lock, "_at_fork_reinit", None)
            if reset is not None:
                reset()
