"""What hooks talk to: the one object that knows who runs, hears of every access, and switches where the schedule says so."""

from __future__ import annotations

import sys
from _thread import get_ident
from typing import TYPE_CHECKING

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.accesses import GUARDS, Kept, Record, Uses
from pytest_gilcheck.races.crew import Crew
from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.schedule import Switch
from pytest_gilcheck.races.spinning import Suspicion
from pytest_gilcheck.races.state import NOBODY, NUDGED
from pytest_gilcheck.races.threads import Controlled, Stop, Wait

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site

__all__ = ["NOBODY", "NOTHING", "Controlled", "Run", "Stop", "Wait", "run"]

# A thread that passed so many hot sites without a write or a switch, while others could run, gives way: it may be waiting
# for one of them in a loop.
FAIR_PASSAGES = 300
# The same for one that does write: it may count how often it looked.
FAIR_AT_ALL = 5_000
# In a replay fewer sites are hot and fewer writes are seen: nothing may be forced there that was not in the search, where
# no turn came so far.
FAIR_IN_REPLAY = 4 * FAIR_AT_ALL
# No schedule gets longer than about this, so that the memory of an execution is bounded: then nobody is interrupted.
MOST_SWITCHES = 50_000
# After so many rounds in which all threads that can run only gave way, time goes on: one of them may be watching a clock.
FAIR_ROUNDS = 2
# A loop that gives way in more states than this, one after another, is not seen to be one without an end.
MOST_STATES = 64
#: Added to the receiver of a switch at which time goes on as well.
LEAP = 1 << 12


NOTHING = Uses()


