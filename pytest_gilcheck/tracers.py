"""Tracers aside: while the checks run a test again, no coverage tool, profiler or debugger of the ordinary run sees it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Self

#: The name under which we are known to ``sys.monitoring``.
TOOL = "pytest-gilcheck"

#: ``sys.monitoring``; ``None`` before Python 3.12.
monitoring: Any = getattr(sys, "monitoring", None)

#: How many tools ``sys.monitoring`` has room for.
TOOLS = range(6)

#: With one of these in its environment a process that the test starts is measured as a part of the run: that of coverage.py
#: (``patch = subprocess``, and by hand), and that of old versions of pytest-cov.
MEASURED_BY = ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START", "COV_CORE_DATAFILE")


class aside:  # noqa: N801 - used like a function: with aside():
    """Around executions that are no part of the ordinary run: no tracer, profiler or monitor of others sees them.

    To be used with ``with`` in the thread that starts them. A line that only a rerun reaches would count as reached by the
    test otherwise. It may be used inside of itself.
    """

    def __init__(self, *, tracers: bool = True) -> None:
        self._tracers = tracers  # that are put aside
        self._undo = ExitStack()
        self._tracing: tuple[Any, Any] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._prepare(undo)
            if self._tracers:
                undo.callback(_hooks_aside())
                undo.callback(put_profile_aside())
                undo.callback(_monitors_aside())
            self._undo = undo.pop_all()
        if self._tracers:
            # Last, and in this very frame: see __exit__.
            frame = sys._getframe()
            self._tracing = (sys.gettrace(), frame.f_trace)
            sys.settrace(None)
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()
        if self._tracing is not None:
            # Tracers count calls and returns. The last that this one saw was the call of __enter__, so the return from
            # here has to be the next, as if it had been on all the time. One that is written in C takes over at a call only.
            tracer, sys._getframe().f_trace = self._tracing
            self._tracing = None
            sys.settrace(tracer)
            if tracer is not None:
                _call()

    def _prepare(self, undo: ExitStack) -> None:
        """What else is to be done first, and undone last."""


class unmeasured:  # noqa: N801 - used like a function
    """Inside, processes that are started do not count as part of the run either."""

    def __enter__(self) -> Self:
        self._before = {name: text for name in MEASURED_BY if (text := os.environ.pop(name, None)) is not None}
        return self

    def __exit__(self, *_: object) -> None:
        os.environ.update(self._before)


def put_profile_aside() -> Callable[[], object]:
    """Switch off the calling thread's profile function; returns what switches it on again."""
    before: Any = sys.getprofile()
    if before is None:
        return lambda: None
    if not callable(before) and hasattr(before, "enable"):  # the standard library's, which is in C
        before.disable()
        resume: Callable[[], object] = before.enable
        return resume
    sys.setprofile(None)
    return lambda: sys.setprofile(before)


def callbacks_of(tool: int) -> list[tuple[int, int, Any]]:
    """The callbacks of a tool of others, each with the tool and the event. They are taken away."""
    if monitoring.get_tool(tool) in {None, TOOL}:
        return []
    taken = []
    for event in _events():
        callback = monitoring.register_callback(tool, event, None)
        if callback is not None:
            taken.append((tool, event, callback))
    return taken


def _call() -> None:
    """Something to call."""


def _hooks_aside() -> Callable[[], None]:
    """Take away what ``threading`` gives to new threads; returns what puts it back."""
    tracer, profiler = threading.gettrace(), threading.getprofile()
    threading.settrace(None)
    threading.setprofile(None)

    def resume() -> None:
        threading.settrace(tracer)
        threading.setprofile(profiler)

    return resume


def _monitors_aside() -> Callable[[], None]:
    """Take the callbacks of other tools away; returns what puts them back.

    Their events stay switched on, so that nothing is disabled for good that happens meanwhile.
    """
    taken = [] if monitoring is None else [taken for tool in TOOLS for taken in callbacks_of(tool)]

    def resume() -> None:
        for tool, event, callback in taken:
            if monitoring.get_tool(tool) is not None:
                monitoring.register_callback(tool, event, callback)

    return resume


def _events() -> list[int]:
    """All events, one bit each; from 3.14 on the one that stands for two others comes last and has nothing of its own."""
    values = {value for name, value in vars(monitoring.events).items() if name.isupper()}
    return sorted(value for value in values if value and value & (value - 1) == 0)
