"""A thread beside free runs: it notices when all threads of a run are stuck, or when the run takes too long, and ends it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

from pytest_gilcheck.races.deadlock import stack_lines
from pytest_gilcheck.races.free.noise import Noise, key_of
from pytest_gilcheck.races.free.threads import Runner, at_once, drain, is_idle, newcomers
from pytest_gilcheck.races.outside import strangers_to
from pytest_gilcheck.races.system import is_asleep
from pytest_gilcheck.races.threads import Stop

#: How often it looks, in seconds.
TICK = 0.05
# Threads that wait for one another without time-outs, and did not move for so long, will not move any more.
_FOR_GOOD = 0.5
# At the limit those that did not move for this share of it, or so many seconds, are stuck.
_STUCK_SHARE = 0.5
_STUCK = 5.0
# The root is asked again to give up after so many seconds, as it may have begun to wait for something else.
_ASK_AGAIN = 1.0
# A signal that nobody else uses and that does nothing when it comes too late.
_SIGNAL = getattr(signal, "SIGURG", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Why a run was ended: all of its threads were ``stuck``, or it took too long. ``stacks`` are of all threads, as lines;
    ``near`` what they waited for, as far as it was seen. ``strangers``: there are threads of others that may yet help."""

    stuck: bool
    strangers: bool
    stacks: tuple[str, ...]
    near: tuple[object, ...]
    threads: tuple[threading.Thread, ...]


