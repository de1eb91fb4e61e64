"""Threads that serve one execution after another: to start one takes several times as long as to hand the baton over."""

from __future__ import annotations

import sys
import threading
from _thread import allocate_lock, get_native_id, start_new_thread
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any

from pytest_gilcheck.races.threads import Controlled, Stop
from pytest_gilcheck.races.traces import Traces

Serve = Callable[["Worker"], None]

# So long may a thread take that was told to end and does nothing else, in seconds.
_END_SECONDS = 1.0


class Worker:
    """One thread. It waits for its ``baton``, serves ``child`` by running ``function``, and then waits again."""

    __slots__ = (
        "_ended", "_handshake", "_parked", "_retired", "_traces", "baton", "child", "function", "ident", "native_id",
    )  # fmt: skip

    def __init__(self, serve: Serve) -> None:
        self.baton = allocate_lock()
        self.baton.acquire()
        self.child: Controlled | None = None
        self.function: Callable[[], Any] | None = None
        self.native_id = 0
        self._traces: Traces | None = None
        # Whether it waits for its baton, or has to end instead: only one of the two sides decides.
        self._handshake = allocate_lock()
        self._parked = self._retired = False
        self._ended = allocate_lock()
        self._ended.acquire()
        started = allocate_lock()
        started.acquire()
        self.ident = start_new_thread(self._live, (serve, started.release))
        started.acquire()

    def assign(self, child: Controlled, function: Callable[[], Any]) -> None:
        """With the next baton ``function`` runs as ``child``."""
        child.ident = self.ident
        self.child, self.function = child, function
        threading._active[self.ident] = _Face(child.name, self)  # type: ignore[attr-defined]

    def hand_over(self) -> Callable[[], Any]:
        """The function to run, which is kept alive no longer than it runs."""
        function, self.function = self.function, None
        assert function is not None
        return function

    def is_as_new(self) -> bool:
        """In the thread itself: whether nothing is left of what ran in it, such as values of a ``threading.local``."""
        traces = self._traces
        return traces is not None and not traces.any() and sys.gettrace() is None and sys.getprofile() is None

    def retire(self) -> None:
        """Let the thread end, at once or when it comes back."""
        with self._handshake:
            self._retired = True
            if self._parked:
                with suppress(RuntimeError):  # the baton is on its way already
                    self.baton.release()

    def join(self) -> None:
        """Wait until a retired thread has ended, unless it is stuck somewhere."""
        self._ended.acquire(timeout=_END_SECONDS)

    def _live(self, serve: Serve, started: Callable[[], None]) -> None:
        self.native_id = get_native_id()
        self._traces = Traces.of_this_thread()
        started()
        try:
            while self._wait():
                serve(self)
        except Stop:  # it was sent when the thread was served already
            pass
        finally:
            self._ended.release()

    def _wait(self) -> bool:
        """Whether there is somebody to serve."""
        with self._handshake:
            if self._retired:
                return False
            self._parked = True
        self.baton.acquire()
        with self._handshake:
            self._parked = False
            return not self._retired


class Workers:
    """The threads of an exploration. Within one execution none of them serves twice: who has ended does not come back."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._all: list[Worker] = []
        self._taken = 0

    def take(self) -> Worker:
        """The next one that has not served in this execution; their order is the same in each."""
        if self._taken == len(self._all):
            self._all.append(Worker(self._serve))
        worker = self._all[self._taken]
        self._taken += 1
        return worker

    def renew(self) -> None:
        """After an execution: keep only those that are as new."""
        for number in range(self._taken - 1, -1, -1):
            worker = self._all[number]
            if worker.child is None or not worker.child.reusable or worker.child.condemned:
                del self._all[number]
                worker.retire()
            worker.child = worker.function = None
        self._taken = 0

    def close(self) -> None:
        """Between executions: let all of them end."""
        workers, self._all, self._taken = self._all, [], 0
        for worker in workers:
            worker.retire()
        for worker in workers:
            worker.join()


class _Face(threading.Thread):
    """What ``threading.current_thread()`` gives in a thread of ours."""

    def __init__(self, name: str, worker: Worker) -> None:
        # Not Thread.__init__: it costs as much as all the rest of a thread's start.
        vars(self).update(_template(), _name=name, _ident=worker.ident, _native_id=worker.native_id)


@cache
def _template() -> dict[str, Any]:
    """The state of a thread that has started; the event in it is never cleared, so it can be everybody's."""
    thread = threading.Thread(name="template", daemon=False)
    thread._started._flag = True  # type: ignore[attr-defined]
    threading._dangling.discard(thread)  # type: ignore[attr-defined]
    if sys.version_info < (3, 13):
        thread._tstate_lock = allocate_lock()  # type: ignore[attr-defined]
        thread._tstate_lock.acquire()  # type: ignore[attr-defined]  # as long as a thread is alive
    return vars(thread)
