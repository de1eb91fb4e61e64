"""Everything an exploration needs around its executions: instrumented code, the watchdog, silence for other tracers."""

from __future__ import annotations

import builtins
import os
import sys
import sysconfig
import threading
import time
from _thread import get_ident
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from types import CodeType, FunctionType
from typing import Any

from pytest_gilcheck.races import attributes, calls, hooks, preparing, schedule
from pytest_gilcheck.races.comparing import Step
from pytest_gilcheck.races.discovery import Discovery
from pytest_gilcheck.races.execution import Result, execute
from pytest_gilcheck.races.interruptions import interruptions
from pytest_gilcheck.races.judging import Judging
from pytest_gilcheck.races.notes import Notes
from pytest_gilcheck.races.observing import Observer
from pytest_gilcheck.races.primitives.everywhere import everywhere
from pytest_gilcheck.races.processor import one_cpu
from pytest_gilcheck.races.quiet import sweep
from pytest_gilcheck.races.rewriting import Rewriter
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.schedule import Place, Schedule
from pytest_gilcheck.races.schedulers import Scheduler
from pytest_gilcheck.races.schedulers.replaying import Replaying
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.scope import Scope, leave_out_project
from pytest_gilcheck.races.sites import Hook, HookFactory, Site
from pytest_gilcheck.races.spending import Spending
from pytest_gilcheck.races.values import Values
from pytest_gilcheck.races.watchdog import Watchdog

# So long may an execution take that only shows which code there is, in seconds.
_PROBE_SECONDS = 2.0
# Rounds of finding more code, or more places where threads meet, before an execution counts as it is.
_ROUNDS = 60
# Executions between two emptyings of what is remembered of types, which keeps types made by the scenario alive.
_FORGET_EVERY = 200

_LIBRARY = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
# Attempts to repeat an execution that something uncontrolled may have led astray.
_RETRIES = 2
_sites: list[Site] = []
_rewriters: dict[Scope, Rewriter] = {}


#: Where threads wait for one another: instrumented before anything runs, so that no execution blocks for real.
_WAITS = ("threading", "queue", "concurrent.futures._base", "concurrent.futures.thread")


def _waits() -> Iterator[CodeType]:
    for name in _WAITS:
        module = sys.modules.get(name)
        for value in [] if module is None else list(vars(module).values()):
            if getattr(value, "__module__", None) != name:
                continue
            for member in [value, *(vars(value).values() if isinstance(value, type) else ())]:
                function = getattr(member, "fget", None) or getattr(member, "__func__", member)
                if isinstance(function, FunctionType):
                    yield function.__code__


def noted(factory: HookFactory) -> HookFactory:
    """``factory``, and a schedule finds the sites that it makes hooks for."""

    def make(site: Site) -> Hook | None:
        hook = factory(site)
        if hook is not None:
            _sites.append(site)
        return hook

    return make


_factory = noted(hooks.factory)


