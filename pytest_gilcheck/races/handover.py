"""Executions in which threads are switched only where an interpreter with the GIL may hand it over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pytest_gilcheck.races import breaker, hooks, implicit
from pytest_gilcheck.races.breaker import state
from pytest_gilcheck.races.bytecode.families import WITH_BREAKER
from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.laboratory import Laboratory, noted
from pytest_gilcheck.races.rewriting import Rewriter
from pytest_gilcheck.races.run import Run, run

if TYPE_CHECKING:
    from pytest_gilcheck.races.execution import Result
    from pytest_gilcheck.races.schedule import Schedule
    from pytest_gilcheck.races.schedulers import Scheduler
    from pytest_gilcheck.races.scope import Scope
    from pytest_gilcheck.races.sites import Site

# Rounds of finding more code, or more places where threads meet, before an execution is given up.
_ROUNDS = 20
_rewriters: dict[Scope, Rewriter] = {}


class HandoverRun(Run):
    """What :data:`run` is meanwhile. The thread that runs may be switched away from where it uses what threads share if it
    looked at the eval breaker, blocked, or began, since it last did.

    ``doubted``: threads were not switched somewhere where it is not known whether they could be.
    """

    doubted = False
    _offered = True
    _transfers = _blocks = -1  # of the run and of its thread, when that last came by a place where threads meet

    def start(self, scheduler: Scheduler) -> None:
        """Begin an execution."""
        super().start(scheduler)
        state.reset()
        self._offered = True
        self._transfers = self._blocks = -1

    def _pass(self, site: Site) -> None:
        me = self.me
        began = self.transfers != self._transfers or me.blocks != self._blocks  # or went on, after it had blocked
        doubts = 0 if began else state.doubts  # others are another thread's
        self._offered = began or state.looked
        if self._offered:
            super()._pass(site)
        else:
            self._pass_by(site, doubtful=doubts > 0)
        state.looked = False
        state.doubts = max(0, doubts - 1)
        self._transfers, self._blocks = self.transfers, me.blocks

    def _pass_by(self, site: Site, *, doubtful: bool) -> None:
        """What counts at such a place although no other thread can go on here."""
        me = self.me
        visits = me.visits
        visits[site] = visits.get(site, 0) + 1
        if self.stopping:
            return
        me.fresh = False
        self.streak += 1
        self.passages += 1
        if self.log is not None:
            self.log.append((me.number, site))
        if doubtful and len(self.ready) > 1:
            self.doubted = True

    def _tell(self, act: Act, target: object, key: object, site: Site) -> None:
        if self._offered:
            super()._tell(act, target, key, site)
        elif self.notes is not None:
            self.notes.use(self.me, act, target, key, site)


class HandoverLaboratory(Laboratory):
    """All executions are such."""

    def rewriter(self, scope: Scope) -> Rewriter:
        """See :meth:`Laboratory.rewriter`."""
        if scope not in _rewriters:
            _rewriters[scope] = Rewriter(breaker.factory(noted(hooks.factory)), scope, WITH_BREAKER)
        return _rewriters[scope]

    @contextmanager
    def open(self) -> Iterator[None]:
        """See :meth:`Laboratory.open`."""
        is_rewritten = self._rewriter.is_rewritten
        state.is_seen = is_rewritten
        implicit.start(is_rewritten)
        run.__class__ = HandoverRun
        try:
            with super().open():
                yield
        finally:
            run.__class__ = Run
            implicit.stop()
            state.reset()
            for name in [name for name in vars(run) if name in _OWN]:
                delattr(run, name)

    def shown(self, schedule: Schedule, limit: float) -> Result | None:
        """The execution of ``schedule``, of which all code and all places where threads meet are known; ``None`` if that
        cannot be had. A switch of the schedule that the GIL rules out is not made."""
        for _ in range(_ROUNDS):
            result = self.recount(schedule, limit)
            sites = self.growth
            if not self._grow(result) and self.growth == sites:
                return result
        return None

    @property
    def doubted(self) -> bool:
        """Whether an execution so far had a place where it is not known whether threads could be switched."""
        return bool(vars(run).get("doubted", False))


_OWN = ("doubted", "_offered", "_transfers", "_blocks")
