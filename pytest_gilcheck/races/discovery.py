"""Discovery: notices code when it starts to run in a controlled thread, so that only what runs is rewritten."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import CodeType
from typing import Protocol, Self

from pytest_gilcheck.races import covering
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.watchers import Monitor, Nothing, Profiler

#: Executions in a row without new code after which nobody looks, where looking has a price.
QUIET_EXECUTIONS = 5

#: After those, so many executions apart somebody looks all the same: an interleaving may lead to code that never ran before.
LOOK_AGAIN = 25

#: Code that runs as it was after it was reported so often is not reported again: it could not be swapped.
_REPORTS = 2


class Watcher(Protocol):
    """A way to be told which code starts."""

    #: Whether it may stay on at no cost.
    free: bool

    def start(self, notice: Callable[[CodeType], bool], *, afresh: bool) -> None:
        """Tell ``notice``, which returns whether it need not be told about that code again; ``afresh``: all the same."""

    def stop(self) -> None:
        """Leave nothing behind."""

    def thread(self) -> AbstractContextManager[None]:
        """Around what one thread runs."""

    def newcomers(self) -> AbstractContextManager[None]:
        """Around what starts threads that do not enter :meth:`thread` themselves."""


class Discovery:
    """Reports code in scope that runs in controlled threads.

    ``found`` is called with code that starts as it was written, at most once an execution; what still does so in a later
    execution is reported once more. ``original`` maps code that was rewritten to what it was made from, other code to
    itself. ``is_controlled`` tells whether the calling thread's doings count. ``ran``: the originals of all code in scope
    that ran in the last execution that was watched with ``collect``.

    As a context it keeps the interpreter's events switched on between executions, which makes them cheaper.
    """

    def __init__(
        self,
        scope: Scope,
        found: Callable[[CodeType], object],
        *,
        is_controlled: Callable[[], bool],
        original: Callable[[CodeType], CodeType],
        quiet_executions: int = QUIET_EXECUTIONS,
    ) -> None:
        self.ran: set[CodeType] = set()
        self._scope = scope
        self._found = found
        self._is_controlled = is_controlled
        self._original = original
        self._quiet_executions = quiet_executions
        self._watcher: Watcher | None = None
        self._on = False
        self._collect = False
        self._quiet = 0
        self._new = 0
        self._reported: dict[int, tuple[weakref.ref[CodeType], int]] = {}
        self._now: set[int] = set()

    def __enter__(self) -> Self:
        self._reported.clear()
        self._quiet = 0
        self._watcher = self._open()
        return self

    def __exit__(self, *_: object) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.stop()

    def watching(self, *, collect: bool = False) -> AbstractContextManager[None]:
        """Around one execution. ``collect`` fills :attr:`ran`; it makes this and the next execution slower."""
        return _Execution(self, collect)

    @property
    def threads_apart(self) -> bool:
        """Whether each thread has to be watched by itself."""
        return self._watcher is None or not self._watcher.free

    def thread(self) -> AbstractContextManager[None]:
        """Around all that a controlled thread runs, in that thread; the one that opened :meth:`watching` needs none."""
        watching = self._watcher.thread() if self._watcher is not None and self._on else Nothing()
        return watching if self._watcher is None or self._watcher.free else covering.thread(watching, always=self._collect)

    def newcomers(self) -> AbstractContextManager[None]:
        """Inside of :meth:`watching`, around what starts threads that nobody controls: they are watched as well."""
        return self._watcher.newcomers() if self._watcher is not None and self._on else Nothing()

    def _begin(self, collect: bool) -> AbstractContextManager[None]:
        watcher = self._watcher
        assert watcher is not None
        self._on = collect or watcher.free or self._is_due()
        self._collect = collect
        self._new = 0
        self._now.clear()
        if collect:
            self.ran = set()
            watcher.start(self._notice, afresh=True)
        return self.thread()

    def _end(self) -> None:
        self._on = self._collect = False
        self._quiet = 0 if self._new else self._quiet + 1

    def _is_due(self) -> bool:
        return self._quiet < self._quiet_executions or (self._quiet - self._quiet_executions) % LOOK_AGAIN == LOOK_AGAIN - 1

    def _open(self) -> Watcher:
        watcher: Watcher = Monitor.available() or Profiler()
        watcher.start(self._notice, afresh=_last_scope(self._scope))
        return watcher

    def _notice(self, code: CodeType) -> bool:
        """Note that this code starts; whether that need not be said again until told otherwise."""
        if id(code) in self._now:
            return False
        if not self._scope.wants(code):
            return True
        if not self._on or not self._is_controlled():
            return False
        original = self._original(code)
        if self._collect:
            self.ran.add(original)
        if original is not code:
            return True
        self._now.add(id(code))
        self._report(code)
        return False

    def _report(self, code: CodeType) -> None:
        times = self._times(code)
        if times >= _REPORTS:
            return
        key = id(code)
        # Only a weak reference: an execution may compile code anew, which goes with it.
        self._reported[key] = (weakref.ref(code, lambda _: self._forget(key)), times + 1)
        if times == 0:
            self._new += 1
        self._found(code)

    def _times(self, code: CodeType) -> int:
        reference, times = self._reported.get(id(code), (None, 0))
        return times if reference is not None and reference() is code else 0

    def _forget(self, key: int) -> None:
        reference, _ = self._reported.get(key, (None, 0))
        if reference is not None and reference() is None:
            del self._reported[key]


class _Execution:
    """What :meth:`Discovery.watching` returns. No generator of contextlib, whose code would be seen to run."""

    def __init__(self, discovery: Discovery, collect: bool) -> None:
        self._discovery = discovery
        self._collect = collect
        self._opened = False

    def __enter__(self) -> None:
        self._opened = self._discovery._watcher is None
        if self._opened:
            self._discovery.__enter__()
        self._thread = self._discovery._begin(self._collect)
        self._thread.__enter__()

    def __exit__(self, *_: object) -> None:
        self._thread.__exit__(None, None, None)
        self._discovery._end()
        if self._opened:
            self._discovery.__exit__()


_scopes: list[Scope] = []


def _last_scope(scope: Scope) -> bool:
    """Whether another scope was asked about code last; what was out of that one was switched off for good."""
    changed = bool(_scopes) and _scopes[0] != scope
    _scopes[:] = [scope]
    return changed