class Laboratory:
    """One exploration's surroundings; use :meth:`open` around all its executions.

    ``hot`` are the sites where threads were seen to meet; ``growth`` counts how often there were more of them.
    """

    def __init__(self, scenario: Callable[[], object], scope: Scope) -> None:
        leave_out_project()
        self.scenario = scenario
        self.scope = scope
        self.hot: set[Site] = set()
        self.growth = 0
        self.spending = Spending(float("inf"))  # when nothing is left of it, nothing is repeated
        self.seconds = 0.0  # what the last execution of settle took
        self.complete = True  # the last execution of settle had no place where threads meet that was not known before it
        self.broken_off = False  # one ran code that was not instrumented, and there was no time to repeat it
        self.log: list[Step] | None = None
        self.judging = Judging()
        self._rewriter = self.rewriter(scope)
        self._found: list[CodeType] = []
        self._discovery = Discovery(
            scope,
            self._found.append,
            is_controlled=lambda: run.current == get_ident() and not run.stopping,
            original=self._rewriter.original,
        )
        self._watchdog = Watchdog(run)
        self._executions = 0

    def rewriter(self, scope: Scope) -> Rewriter:
        """What rewrites the code of ``scope``, in all laboratories of this sort."""
        return _rewriters.setdefault(scope, Rewriter(_factory, scope))

    @contextmanager
    def open(self) -> Iterator[None]:
        """Nothing is left of it after: code, threads and namespaces are as before. To be used inside of ``quiet()``."""
        with ExitStack() as stack:
            stack.callback(attributes.forget_types)
            stack.callback(run.workers.close)
            stack.callback(self._cool)
            stack.enter_context(self._watchdog.on_duty())
            stack.enter_context(everywhere())
            stack.enter_context(one_cpu())
            run.judging = self.judging
            stack.callback(setattr, run, "judging", None)
            stack.callback(self._rewriter.restore)
            self._rewriter.resume()
            self._rewriter.add(code for code in _waits() if not self._rewriter.knows(code))
            preparing.start(self._rewriter.prepare)
            stack.callback(preparing.stop)
            preparing.callee(self.scenario)
            stack.enter_context(self._discovery)
            stack.enter_context(self._rewriter.importing())
            calls.dynamic.update({id(builtins.exec): self._exec, id(builtins.eval): self._eval})
            stack.callback(calls.dynamic.clear)
            stack.callback(calls.forget)
            for module, name in ((threading, "excepthook"), (sys, "unraisablehook")):
                stack.callback(setattr, module, name, getattr(module, name))
                setattr(module, name, _unheard)
            stack.callback(setattr, os, "_exit", os._exit)
            setattr(os, "_exit", _exiting(os._exit))  # noqa: B010 - not a function that mypy lets us replace
            yield

    def settle(self, scheduler: Scheduler, limit: float, *, thorough: bool = False) -> Result:
        """One execution that found no code that was not instrumented; those that did are repeated first.

        ``thorough``: nor more sites where threads meet, so that its events are complete.
        """
        for _ in range(_ROUNDS):
            before, growth = time.monotonic(), self.growth
            result = self._once(scheduler, min(limit, _PROBE_SECONDS))
            more = self._grow(result)
            if result.reason == "timeout" and not more and limit > _PROBE_SECONDS:
                self.restart(scheduler)
                before = time.monotonic()
                result = self._once(scheduler, limit)
                more = self._grow(result)
            self.seconds = time.monotonic() - before
            unseen = more or result.reason == "spin"
            if not (unseen or (thorough and growth != self.growth)):
                break
            if not self.spending.left:
                if not unseen:
                    break
                self.broken_off = True
                cut_short = result.reason == "timeout" and limit > _PROBE_SECONDS
                if result.reason in {None, "spin"} or cut_short:
                    result.reason = "budget"
                break
            self.restart(scheduler)
        return result

    @staticmethod
    def restart(scheduler: Scheduler) -> None:
        """The last execution of ``scheduler`` does not count."""
        again = getattr(scheduler, "again", None)
        if again is not None:
            again()

    def in_order(self, orders: Sequence[Sequence[int]], limit: float) -> Result:
        """The plain order, but operations that run at once take turns in these ``orders``; see :class:`Judging`."""
        self.judging.orders = orders
        try:
            return self.settle(Serial(), limit)
        finally:
            self.judging.orders = ()

    def confirm(self, scheduler: Scheduler, limit: float) -> Result:
        """The execution that a schedule stands for, with a digest of all the code that ran in it.

        If it is ``noted``, then with the events of all places where threads are known to meet.
        """
        hot = self.hot
        sites = self._sites_of(scheduler.script or {})
        self._heat(hot | sites if scheduler.noted else sites)
        patience = _RETRIES
        try:
            for _ in range(_ROUNDS):
                if scheduler.values is not None:
                    scheduler.values = Values()
                result = self._once(scheduler, limit, collect=True)
                if result.reason == "spin" or (scheduler.noted and not result.met <= self.hot):
                    self._heat(self.hot | result.met)
                elif result.uncontrolled and result.error is None and patience:
                    patience -= 1  # the machine may have been busy with something else
                elif not self._instrument(result):
                    break
            result.code = schedule.digest_of_all({code for code in self._discovery.ran if _is_of_a_file(code)})
            return result
        finally:
            self._heat(hot)

    def show(self, scheduler: Scheduler, limit: float) -> Result:
        """What :meth:`confirm` confirmed once more, exactly once, for somebody to look at."""
        hot = self.hot
        self._heat(self._sites_of(scheduler.script or {}))
        try:
            return self._once(scheduler, limit)
        finally:
            self._heat(hot)

    def recount(self, schedule: Schedule, limit: float, *, observed: bool = False) -> Result:
        """The execution of ``schedule`` once more, noted at all places where threads are known to meet, with all values.

        ``observed``: with all that it takes to tell its story, too.
        """
        hot, scheduler = self.hot, Replaying(schedule, judged=True)
        self._heat(hot | self._sites_of(scheduler.script or {}))
        run.notebook = Observer if observed else Notes
        try:
            result = self._once(scheduler, limit)
            for _ in range(_ROUNDS):
                if result.met <= self.hot or result.reason in {"timeout", "livelock"}:
                    break
                self._heat(self.hot | result.met)
                result = self._once(Replaying(schedule, judged=True), limit)
            return result
        finally:
            run.notebook = Notes
            self._heat(hot)

    def plain(self) -> BaseException | None:
        """What the scenario raises when it runs without control, its threads one after another."""
        try:
            interruptions.let(self.scenario)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - it is the answer
            return error
        return None

    @staticmethod
    def place(site: Site) -> Place:
        """What a schedule calls ``site``."""
        return run.place(site)

    @staticmethod
    def scenario_digest(name: str) -> int:
        """See :func:`schedule.scenario_digest`."""
        return schedule.scenario_digest(name)

    def _once(self, scheduler: Scheduler, limit: float, *, collect: bool = False) -> Result:
        interruptions.deliver()
        self._found.clear()
        self._executions += 1
        if self._executions % _FORGET_EVERY == 0:
            attributes.forget_types()
        sweep()
        run.log = self.log
        if self.log is not None:
            self.log.clear()
        run.watching = self._discovery.thread if self._discovery.threads_apart else None
        self._watchdog.watch(limit)
        try:
            with self._discovery.watching(collect=collect):
                return execute(run, self.scenario, scheduler)
        finally:
            if self._watchdog.rest():
                run.workers.close()

    def _grow(self, result: Result) -> bool:
        """Take in what an execution found; whether it has to be repeated."""
        new = result.met - self.hot
        self.complete = not new
        if new:
            self._heat(self.hot | new)
            self.growth += 1
        return self._instrument(result)

    def _instrument(self, result: Result) -> bool:
        more = bool(self._found) and self._rewriter.add(dict.fromkeys(self._found)) > 0
        if result.grown:
            run.volatile |= result.grown
            attributes.forget_types()
            self._rewriter.redo(result.grown)
            more = True
        return more

    def _heat(self, sites: set[Site]) -> None:
        self._cool()
        self.hot = sites
        for site in sites:
            site.hot = True

    def _cool(self) -> None:
        for site in self.hot:
            site.hot = False

    def _sites_of(self, script: Mapping[tuple[int, Place | None, int], int]) -> set[Site]:
        places = {place for _, place, _ in script if place is not None}
        digests = {place.digest for place in places}
        return {site for site in _sites if schedule.code_digest(site.code) in digests and run.place(site) in places}

    def _exec(self, f: Any, source: Any, *arguments: Any, **more: Any) -> Any:
        return self._dynamic(f, "exec", source, arguments, more)

    def _eval(self, f: Any, source: Any, *arguments: Any, **more: Any) -> Any:
        return self._dynamic(f, "eval", source, arguments, more)

    def _dynamic(self, f: Any, mode: str, source: Any, arguments: tuple[Any, ...], more: dict[str, Any]) -> Any:
        __tracebackhide__ = True
        frame = sys._getframe(2)
        if not arguments and "globals" not in more:
            arguments = (frame.f_globals, frame.f_locals)
        elif arguments and arguments[0] is None:
            arguments = (frame.f_globals, *(arguments[1:] or (frame.f_locals,)))
        return f(self._rewriter.handle_exec(source, mode=mode, flags=frame.f_code.co_flags), *arguments, **more)


def _is_of_a_file(code: CodeType) -> bool:
    """Whether the code of a token depends on this: not on what the interpreter and those who generate code bring along."""
    file = code.co_filename
    return not file.startswith("<") and ("-packages" in file or not file.startswith(_LIBRARY))


def _unheard(_: object) -> None:
    """Exceptions that end a thread are part of the result; nobody else need hear of them in every execution."""


def _exiting(real: Callable[[int], Any]) -> Callable[[int], Any]:
    def _exit(status: int) -> Any:
        if run.mine():
            run.exited(status)
        return real(status)

    return _exit
