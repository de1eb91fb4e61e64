"""Waiting: for a key that another thread opens, for something outside, for time to pass; and who holds which lock."""

from __future__ import annotations

from collections.abc import Callable

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.baton import Baton
from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.sites import Site
from pytest_gilcheck.races.state import NOBODY, TICK_SECONDS, YIELD_SECONDS
from pytest_gilcheck.races.threads import Controlled, Stop, Wait

# What is waited for: its kind, and which one it is.
Key = tuple[str, object] | tuple[str]

# So often may a clock be read before it goes faster.
TICKS = 1000


class Waits(Baton):
    """What the models of the primitives are made of."""

    def wait(self, key: Key, why: Wait, deadline: float | None = None) -> bool:
        """Wait until :meth:`open` is called for ``key`` (``True``) or virtual time reaches ``deadline`` (``False``)."""
        if self.stopping:
            raise Stop
        if deadline is not None:
            self.mark(Act.UNORDERED)
            if deadline <= self.now:
                return False
            self.timed_out = self.timed_out or len(self.ready) > 1
        me = self.me
        self.yield_step, self.tick_step, self.ticks = YIELD_SECONDS, TICK_SECONDS, 0
        me.wait, me.key, me.woken = why, key, False
        if deadline is not None:
            me.deadline = deadline
            self.timed.append(me)
        self.waiting.setdefault(key, []).append(me)
        self.ready.remove(me)
        self._sleep(me)
        return me.woken

    def until(self, predicate: Callable[[], bool], why: Wait, deadline: float | None = None) -> bool:
        """Wait until ``predicate`` holds (``True``) or until virtual time reaches ``deadline`` (``False``)."""
        self.mark(Act.UNORDERED)
        if predicate():
            return True
        if self.stopping:
            raise Stop
        if deadline is not None and deadline <= self.now:
            return False
        me = self.me
        me.wait, me.key, me.woken, me.predicate = why, None, False, predicate
        if deadline is not None:
            me.deadline = deadline
            self.timed.append(me)
        self.polled.append(me)
        self.ready.remove(me)
        self._sleep(me)
        return me.woken

    def open(self, key: Key) -> None:
        """Threads that wait for ``key`` can run again."""
        self.progress += 1
        for thread in self.waiting.get(key, ()):
            if not thread.woken:
                thread.woken = True
                if key[0] != "lock":  # who takes it says so
                    self.mark(Act.WAKE, thread.number)
                if thread not in self.ready:
                    self._make_ready(thread)

    def close(self, key: Key) -> None:
        """Somebody took what the threads that wait for ``key`` were woken for: they wait on."""
        me = self.me
        for thread in self.waiting.get(key, ()):
            if thread.woken and thread is not me:
                thread.woken = False
                if self.notes is not None and thread.wait is not None and self.recording:
                    self.notes.use(thread, Act.BLOCK, thread.wait.lock)
                expired = thread.deadline is not None and thread.deadline <= self.now
                if thread in self.ready and not expired:
                    self.ready.remove(thread)

    def held(self, lock: object, site: Site) -> None:
        """The current thread holds ``lock`` from here on."""
        self.me.holding[id(lock)] = (lock, site)
        self.streak = self.rounds = 0
        self.progress += 1
        self.tell(Act.TAKE, lock, site)
        key = ("lock", id(lock))
        if key in self.waiting:
            self.close(key)

    def holds(self, lock: object) -> bool:
        """Whether the current thread holds ``lock``."""
        return id(lock) in self.me.holding

    def freed(self, lock: object) -> None:
        """The current thread, or another, holds ``lock`` no longer: who waits for it can go on."""
        if self.me.holding.pop(id(lock), None) is None:
            for thread in self.threads:
                thread.holding.pop(id(lock), None)
        self.rounds = 0
        self.progress += 1
        self.tell(Act.FREE, lock)
        key = ("lock", id(lock))
        if key in self.waiting:
            self.open(key)

    def tick(self) -> None:
        """A clock is read: time goes on by a microsecond, and by more when nothing else has happened for long."""
        self.now += self.tick_step
        self.clock_read = True
        self.mark(Act.UNORDERED)
        self.ticks += 1
        if self.ticks > TICKS:  # somebody waits for a time to come, in a loop
            self.tick_step = min(self.tick_step * 1.1, 60.0)
        if self.timed:
            self._expire()

    def yield_(self, site: Site) -> None:  # noqa: ARG002 - as all operations of a site
        """Another thread that can run goes next, if there is one; in any case time goes on, by more each time in a row."""
        if self.stopping:
            raise Stop
        me = self.me
        me.blocks += 1
        self.mark(Act.UNORDERED)
        if self.polled or self.returned:
            self._poll()
        self.now += self.yield_step
        self.yield_step = min(self.yield_step * 2, 1.0)
        self._expire()
        others = [thread for thread in self.ready if thread is not me]
        if not others:
            return
        self.current = self.bit = NOBODY
        me.inside = True
        to = self._choose_next(me, others)
        self._transfer(me, to)
        me.inside = False
        self.current, self.bit = me.ident, me.bit

    def passing(self) -> Passing:
        """Inside, the hooks of the calling thread pass through."""
        return Passing(self)

    def exited(self, code: object) -> None:
        """The current thread tried to end the whole process."""
        self.stop("exit", [f"{deadlock.label(self.me)} called os._exit({code!r})", *self.stack(self.me)])
        raise Stop


class Passing:
    """See :meth:`Run.passing`. No generator: ``contextlib`` may itself be instrumented."""

    __slots__ = ("_before", "_run")

    def __init__(self, of: Waits) -> None:
        self._run = of
        self._before: tuple[int, int, Controlled, bool] = (of.current, of.bit, of.me, of.me.inside)

    def __enter__(self) -> None:
        run, me = self._run, self._run.me
        self._before = (run.current, run.bit, me, me.inside)
        run.current, run.bit, me.inside = NOBODY, 0, True

    def __exit__(self, *_: object) -> None:
        run = self._run
        run.current, run.bit, me, inside = self._before
        me.inside = inside
