"""What is known of the execution that is going on; the classes built on this one change it."""

from __future__ import annotations

import sys
import weakref
from _thread import get_ident
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.accesses import Accesses
from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.notes import Notes
from pytest_gilcheck.races.schedule import Place, Switch, code_digest
from pytest_gilcheck.races.threads import Controlled

if TYPE_CHECKING:
    from pytest_gilcheck.races.judging import Judging
    from pytest_gilcheck.races.schedulers import Scheduler
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.spinning import Suspicion

#: ``State.current`` while hooks pass through, except those of a thread that knows better: see ``Run.stranger``.
NOBODY = 0
#: ``State.current`` when the thread that runs shall look up at its next hook.
NUDGED = -1
#: How far the reading of a clock moves it, in seconds, as long as it is not read over and over.
TICK_SECONDS = 1e-6
#: How far a thread's turn that it gives up moves the virtual clock, in seconds, the first time in a row.
YIELD_SECONDS = 1e-6


class State:
    """One execution after another: :meth:`start` begins the next.

    ``current`` is the identity of the thread whose hooks are heard, ``bit`` its bit in sets of threads (0 if hooks have to
    look up), ``me`` that thread. ``ready`` are the threads that can
    run, by number. ``now`` is virtual time. ``volatile`` are names of globals and methods that somebody was seen to store
    to, in any execution so far.
    """

    def __init__(self) -> None:
        self.current = self.bit = NOBODY
        self.active = False
        self.scheduler: Scheduler | None = None
        self.accesses = Accesses()
        self.me: Controlled
        self.volatile: set[str] = set()
        self.watching: Callable[[], AbstractContextManager[None]] | None = None  # around what each thread runs
        self.log: list[tuple[int, object]] | None = None
        self.notebook: type[Notes] = Notes
        self.notes: Notes | None = None  # of the execution's events, if somebody wants to know
        self.judging: Judging | None = None  # of operations that it runs at once, if somebody judges what comes of them
        self.forget()

    def start(self, scheduler: Scheduler) -> None:
        """Begin an execution."""
        if self.threads:  # the last one was broken off
            self.forget()
        self.scheduler = scheduler
        if scheduler.noted:
            self.notes = self.notebook(self.accesses, self.trace, scheduler.values)
        scheduler.events = () if self.notes is None else self.notes.events

    def forget(self) -> None:
        """Keep nothing of the last execution alive: all is as it is before one begins."""
        self.scheduler = None
        self.threads: list[Controlled] = []
        self.by_ident: dict[int, Controlled] = {}
        self.ready: list[Controlled] = []
        self.waiting: dict[Hashable, list[Controlled]] = {}
        self.timed: list[Controlled] = []
        self.polled: list[Controlled] = []
        self.returned: deque[Controlled] = deque()
        self.trace: list[Switch] = []
        self.accesses.clear()  # hooks remember what they noted: it must not be taken for the next execution's
        self.accesses = Accesses()
        self.notes = None
        self.recording = False
        self.stopping = False
        self.reason: str | None = None  # why the execution is being ended: deadlock, timeout, uncontrolled, spin, exit ...
        self.report: list[str] = []
        self.interrupt: BaseException | None = None
        self.uncontrolled: list[str] = []
        self.left: list[str] = []
        self.now = 0.0
        self.clock_read = False
        self.transfers = 0
        self.streak = 0
        self.rounds = 0
        self.time_step = 0.001
        self.yield_step = YIELD_SECONDS
        self.tick_step = TICK_SECONDS
        self.ticks = 0
        self.progress = 0
        self.passages = 0
        self.timed_out = False  # somebody waited no longer than until a deadline while others could run
        self.followed = 0
        self.curtailed = False  # a switch was forced, or none was offered, where the search would have had a choice
        self.suspicion: tuple[int, Suspicion] | None = None  # and the number of transfers since which it holds
        self.aliases: dict[int, object] = {}
        self.keep: list[object] = []
        self.ages: dict[int, tuple[weakref.ref[Any], int]] = {}  # of objects that somebody sorts by age, by their ids
        self.idle = False
        self.grown: set[str] = set()

    def tell(self, act: Act, target: object, site: Site | None = None) -> None:
        """Note what the current thread does to all of ``target``, away from any site; a lock is taken at ``site``."""
        if self.notes is not None and self.recording and not self.stopping:
            where: object = site
            # Who called the library is only looked for until somebody is interrupted: it takes time.
            if site is not None and not self.trace and not deadlock.is_users(site.code.co_filename):
                where = deadlock.users_place(sys._getframe(2)) or site
            self.notes.use(self.me, act, target, where)

    def mark(self, act: Act, other: int = 0) -> None:
        """Note what the current thread does that has to do with thread number ``other``, or with nothing that has a name."""
        if self.notes is not None and not self.stopping:
            self.notes.mark(self.me, act, other)

    def _tell(self, act: Act, target: object, key: object, site: Site) -> None:
        """Note what the current thread does at a site where threads meet."""
        ready = 0
        for thread in self.ready:
            ready |= thread.bit
        self.notes.use(self.me, act, target, key, site, ready)  # type: ignore[union-attr]

    def place(self, site: Site) -> Place:
        """What a schedule calls ``site``."""
        place = site.place
        if place is None:
            place = site.place = Place(code_digest(site.code), site.offset)
        return place

    def stop(self, reason: str, report: list[str]) -> None:
        """End the execution: every thread raises :class:`Stop` where it is, or as soon as it comes back."""
        if self.reason is None:
            self.reason, self.report = reason, report
            if self.notes is not None and get_ident() in self.by_ident:
                self.notes.stopped(self, self.threads)
        self.stopping = True

    def name_uncontrolled(self, thread: Controlled) -> None:
        """Note what ``thread`` does that cannot be controlled."""
        line = self.describe(thread)
        if line not in self.uncontrolled:
            self.uncontrolled.append(line)

    def holder(self, lock: object) -> Controlled | None:
        """The controlled thread that holds ``lock``."""
        number = id(lock)
        for thread in self.threads:
            if number in thread.holding:
                return thread
        return None

    def stack(self, thread: Controlled) -> list[str]:
        """The stack of ``thread``, innermost last, without the engine's own frames."""
        return deadlock.stack_lines(sys._current_frames().get(thread.ident))

    def describe(self, thread: Controlled) -> str:
        """One line: which thread waits for what, where."""
        return deadlock.describe(self, thread)
