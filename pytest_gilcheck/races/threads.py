"""A controlled thread as the engine knows it, what it waits for, and what ends it early."""

from __future__ import annotations

import linecache
import threading
from _thread import allocate_lock
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.workers import Worker


class Stop(BaseException):
    """Raised in a controlled thread to end an execution. Not an ``Exception``: the code under test must not handle it."""


class Wait:
    """Why a thread waits: ``what`` reads well after "waits for", ``lock`` is what it wants, if that is one thing.

    ``kind`` is ``lock``, ``condition``, ``join``, ``queue``, ``sleep``, ``io``, ``foreign``, ``run`` or ``drain``. No
    dataclass: the methods of those are compiled from no file, and could not be told from code under test.
    """

    __slots__ = ("kind", "lock", "what")

    def __init__(self, what: str, lock: object | None = None, kind: str = "lock") -> None:
        self.what = what
        self.lock = lock
        self.kind = kind


class Controlled:
    """One thread of an execution. Only the thread that has the baton changes any of them."""

    __slots__ = (
        "baton", "bit", "blocks", "born", "condemned", "daemon", "deadline", "done", "error", "fresh", "group", "handed",
        "holding", "ident", "inside", "joined", "key", "left", "name", "native_id", "number", "outside", "predicate",
        "repeats", "result", "reusable", "spin", "starter", "thread", "visits", "wait", "watching", "woken", "worker",
    )  # fmt: skip

    def __init__(
        self, number: int, name: str, *, daemon: bool, thread: threading.Thread | None, worker: Worker | None = None
    ) -> None:
        self.number = number
        self.bit = 1 << number
        self.name = name
        self.daemon = daemon
        self.thread = thread
        self.ident = 0
        self.native_id = 0
        self.worker = worker  # the engine's own thread that runs it; then what it raises is handed on
        if worker is None:
            self.baton = allocate_lock()
            self.baton.acquire()
        else:
            self.baton = worker.baton
        self.visits: dict[Site, int] = {}  # passages of the sites that are hot in this execution
        self.blocks = 0
        self.fresh = number > 0  # it was chosen to begin, and has come to no hot site since
        self.inside = number > 0  # it is in the engine, as before its first turn: hooks pass through
        self.outside = False  # it was found blocked where the engine has no say, and lost the baton
        self.handed = False  # the baton is on its way to it
        self.done = False
        self.joined = False  # somebody has waited for its end: all it did comes before what that thread does now
        self.left = False  # done, and the baton handed on
        self.error: BaseException | None = None
        self.reusable = False  # that thread may serve another execution ...
        self.condemned = False  # ... unless it was sent an exception, which may reach it late
        self.group: list[Controlled] | None = None  # threads whose end is waited for together
        self.result: Any = None
        self.wait: Wait | None = None
        self.key: Hashable = None
        self.deadline: float | None = None
        self.predicate: Callable[[], bool] | None = None
        self.woken = False
        # The states in which it gave way out of a loop since there was progress, and how often it came back to each.
        self.spin: tuple[int, dict[Hashable, int]] | None = None
        self.repeats = 0
        self.holding: dict[int, tuple[object, Site]] = {}
        self.watching: AbstractContextManager[None] | None = None
        self.born: tuple[str, int] | None = None  # the file and line at which it was started ...
        self.starter: Controlled | None = None  # ... or the thread that is still where it started it

    def held_at(self, site: Site) -> str:
        """Where a lock that this thread holds was taken."""
        source = linecache.getline(site.code.co_filename, site.line or 0).strip()
        return f"{site.code.co_filename}:{site.line}" + (f" ({source})" if source else "")

    def __repr__(self) -> str:
        return f"<thread {self.number} {self.name!r}>"
