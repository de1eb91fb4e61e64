"""One free run after another: the code instrumented, the switch interval tiny, and everything as before afterwards."""

from __future__ import annotations

import sys
import threading
import time
from _thread import allocate_lock
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from pytest_gilcheck.races import attributes, preparing
from pytest_gilcheck.races.discovery import Discovery
from pytest_gilcheck.races.free import ending, threads
from pytest_gilcheck.races.free.guard import Ended, Guard
from pytest_gilcheck.races.free.hooks import factory
from pytest_gilcheck.races.free.noise import LEVELS, Level, Noise, key_of, now, walker
from pytest_gilcheck.races.interruptions import interruptions
from pytest_gilcheck.races.quiet import sweep
from pytest_gilcheck.races.rewriting import Rewriter
from pytest_gilcheck.races.schedule import Place, code_digest
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.sites import Site
from pytest_gilcheck.races.threads import Stop

#: How often the interpreter is asked to switch threads, in seconds: as often as it can.
SWITCH_SECONDS = 1e-6
# So long may threads take that are made to end, and those that the scenario left, in seconds.
_UNWIND = 1.0
_rewriters: dict[Scope, Rewriter] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of a free run.

    ``error`` is what the scenario raised, ``thread_errors`` what ended threads of its own. ``ended`` says why it was ended
    early; ``left`` that the scenario itself was over then. ``abandoned`` are threads that could not be ended. ``steps`` are
    what threads came by, each with its thread, in the order in which it happened. ``own``: it started threads by itself.
    ``remaining`` counts threads that go on. ``fresh``: code ran that was not instrumented, and is from now on.
    """

    error: BaseException | None
    thread_errors: tuple[BaseException, ...]
    ended: Ended | None
    left: bool
    abandoned: tuple[str, ...]
    steps: tuple[tuple[int, Place], ...]
    own: bool
    remaining: int
    fresh: bool
    seconds: float


class Bench:
    """Where the free runs of ``scenario`` happen; use :meth:`open` around all of them. ``hot`` are the sites, found so far,
    where threads meet."""

    def __init__(self, scenario: Callable[[], object], scope: Scope) -> None:
        self._scenario = scenario
        self.hot: set[Site] = set()
        self._rewriter = _rewriters.setdefault(scope, Rewriter(factory, scope))
        self._rewriting = allocate_lock()
        self._found: list[CodeType] = []
        self._discovery = Discovery(
            scope, self._found.append, is_controlled=lambda: now.noise is not None, original=self._rewriter.original
        )
        self._guard = Guard()
        self._opened = False

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Around all runs, in the same thread."""
        with self._guard.on_duty():
            yield

    @contextmanager
    def open(self) -> Iterator[None]:
        """Around the runs of instrumented code, inside of ``quiet()`` and :meth:`watched`. Nothing is left of it after, but
        threads that could not be ended."""
        with ExitStack() as stack:
            stack.callback(attributes.forget_types)
            stack.callback(self._cool)
            stack.callback(self._rewriter.restore)
            self._rewriter.resume()
            preparing.start(self._prepare)
            stack.callback(preparing.stop)
            preparing.callee(self._scenario)
            stack.enter_context(self._discovery)
            self._opened = True
            stack.callback(setattr, self, "_opened", False)
            yield

    def run(self, seed: int, level: Level, *, early: float, limit: float, serial: bool = False) -> Ran:
        """One run, disturbed as ``level`` says; a run whose threads are stuck is ended after ``early`` seconds if they wait
        for one another without time-outs, and any after ``limit`` seconds."""
        return self._run(Noise(seed, level, self.hot, serial=serial), early, limit, SWITCH_SECONDS)

    def plain(self, limit: float) -> Ran:
        """One run as it is, the callables of ``run`` one after another; to be made before :meth:`open`."""
        return self._run(Noise(0, LEVELS[0], (), serial=True), limit, limit, sys.getswitchinterval())

    def _run(self, noise: Noise, early: float, limit: float, interval: float) -> Ran:
        interruptions.deliver()
        sweep()
        self._found.clear()
        before = noise.before = threading.enumerate()
        noise.foreign = frozenset(
            [key_of(thread, 0) for thread in before if thread is not threading.current_thread()]
            + [ident for ident in sys._current_frames() if ident not in {thread.ident for thread in before}]
        )
        errors: list[BaseException] = []
        begin = time.perf_counter()
        with self._surroundings(noise, errors, interval):
            try:
                with self._discovery.watching() if self._opened else nullcontext(), self._discovery.newcomers():
                    error, left = self._root(noise, before, early, limit)
                interruptions.deliver()
            except BaseException:
                _clear(before, self._guard.broken_off(noise), noise)
                raise
            ended = self._guard.ended
            seconds = time.perf_counter() - begin
            abandoned, remaining = _clear(before, ended, noise)
        fresh = bool(self._found)
        if fresh:
            self._rewriter.add(dict.fromkeys(self._found))
        self._heat(noise.met)
        steps = tuple((number, _place(site)) for number, site in noise.order)
        return Ran(
            error=error,
            thread_errors=tuple(errors),
            ended=ended,
            left=left,
            abandoned=abandoned,
            steps=steps,
            own=noise.own,
            remaining=remaining,
            fresh=fresh,
            seconds=seconds,
        )

    @contextmanager
    def _surroundings(self, noise: Noise, errors: list[BaseException], seconds: float) -> Iterator[None]:
        interval, hook = sys.getswitchinterval(), threading.excepthook

        def hear(arguments: Any) -> None:
            if not isinstance(arguments.exc_value, Stop | SystemExit | None) and not noise.stopping:
                errors.append(arguments.exc_value)

        try:
            threading.excepthook = hear
            sys.setswitchinterval(seconds)
            with threads.starting(noise):
                yield
        finally:
            noise.over = True
            now.noise = None
            sys.setswitchinterval(interval)
            threading.excepthook = hook

    def _root(
        self, noise: Noise, before: Sequence[threading.Thread], early: float, limit: float
    ) -> tuple[BaseException | None, bool]:
        """What the scenario raised, and whether it was over before the run was ended."""
        if self._guard.can_interrupt:
            return self._here(noise, before, early, limit)
        answer: list[tuple[BaseException | None, bool]] = []
        root = threading.Thread(
            target=lambda: answer.append(self._here(noise, before, early, limit)), name="gilcheck-root", daemon=True
        )
        root.start()
        while root.is_alive() and not noise.stopping:
            root.join(_UNWIND)
        root.join(_UNWIND)
        if root.is_alive():
            ending.end([root], (), _UNWIND)
        self._guard.rest()
        return answer[0] if answer else (None, False)

    def _here(
        self, noise: Noise, before: Sequence[threading.Thread], early: float, limit: float
    ) -> tuple[BaseException | None, bool]:
        error: BaseException | None = None
        left = False
        noise.begin()
        now.noise = noise  # not earlier: hooks of others come first otherwise, such as those in contextlib
        self._guard.watch(noise, before, early=early, limit=limit)
        interruptions.through = True
        try:
            try:
                self._call_scenario()
            except (Stop, KeyboardInterrupt):
                raise
            except BaseException as raised:  # it is the result
                if interruptions.raised is not None:
                    raise
                error = raised
            left = True
            threads.drain(noise, before)
            self._guard.rest()
        except Stop:
            pass
        finally:
            interruptions.through = False
            self._guard.rest()
        return error, left

    def _call_scenario(self) -> None:
        self._scenario()

    def _prepare(self, function: FunctionType) -> None:
        me = walker()
        if me is None:  # before the first run
            self._rewriter.prepare(function)
            return
        me.inside = True  # what rewrites may itself be rewritten
        try:
            with self._rewriting:
                self._rewriter.prepare(function)
        finally:
            me.inside = False

    def _heat(self, sites: set[Site]) -> None:
        for site in sites:
            site.hot = True
        self.hot |= sites

    def _cool(self) -> None:
        for site in self.hot:
            site.hot = False


def _clear(before: Sequence[threading.Thread], ended: Ended | None, noise: Noise) -> tuple[tuple[str, ...], int]:
    """End the threads of a run that was ended; the names of those that cannot be, and how many threads are left in all."""
    abandoned: list[threading.Thread] = []
    if ended is not None:
        noise.over = True
        here = [thread for thread in threads.newcomers(before) if not threads.is_idle(thread)]
        near = () if ended.strangers else ended.near  # what a thread of others holds is not ours to free
        abandoned = ending.end(here, near, _UNWIND)
        for thread in abandoned:
            ending.abandon(thread)
    return tuple(thread.name for thread in abandoned), len(threads.newcomers(before))


def _place(site: Site) -> Place:
    place = site.place
    if place is None:
        place = site.place = Place(code_digest(site.code), site.offset)
    return place
