"""The threads of an execution: from the moment one is started until it has handed on the baton for the last time."""

from __future__ import annotations

import sys
import threading
from _thread import get_ident, get_native_id
from collections.abc import Callable, Sequence
from contextvars import Context
from typing import Any

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.state import NOBODY
from pytest_gilcheck.races.threads import Controlled, Stop, Wait
from pytest_gilcheck.races.waits import Waits
from pytest_gilcheck.races.workers import Worker, Workers

# The root stops waiting for others that only let time pass after so many of their ends.
_MOST_ENDS = 1000


class Crew(Waits):
    """See the module. ``workers`` are the threads that run what :meth:`all` is given."""

    def __init__(self) -> None:
        super().__init__()
        self.workers = Workers(self._serve)

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
            self.mark(Act.WAKE, child.number)
            self._make_ready(child)
            self.me.fresh = False  # there was no choice between it and the child yet
            self.streak = self.rounds = 0

    def enter(self, child: Controlled) -> None:
        """In a new thread: become ``child`` and wait for its turn."""
        child.ident, child.native_id = get_ident(), get_native_id()
        child.inside = True
        self.by_ident[child.ident] = child
        child.baton.acquire()
        self._begin(child)

    def _begin(self, child: Controlled) -> None:
        """In the thread of ``child``: its first turn has come."""
        child.inside = False
        if self.stopping:
            self.current, self.bit = child.ident, child.bit
            raise Stop
        if self.watching is not None:
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
        if self.notes is not None:
            self.notes.settle()
        if child.watching is not None:
            watching, child.watching = child.watching, None
            watching.__exit__(None, None, None)
        if child.worker is not None:
            child.reusable = child.worker.is_as_new()
        child.done = True
        self.by_ident.pop(child.ident, None)
        if child in self.ready:
            self.ready.remove(child)
        if child.outside or self.me is not child:
            child.left = True
            return  # it lost the baton, and the execution has ended without it
        self.streak = self.rounds = 0
        group = child.group
        if group is None:
            self.open(("done", child.number))
        elif all(member.done for member in group):
            self.open(("all done", id(group)))
        elif child.starter is not None:
            self.mark(Act.WAKE, child.starter.number)  # not yet, but what it does next comes after this
        self.open(("drain",))
        child.blocks += 1
        to = self.threads[0] if self.stopping else self._next(child)
        child.left = True
        if to is not None:
            self._hand(to)

    def all(self, callables: Sequence[Callable[[], Any]], names: Sequence[str] | None = None) -> list[Controlled]:
        """Run ``callables`` as threads of the execution, wait for them, and return the threads, which are done then."""
        children: list[Controlled] = []
        with self.passing():
            starter = self.me
            for number, function in enumerate(callables):
                name = names[number] if names else f"gilcheck-{number + 1}"
                worker = self.workers.take()
                child = Controlled(len(self.threads), name, daemon=True, thread=None, worker=worker)
                child.starter, child.group = starter, children
                worker.assign(child, function)
                self.by_ident[child.ident] = child
                self.threads.append(child)
                self.ready.append(child)  # which stays sorted: no other has so high a number
                children.append(child)
                self.mark(Act.WAKE, child.number)
            self.recording = True
        while not all(child.done for child in children):
            self.wait(("all done", id(children)), Wait("the threads that it started to end", kind="run"))
        for child in children:
            child.group = None  # no cycle for the garbage collector
            child.joined = True
        self._rest()
        return children

    def joins(self, child: Controlled) -> None:
        """The current thread has waited for the end of ``child``."""
        child.joined = True
        self.mark(Act.JOIN, child.number)

    def _rest(self) -> None:
        """Note no accesses while there is only the root, if all that others did comes before what it does now. One that
        just happens to have ended could have gone on."""
        if all(thread.joined for thread in self.threads[1:]):
            self.recording = False
            self.accesses.clear()

    def _serve(self, worker: Worker) -> None:
        child = worker.child
        assert child is not None
        child.native_id = worker.native_id
        try:
            self._begin(child)
            child.result = Context().run(worker.hand_over())  # as in a thread that has just started
        except Stop:
            pass
        except BaseException as error:  # noqa: BLE001 - whatever it is, run() raises it
            child.error = error
        finally:
            threading._active.pop(worker.ident, None)  # type: ignore[attr-defined]
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
                    if self.notes is not None:
                        self.notes.stopped(self, [thread for thread in alive if not _is_idle(thread)])
                    self.left = [self.describe(thread) for thread in alive if not _is_idle(thread)]
                break
            jumps += 1
        for thread in self.threads[1:]:
            thread.joined = thread.joined or (thread.done and not thread.daemon)
        self._rest()


def _is_idle(thread: Controlled) -> bool:
    """Whether it belongs to an executor, which ends it when the process does."""
    executors = sys.modules.get("concurrent.futures.thread")
    return executors is not None and thread.thread in executors._threads_queues