class Guard:
    """Watches one run after another between :meth:`watch` and :meth:`rest`."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()  # held while it looks, so that it does not look at the next run by mistake
        self._noise: Noise | None = None
        self._before: Sequence[threading.Thread] = ()
        self._root = threading.current_thread()
        self._begin = self._early = self._limit = 0.0
        self._asked = 0.0
        self._since: dict[int, tuple[object, float]] = {}
        self.ended: Ended | None = None
        #: Whether a root in the calling thread can be made to give up whatever it waits for.
        self.can_interrupt = (
            _SIGNAL is not None and hasattr(signal, "pthread_kill") and threading.current_thread() is threading.main_thread()
        )

    @contextmanager
    def on_duty(self) -> Iterator[None]:
        """Its thread lives inside."""
        with ExitStack() as stack:
            if self.can_interrupt and _SIGNAL:
                stack.callback(signal.signal, _SIGNAL, signal.getsignal(_SIGNAL))
                signal.signal(_SIGNAL, self._interrupted)
            thread = threading.Thread(target=self._watch, name="gilcheck-guard", daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(self._over.set)
            yield

    def watch(self, noise: Noise, before: Sequence[threading.Thread], *, early: float, limit: float) -> None:
        """A run begins, in the calling thread. Before ``early`` seconds nobody is stuck; after ``limit`` it is ended."""
        with self._lock:
            self.ended = None
            self._since.clear()
            self._before, self._root = before, threading.current_thread()
            self._begin, self._early, self._limit = time.monotonic(), early, limit
            self._noise = noise

    def rest(self) -> None:
        """It is over."""
        self._noise = None  # first of all, for the handler of the signal
        with self._lock:
            pass

    def broken_off(self, noise: Noise) -> Ended:
        """The end of a run that somebody broke off, wherever its threads are."""
        with self._lock:
            if self.ended is None:
                self._end(noise, newcomers(self._before), stuck=False)
            assert self.ended is not None
            return self.ended

    def _interrupted(self, _number: int, _frame: FrameType | None) -> None:
        noise = self._noise
        if noise is not None and noise.stopping:
            raise Stop

    def _watch(self) -> None:
        while not self._over.wait(TICK):
            with self._lock:
                noise = self._noise
                if noise is not None and noise.stopping:
                    self._ask(self._asked + _ASK_AGAIN)
                elif noise is not None:
                    self._look(noise)

    def _look(self, noise: Noise) -> None:
        elapsed = time.monotonic() - self._begin
        others = [thread for thread in newcomers(self._before) if thread is not self._root and not is_idle(thread)]
        threads = [self._root, *others]
        still = self._still(threads)
        if elapsed > self._early and self._for_good(noise, still, threads):
            self._end(noise, threads, stuck=True)
            self._ask(0.0)
        elif elapsed > self._limit:
            enough = min(_STUCK, _STUCK_SHARE * self._limit)
            essential = [t for t in threads if t is self._root or id(t) in noise.awaited]
            self._end(noise, threads, stuck=all(still[id(thread)] > enough for thread in essential))
            self._ask(0.0)

    @staticmethod
    def _for_good(noise: Noise, still: dict[int, float], threads: Sequence[threading.Thread]) -> bool:
        """Whether no thread will move any more."""
        waiting = all(still[id(thread)] > _FOR_GOOD and _waits_for_good(noise, thread) for thread in threads)
        return waiting and not _strangers(threads)

    def _still(self, threads: Sequence[threading.Thread]) -> dict[int, float]:
        """For how many seconds each of ``threads`` has been asleep in the same place."""
        frames = sys._current_frames()
        now = time.monotonic()
        for thread in threads:
            state = (_place(frames.get(thread.ident or 0)), is_asleep(thread.native_id))
            before = self._since.get(id(thread))
            if before is None or before[0] != state or not state[1]:
                self._since[id(thread)] = state, now
        return {id(thread): now - self._since[id(thread)][1] for thread in threads}

    def _end(self, noise: Noise, threads: Sequence[threading.Thread], *, stuck: bool) -> None:
        frames = sys._current_frames()
        lines: list[str] = []
        for thread in threads:
            lines += [f"thread {thread.name!r}:", *(f"  {line}" for line in _stack(frames.get(thread.ident or 0)))]
        near = [found for thread in threads if (found := _waited_for(noise, thread)) is not None]
        rest = tuple(thread for thread in threads if thread is not self._root)
        self.ended = Ended(stuck=stuck, strangers=_strangers(threads), stacks=tuple(lines), near=tuple(near), threads=rest)
        noise.stopping = True

    def _ask(self, when: float) -> None:
        """Make the root give up, unless it was asked a moment ago."""
        if self.can_interrupt and time.monotonic() > when and _SIGNAL is not None:
            self._asked = time.monotonic()
            signal.pthread_kill(self._root.ident or 0, _SIGNAL)


def _strangers(threads: Sequence[threading.Thread]) -> bool:
    return bool(strangers_to({thread.ident or 0 for thread in threads}))


def _waited_for(noise: Noise, thread: threading.Thread) -> Any:
    """What ``thread`` was seen to wait for."""
    walker = noise.walkers.get(key_of(thread, thread.ident or 0))
    return None if walker is None else walker.near or walker.waits


def _waits_for_good(noise: Noise, thread: threading.Thread) -> bool:
    """Whether ``thread`` waits, without a time-out, for something that it cannot have now."""
    near = _waited_for(noise, thread)
    if isinstance(near, threading.Thread):
        return near.is_alive()
    if isinstance(near, list):  # threads that it started and waits for: they are looked at as well
        return True
    if hasattr(near, "empty"):
        return bool(near.empty())
    if hasattr(near, "locked"):
        return bool(near.locked())
    if hasattr(near, "acquire"):  # an RLock before Python 3.14
        if not near.acquire(blocking=False):
            return True
        near.release()
    return False


def _place(frame: FrameType | None) -> tuple[tuple[int, int], ...]:
    """Where a thread is: its frames, without those in which it goes round while it waits for others of its run."""
    found = []
    while frame is not None:
        found.append((id(frame.f_code), frame.f_lasti))
        if frame.f_code in _WAITING:
            found.clear()
        frame = frame.f_back
    return tuple(found)


def _stack(frame: FrameType | None) -> list[str]:
    """The lines of a stack: what the scenario does, without what runs it and without how this project waits."""
    outer, inner = 0, frame
    while frame is not None:
        if frame.f_code in _WAITING:
            inner = frame.f_back
        if frame.f_code is Runner.run.__code__ or frame.f_code.co_qualname == _ROOT:
            outer = len(stack_lines(frame))
            break
        frame = frame.f_back
    return stack_lines(inner)[outer:]


_WAITING = frozenset({at_once.__code__, drain.__code__})
# What calls the scenario.
_ROOT = "Bench._call_scenario"
