"""A thread beside the executions: notices one that blocks where the engine has no say, that spins, or takes too long."""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from _thread import get_ident
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import psutil

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.interruptions import Handler, interruptions
from pytest_gilcheck.races.run import Run
from pytest_gilcheck.races.state import NOBODY, NUDGED
from pytest_gilcheck.races.system import is_asleep
from pytest_gilcheck.races.threads import Controlled, Stop

#: How often it looks, in seconds.
TICK = 0.05
#: A thread that neither handed over nor used a CPU for so many looks in a row is blocked outside.
BLOCKED_TICKS = 5
# A thread that used less of a tick than this share of a CPU was not computing.
_IDLE_SHARE = 0.1
# After so many looks without a switch a computing thread is asked whether it spins, and again after as many.
_NUDGE_TICKS = 2
#: A signal that nobody else uses and that does nothing when it comes too late.
_SIGNAL = getattr(signal, "SIGURG", None)
_DEBUGGERS = frozenset({"bdb.py", "pdb.py", "pydevd.py", "pydevd_bundle", "debugger.py"})


class Watchdog:
    """Watches ``run`` between :meth:`watch` and :meth:`rest`; one thread for a whole exploration."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._limit = 0.0
        self._since = 0.0
        self._watching = False
        self._over = threading.Event()
        self._process = psutil.Process()
        self._expired = 0
        self._acting = threading.Lock()  # held while it ends an execution by force, which must not hit the next one

    @contextmanager
    def on_duty(self) -> Iterator[None]:
        """Its thread lives inside."""
        with ExitStack() as stack:
            if _SIGNAL is not None and threading.current_thread() is threading.main_thread():
                stack.callback(signal.signal, _SIGNAL, signal.getsignal(_SIGNAL))
                signal.signal(_SIGNAL, self._interrupted)
            stack.callback(setattr, interruptions, "taker", interruptions.taker)
            interruptions.taker = self._take
            thread = threading.Thread(target=self._watch, name="gilcheck-watchdog", daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._over.set)
            yield

    def watch(self, limit: float) -> None:
        """An execution begins that may take ``limit`` seconds."""
        self._limit, self._since, self._expired = limit, time.monotonic(), 0
        self._watching = True

    def rest(self) -> bool:
        """It is over; whether threads were sent an exception, which may reach them late."""
        with self._acting:
            self._watching = False
            return self._expired > 1

    def _take(self, handler: Handler, number: int, frame: FrameType | None) -> bool:
        """Let ``handler`` raise where the code under test runs; where that waits in the engine, end the execution if it
        raises. Between executions it has to wait."""
        run = self._run
        root = run.threads[0] if run.active and run.threads else None
        if root is None or root.ident != get_ident():
            return False
        if not root.inside:
            handler(number, frame)
            return True
        try:
            handler(number, frame)
        except BaseException as error:  # noqa: BLE001 - the execution ends with it
            run.interrupt = error
            run.stop("interrupt", [])
            self._limit = 0.0  # whoever runs now is made to end, too
        return True

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        root = self._run.threads[0] if self._run.threads else None
        if self._run.active and self._run.stopping and root is not None and root.ident == get_ident() and not root.inside:
            raise Stop

    def _watch(self) -> None:
        last: tuple[object, ...] = ()
        idle = busy = lost = 0
        cpu = 0.0
        while not self._over.wait(TICK):
            run = self._run
            if not self._watching or not run.active:
                last = ()
                continue
            me = run.me
            if _debugged(me):
                self._since = time.monotonic()
                continue
            if time.monotonic() - self._since > self._limit:
                self._expire()
                continue
            now = (run.transfers, me, run.trace)
            used, before = self._cpu(me), cpu
            cpu = used
            lost = lost + 1 if me.left and now == last and not run.idle else 0
            if lost >= BLOCKED_TICKS:
                lost = 0
                run.rescue()
            if now != last or run.idle:
                last, idle, busy = now, 0, 0
            elif used - before < _IDLE_SHARE * TICK:
                idle, busy = (idle + 1 if self._sleeps(me) else 0), 0
                if idle >= BLOCKED_TICKS:
                    self._take_baton(me)
            else:
                idle, busy = 0, busy + 1
                if busy % _NUDGE_TICKS == 0 and run.current == me.ident and not me.inside:
                    run.current, run.bit = NUDGED, 0

    def _sleeps(self, thread: Controlled) -> bool:
        """Whether the system says that ``thread`` waits, not just for a CPU."""
        return not thread.inside and bool(thread.native_id) and is_asleep(thread.native_id)

    def _cpu(self, thread: Controlled) -> float:
        """The CPU seconds that ``thread`` has used so far."""
        try:
            fields = Path(f"/proc/self/task/{thread.native_id}/stat").read_bytes().rpartition(b")")[2].split()
            return (int(fields[11]) + int(fields[12])) / 100
        except OSError:
            pass
        try:
            return sum(t.user_time + t.system_time for t in self._process.threads() if t.id == thread.native_id)
        except psutil.Error:
            return 0.0

    def _take_baton(self, thread: Controlled) -> None:
        run = self._run
        if run.me is not thread or thread.inside or run.stopping:
            return
        run.name_uncontrolled(thread)
        thread.outside = True
        run.current = run.bit = NOBODY
        if thread in run.ready:
            run.ready.remove(thread)
        run.lend(thread)

    def _expire(self) -> None:
        """Time is up: end the execution, with more and more force."""
        with self._acting:
            if self._watching:
                self._end()

    def _end(self) -> None:
        run = self._run
        self._expired += 1
        if self._expired == 1:
            lines = [f"no end within {self._limit:g} s"]
            for thread in run.threads:
                stack = [] if thread.done else run.stack(thread)
                if stack:  # there is none of one that waits in the engine
                    lines += [f"{deadlock.label(thread)}:", *(f"  {line}" for line in stack)]
            run.stop("timeout", lines)
        me = run.me
        if me.outside and not me.done:
            run.lend(me)
            me = run.me
        if not me.inside:
            run.current, run.bit = NUDGED, 0
        if self._expired > 1 and not me.done and not me.inside:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(me.ident), ctypes.py_object(Stop))
            if me.number == 0 and _SIGNAL is not None and hasattr(signal, "pthread_kill"):
                signal.pthread_kill(me.ident, _SIGNAL)


def _debugged(thread: Controlled) -> bool:
    frame = sys._current_frames().get(thread.ident)
    while frame is not None:
        if Path(frame.f_code.co_filename).name in _DEBUGGERS:
            return True
        frame = frame.f_back
    return False
