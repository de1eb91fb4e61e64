"""Passing the baton: which thread runs next when one cannot go on, and what happens when none can."""

from __future__ import annotations

import time

from pytest_gilcheck.races import deadlock, outside
from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.schedule import Switch
from pytest_gilcheck.races.state import NOBODY, State
from pytest_gilcheck.races.threads import Controlled, Stop

# A wait for something outside is worth a word in the report from here on, and is given up later, both in seconds.
_NAMED_AFTER = 0.4
_PATIENCE = 2.0
# A baton that was handed over and cannot be taken for so long, in seconds, was taken before.
_TAKEN_SECONDS = 0.1
_POLL_SECONDS = 0.002


class Baton(State):
    """Only the thread that has the baton runs, and only it changes the state."""

    def _transfer(self, me: Controlled, to: Controlled) -> None:
        """Hand the baton to ``to`` and wait to get it back."""
        self._hand(to)
        me.inside = True
        interrupted = False
        while True:
            try:
                if not (interrupted and me.handed):
                    me.baton.acquire()
                else:  # it came at the moment at which the baton did: who can tell whether it was taken
                    me.baton.acquire(timeout=_TAKEN_SECONDS)
                break
            except BaseException as error:  # noqa: BLE001 - a signal handler raised in the main thread while it waited
                interrupted = True
                self.interrupt = error
                self.stop("interrupt", [])
        me.handed = False
        me.inside = False
        self.current, self.bit = me.ident, me.bit
        if self.stopping:
            raise self.interrupt if self.interrupt is not None and me.number == 0 else Stop

    def _hand(self, to: Controlled) -> None:
        self.transfers += 1
        self.streak = self.passages = 0
        self.me = to
        to.handed = True
        to.baton.release()

    def _sleep(self, me: Controlled) -> None:
        """The current thread cannot run: let another, until it can and is chosen."""
        self.current = self.bit = NOBODY
        me.inside = True
        me.blocks += 1
        try:
            to = self._next(me)
            if to is not None and to is not me:
                self._transfer(me, to)
            elif self.stopping:
                raise self.interrupt if self.interrupt is not None and me.number == 0 else Stop
        finally:
            self._forget_wait(me)
            me.inside = False
            self.current, self.bit = me.ident, me.bit

    def _forget_wait(self, me: Controlled) -> None:
        me.wait = None
        if me.key is not None:
            waiters = self.waiting.get(me.key)
            if waiters is not None and me in waiters:
                waiters.remove(me)
                if not waiters:
                    del self.waiting[me.key]
            me.key = None
        if me.deadline is not None:
            me.deadline = None
            self.timed = [thread for thread in self.timed if thread is not me]
        if me.predicate is not None:
            me.predicate = None
            self.polled = [thread for thread in self.polled if thread is not me]

    def _make_ready(self, thread: Controlled) -> None:
        ready = self.ready
        position = len(ready)
        while position and ready[position - 1].number > thread.number:
            position -= 1
        ready.insert(position, thread)

    @staticmethod
    def _after(me: Controlled, ready: list[Controlled]) -> Controlled:
        """Whose turn it is after ``me`` when nothing else decides."""
        for thread in ready:
            if thread.number > me.number:
                return thread
        return ready[0]

    def _choose_next(self, me: Controlled, ready: list[Controlled]) -> Controlled:
        if len(ready) == 1:
            return ready[0]
        default = self._after(me, ready)
        assert self.scheduler is not None
        to = self.scheduler.resume(me, ready, default, me.blocks)
        if self.scheduler.script is not None and (me.number, None, me.blocks) in self.scheduler.script:
            self.followed += 1
        if to is not default:
            self.trace.append(Switch(me.number, None, me.blocks, to.number))
        return to

    def _next(self, me: Controlled) -> Controlled | None:
        """Who runs after ``me`` blocked or ended; ``None`` when the execution is over and ``me`` is to unwind."""
        begin = None
        while not self.stopping:
            if self.polled or self.returned:
                self._poll()
            if self.ready:
                return self._choose_next(me, self.ready)
            away = [thread for thread in self.threads if thread.outside and not thread.done]
            if self.polled or away:
                begin = begin or time.monotonic()
                self._look_outside(time.monotonic() - begin, away)
            elif not self._helped():
                begin = begin or time.monotonic()
                self._nobody_can(time.monotonic() - begin)
        return None if me.number == 0 or not me.done else self.threads[0]

    def _look_outside(self, waited: float, away: list[Controlled]) -> None:
        """Nothing can run until something outside happens: wait for it, not for ever."""
        if self.timed and waited > _NAMED_AFTER / 8:
            self._advance()
            return
        time.sleep(_POLL_SECONDS)
        if waited > _NAMED_AFTER:
            for thread in self.polled:
                self.name_uncontrolled(thread)
        if waited > _PATIENCE:
            self.stop("uncontrolled", [self.describe(thread) for thread in [*self.polled, *away]])

    def _helped(self) -> bool:
        """Wake those for whom a thread outside of the execution did what they wait for."""
        helped = [thread for thread in self.threads if thread.key is not None and outside.was_freed(thread)]
        for thread in helped:
            assert thread.wait is not None
            for other in self.threads:
                other.holding.pop(id(thread.wait.lock), None)
            thread.woken = True
            self.mark(Act.UNORDERED)
            self._make_ready(thread)
        return bool(helped)

    def _nobody_can(self, waited: float) -> None:
        """No thread can run: give one outside a moment, let time go on, or find that all is stuck."""
        if self.timed:
            if (
                waited < _NAMED_AFTER / 8
                and any(_may_be_helped(thread) for thread in self.timed)
                and outside.strangers(self)
            ):
                time.sleep(_POLL_SECONDS)
            else:
                self._advance()
            return
        root = self.threads[0]
        if root.wait is not None and root.wait.kind == "drain":
            self._make_ready(root)
            return
        kind, lines = deadlock.explain(self)
        if kind != "lost-wakeup" or not outside.strangers(self):
            self.stop(kind, lines)
            return
        time.sleep(_POLL_SECONDS)
        waiting = [thread for thread in self.threads if not thread.done and _may_be_helped(thread)]
        if waited > _NAMED_AFTER:
            for thread in waiting:
                self.name_uncontrolled(thread)
        if waited > _PATIENCE:
            self.stop("uncontrolled", lines)

    def _poll(self) -> None:
        while self.returned:
            thread = self.returned.popleft()
            thread.outside = False
            self._make_ready(thread)
        for thread in self.polled:
            if not thread.woken and thread.predicate is not None and thread.predicate():
                thread.woken = True
                self._make_ready(thread)

    def _advance(self) -> None:
        """Let time jump to the first deadline."""
        self.now = max(self.now, min(thread.deadline for thread in self.timed if thread.deadline is not None))
        self._expire()

    def _expire(self) -> None:
        """Those whose deadline has come can run again."""
        for thread in self.timed:
            if thread.deadline is not None and thread.deadline <= self.now and thread not in self.ready:
                self._make_ready(thread)
        # Those that were woken keep their deadline: what they were woken for may be taken before they run.
        self.timed = [thread for thread in self.timed if thread.deadline is not None and thread.deadline > self.now]

    def lend(self, thread: Controlled) -> None:
        """From the watchdog: ``thread`` has the baton and is blocked outside. Give the baton to somebody who can run."""
        if self.stopping:
            root = self.threads[0]
            if root is not thread and not root.done and not root.outside:
                self._hand(root)
            return
        self.mark(Act.UNORDERED)
        if not self.ready and self.timed:
            self._advance()
        if self.ready:
            self._hand(self.ready[0])
        else:
            self.idle = True

    def rescue(self) -> None:
        """From the watchdog: a thread ended with the baton. Should that ever happen, the execution is over."""
        if not self.active or not self.threads or not self.me.left or not self.threads[0].inside:
            return  # it was over while the watchdog looked
        self.stop("uncontrolled", ["a thread ended while it had the turn"])
        self._hand(self.threads[0])

    def _come_back(self, thread: Controlled) -> None:
        """A thread returns from where it could not be controlled: it waits for its turn."""
        thread.inside = True
        self.returned.append(thread)
        self.mark(Act.UNORDERED)
        if self.idle:
            self.idle = False
            self.returned.remove(thread)
            thread.outside = False
            self.me = thread
            self._make_ready(thread)
        else:
            thread.baton.acquire()
        thread.outside = thread.inside = False
        self.current, self.bit = thread.ident, thread.bit
        if self.stopping:
            raise Stop


def _may_be_helped(thread: Controlled) -> bool:
    """Whether a thread outside of the execution could do what this one waits for."""
    return thread.wait is not None and thread.wait.lock is not None and thread.wait.kind in {"lock", "condition", "queue"}
