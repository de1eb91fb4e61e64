"""The threads of an execution: from the moment one is started until it has handed on the baton for the last time."""

from __future__ import annotations

import sys
import threading
from _thread import allocate_lock, get_ident, get_native_id, start_new_thread
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.state import NOBODY
from pytest_gilcheck.races.threads import Controlled, Stop, Wait
from pytest_gilcheck.races.waits import Waits

# The root stops waiting for others that only let time pass after so many of their ends.
_MOST_ENDS = 1000


class Crew(Waits):
    """See the module."""

    def spawn(self, name: str, daemon: bool, thread: threading.Thread | None = None) -> Controlled:
        """A new controlled thread, that cannot run before :meth:`started`."""
        child = Controlled(len(self.threads), name, daemon=daemon, thread=thread)
        child.born = deadlock.users_line(sys._getframe(1))
        self.threads.append(child)
        self.recording = True
        return child

    def started(self, child: Controlled) -> None:
        """From now on ``child`` can run."""
        if not child.done:
            self._make_ready(child)
            self.streak = self.rounds = 0

    def enter(self, child: Controlled) -> None:
        """In a new thread: become ``child`` and wait for its turn."""
        child.ident, child.native_id = get_ident(), get_native_id()
        child.inside = True
        self.by_ident[child.ident] = child
        child.baton.acquire()
        child.inside = False
        if self.stopping:
            self.current, self.bit = child.ident, child.bit
            raise Stop
        child.watching = self.watching()
        child.watching.__enter__()
        self.current, self.bit = child.ident, child.bit

    def leave(self, child: Controlled) -> None:
        """In a thread that has nothing more to do under control: hand the baton on."""
        while not child.left:
            try:
                if child.outside and not self.stopping:
                    self._come_back(child)
                child.inside = True
                self._leave(child)
            except Stop:  # the watchdog's, which came too late
                continue

    def _leave(self, child: Controlled) -> None:
        self.current = self.bit = NOBODY
        if child.watching is not None:
            watching, child.watching = child.watching, None
            watching.__exit__(None, None, None)
        child.done = True
        self.by_ident.pop(child.ident, None)
        if child in self.ready:
            self.ready.remove(child)
        if child.outside or self.me is not child:
            child.left = True
            return  # it lost the baton, and the execution has ended without it
        self.streak = self.rounds = 0
        self.open(("done", child.number))
        self.open(("drain",))
        child.blocks += 1
        to = self.threads[0] if self.stopping else self._next(child)
        child.left = True
        if to is not None:
            self._hand(to)

    def all(self, callables: Sequence[Callable[[], Any]], names: Sequence[str] | None = None) -> list[Controlled]:
        """Run ``callables`` as threads of the execution, wait for them, and return the threads, which are done then."""
        with self.passing():
            children = [
                self.spawn(names[number] if names else f"gilcheck-{number + 1}", True) for number in range(len(callables))
            ]
            for child, function in zip(children, callables, strict=True):
                child.ours = True
                start_new_thread(self._work, (child, function))
            for child in children:
                self._make_ready(child)
        for child in children:
            while not child.done:
                self.wait(("done", child.number), Wait(f"thread {child.name!r} to end", kind="run"))
        if len(self.threads) == 1 + len(children) or all(thread.done for thread in self.threads[1:]):
            self.recording = False
            self.accesses.clear()
        return children

    def _work(self, child: Controlled, function: Callable[[], Any]) -> None:
        ident = get_ident()
        worker = _Worker(child.name)
        threading._active[ident] = worker  # type: ignore[attr-defined]
        try:
            self.enter(child)
            child.result = function()
        except Stop:
            pass
        except BaseException as error:  # noqa: BLE001 - whatever it is, run() raises it
            child.error = error
        finally:
            threading._active.pop(ident, None)  # type: ignore[attr-defined]
            self.leave(child)

    def drain(self, *, last: bool = False) -> None:
        """In the root: wait until every other thread that keeps a process alive has ended, or none of them can go on.

        ``last``: nothing comes after this that could wake those that wait; they are noted as left.
        """
        jumps = 0
        while not self.stopping:
            alive = [thread for thread in self.threads[1:] if not thread.done and not thread.daemon]
            if not alive or jumps > _MOST_ENDS:
                break
            if not self.wait(("drain",), Wait("all threads to end", kind="drain")):
                if last:
                    self.left = [self.describe(thread) for thread in alive if not _is_idle(thread)]
                break
            jumps += 1
        if all(thread.done for thread in self.threads[1:]):
            self.recording = False
            self.accesses.clear()


def _is_idle(thread: Controlled) -> bool:
    """Whether it belongs to an executor, which ends it when the process does."""
    executors = sys.modules.get("concurrent.futures.thread")
    return executors is not None and thread.thread in executors._threads_queues


class _Worker(threading.Thread):
    """What ``threading.current_thread()`` gives in a thread that the engine started."""

    def __init__(self, name: str) -> None:
        # Not Thread.__init__: it costs as much as all the rest of a thread's start.
        vars(self).update(_template(), _name=name, _ident=get_ident(), _native_id=get_native_id())


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