class Run(Crew):
    """The execution that is going on."""

    def mine(self) -> bool:
        """Whether the calling thread is controlled and has the baton."""
        return self.current == get_ident() or (self.active and not self.stranger(None))

    def stranger(self, site: Site | None) -> bool:
        """Whether the hook that asks has to pass through; called when ``current`` is not the calling thread."""
        if not self.active:
            return True
        thread = self.by_ident.get(get_ident())
        if thread is None or thread.inside:
            return True
        if thread.outside:
            self._come_back(thread)
            return False
        if thread is not self.me:
            return True
        if self.stopping:
            self.current, self.bit = thread.ident, thread.bit
            return False
        if self.current == NUDGED:
            self._suspect(thread, site)
            return False
        return True

    def touch(self, site: Site, target: object, key: object, write: bool) -> Uses | Record | Kept:
        """The current thread is about to use a location: switch here if the schedule says so, and note the use.

        See :meth:`Accesses.note` for what is returned; at a site where threads meet nothing may be remembered.
        """
        if not self.recording:
            return NOTHING
        if site.hot:
            self._pass(site)
        if write and id(type(target)) not in GUARDS:
            self.progress += 1
            if site.stores:
                self.streak = self.rounds = 0
        noted = self.accesses.note(site, target, key, write=write, bit=self.me.bit)
        if not site.hot:
            return noted
        if self.notes is not None and not self.stopping:
            self._tell(Act.WRITE if write else Act.READ, target, key, site)
        return NOTHING

    def name_part(self, site: Site, part: object) -> None:
        """The access that :meth:`touch` was just called for makes ``part`` come into its object or leave it."""
        if site.hot and self.notes is not None and not self.stopping:
            self.notes.name_part(part)

    def touch_guard(self, site: Site, lock: object) -> None:
        """The same for a lock, which is about to be taken or released."""
        if not self.recording:
            return
        if site.hot:
            self._pass(site)
            if self.notes is not None and not self.stopping:
                self._tell(Act.NEAR_LOCK, lock, None, site)
        bit = self.me.bit
        record = self.accesses.table.get(id(lock))
        whole = None if record is None else record.whole
        if whole is None or not whole.threads & bit or site not in whole.sites:
            self.accesses.note(site, lock, None, write=True, bit=bit)

    def touch_more(self, site: Site, target: object, key: object, write: bool) -> None:
        """The operation that :meth:`touch` was called for uses another location as well."""
        if self.recording:
            self.accesses.note(site, target, key, write=write, bit=self.me.bit)
            if site.hot and self.notes is not None and not self.stopping:
                self._tell(Act.WRITE if write else Act.READ, target, key, site)

    def _pass(self, site: Site) -> None:
        """The current thread comes by a site where threads meet. The hot path: a call costs more than a branch."""
        me = self.me
        visits = me.visits
        passage = visits[site] = visits.get(site, 0) + 1
        if self.stopping:
            return
        if self.polled or self.returned:
            self._poll()
        self.streak += 1
        self.passages += 1
        if self.log is not None:
            self.log.append((me.number, site))
        scheduler = self.scheduler
        if scheduler.script is not None:  # type: ignore[union-attr]
            self._pass_in_replay(me, site, passage)
            return
        if self.streak > FAIR_PASSAGES or self.passages > FAIR_AT_ALL:
            self._give_way(me, site, passage)
            return
        ready = self.ready
        if len(ready) < 2:
            return
        if me.fresh:  # it was just chosen to do this: asking again would only repeat the question
            me.fresh = False
            return
        if len(self.trace) > MOST_SWITCHES:
            self.curtailed = True
            return
        to = scheduler.choose(me, ready, site, passage)  # type: ignore[union-attr]
        if to is not me:
            self.trace.append(Switch(me.number, self.place(site), passage, to.number))
            self.current = self.bit = NOBODY
            me.inside = True
            self._transfer(me, to)

    def _pass_in_replay(self, me: Controlled, site: Site, passage: int) -> None:
        assert self.scheduler is not None
        script = self.scheduler.script
        assert script is not None
        place = self.place(site)
        scripted = script.get((me.number, place, passage))
        if scripted is not None:
            self._follow(me, Switch(me.number, place, passage, scripted))
        elif self.followed == len(script) and (
            self.passages > FAIR_IN_REPLAY or (self.curtailed and self.streak > FAIR_PASSAGES)
        ):  # having given way once, it is where the schedule says nothing, and does as the search did
            self._give_way(me, site, passage)

    def _follow(self, me: Controlled, switch: Switch) -> None:
        """Do what the schedule says for this passage."""
        self.trace.append(switch)
        self.followed += 1
        if switch.to >= LEAP:
            self._let_time_pass()
        for thread in self.ready:
            if thread.number == switch.to % LEAP and thread is not me:
                self.current = self.bit = NOBODY
                me.inside = True
                self._transfer(me, thread)
                me.inside = False
                self.current, self.bit = me.ident, me.bit
                return

    def _give_way(self, me: Controlled, site: Site, passage: int) -> None:
        """Hand over from a thread that may be waiting in a loop, to the next in turn."""
        self.rounds += 1
        if self._spins_for_ever(me):
            self.stop("livelock", [deadlock.runs(thread) for thread in self.ready])
            raise Stop
        leap = self.rounds > FAIR_ROUNDS * len(self.ready) and bool(self.timed or self.clock_read)
        if leap:
            self._let_time_pass()
        self.current = self.bit = NOBODY
        me.inside = True
        to = self._after(me, self.ready)
        self.curtailed = True
        self.mark(Act.UNORDERED)
        self.streak = self.passages = 0
        if leap or to is not me:
            self.trace.append(Switch(me.number, self.place(site), passage, to.number + LEAP * leap))
        if to is not me:
            self._transfer(me, to)
        me.inside = False
        self.current, self.bit = me.ident, me.bit

    def _spins_for_ever(self, me: Controlled) -> bool:
        """Whether every thread that can run has come back, again and again, to a very state in which it gave way before, and
        nothing was written, taken or freed meanwhile, nor any time read: then it will be so for ever."""
        if self.timed or self.polled or self.clock_read or any(thread.outside for thread in self.threads):
            return False
        if me.spin is None or me.spin[0] != self.progress or len(me.spin[1]) > MOST_STATES:
            me.spin = self.progress, {}
        # A loop need not give way in the same place each time: it may have several.
        states = me.spin[1]
        state = deadlock.snapshot(sys._getframe())
        me.repeats = states[state] = states.get(state, -1) + 1
        return all(t.repeats > 1 and t.spin is not None and t.spin[0] == self.progress for t in self.ready)

    def _let_time_pass(self) -> None:
        """All that can run only look: time is all that can change what they see."""
        self.rounds = 0
        if self.timed:
            self._advance()
        elif self.clock_read:
            self.now += self.time_step
            self.time_step = min(self.time_step * 2, 3600.0)
            self.clock_read = False

    def _suspect(self, thread: Controlled, site: Site | None) -> None:
        """This thread has run for long. Is it waiting in a loop for another one? Look at what it does next."""
        if self.suspicion is None or self.suspicion[0] != self.transfers:
            self.suspicion = self.transfers, Suspicion()
        spinning = self.suspicion[1].look(site, sys._getframe())
        if spinning is None:
            return
        self.current, self.bit = thread.ident, thread.bit
        if spinning and (len(self.ready) > 1 or self.timed):
            self.accesses.met |= spinning
            self.stop("spin", [])
            raise Stop


run = Run()
