"""Which lines run while a test is run again, and which of them while several of its threads are under way."""

from __future__ import annotations

import os
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from pytest_gilcheck.tracers import TOOL, TOOLS, monitoring

#: Ids of tools, those first that nobody else is meant to have.
_IDS = (4, 3, 5, 2, 1, 0)

_PACKAGE = str(Path(__file__).resolve().parent) + os.sep
_LIBRARY = tuple({os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib")})
_INSTALLED = ("site-packages", "dist-packages")

Lines = dict[str, set[int]]


class Unavailable(Exception):
    """Lines cannot be recorded here; the text says why."""


def countable(file: str) -> bool:
    """Whether anybody may want to know about the lines of ``file``: a file of Python code outside of the standard library
    and of this package. What is installed is somebody's, too; see :func:`own`."""
    return not file.startswith("<") and not os.path.realpath(file).startswith(_PACKAGE) and not _of_the_library(file)


def own(file: str) -> bool:
    """Whether ``file`` is neither installed nor part of Python."""
    return countable(file) and set(Path(file).parts).isdisjoint(_INSTALLED)


def _of_the_library(file: str) -> bool:
    path = os.path.realpath(file)
    rest = next((path[len(folder) :] for folder in _LIBRARY if path.startswith(folder)), None)
    return rest is not None and set(Path(rest).parts).isdisjoint(_INSTALLED)


class Recorder:
    """Records lines of :func:`countable` files: all in ``reached``, in ``together`` those at which ``concurrent`` was true.

    ``mine`` tells whether what the calling thread does counts. While ``brief`` is set a line is looked at once only, whether
    other threads were under way or not: a line that was seen in one alone is then not seen again.
    """

    def __init__(self, *, mine: Callable[[], bool], concurrent: Callable[[], bool]) -> None:
        self.reached: Lines = {}
        self.together: Lines = {}
        self.brief = False
        self._mine = mine
        self._concurrent = concurrent
        self._files: dict[str, bool] = {}

    @contextmanager
    def on(self) -> Iterator[None]:
        """Record what runs inside: with ``sys.monitoring`` in all threads, before Python 3.12 in the calling one, in those
        that it starts with ``threading`` and in those that :meth:`traced` is around. One recorder at a time.

        Raises :class:`Unavailable`.
        """
        with _monitored(self) if monitoring is not None else _all_traced(self):
            now.recorder = self
            try:
                yield
            finally:
                now.recorder = None

    def traced(self) -> _Traced:
        """Around what a thread runs, in that thread, where tracing is up to each thread."""
        return _Traced(self)

    def wants(self, file: str) -> bool:
        """Whether lines of ``file`` are recorded."""
        known = self._files.get(file)
        if known is None:
            known = self._files[file] = countable(file)
        return known

    def note(self, file: str, line: int) -> bool:
        """The calling thread is about to run a line; whether nothing more is to be learnt from it."""
        if not self._mine():
            return False
        self.reached.setdefault(file, set()).add(line)
        if not self._concurrent():
            return self.brief
        self.together.setdefault(file, set()).add(line)
        return True


class _Now:
    """Which recorder is on, if one is."""

    __slots__ = ("recorder",)

    def __init__(self) -> None:
        self.recorder: Recorder | None = None


now = _Now()


@contextmanager
def _monitored(recorder: Recorder) -> Iterator[None]:
    tool = _free_tool()
    events = monitoring.events
    codes: list[CodeType] = []

    def started(code: CodeType, _: int) -> Any:
        if recorder.wants(code.co_filename):
            codes.append(code)
            monitoring.set_local_events(tool, code, events.LINE)
        return monitoring.DISABLE

    def line(code: CodeType, number: int) -> Any:
        return monitoring.DISABLE if recorder.note(code.co_filename, number) else None

    try:
        monitoring.register_callback(tool, events.PY_START, started)
        monitoring.register_callback(tool, events.LINE, line)
        monitoring.set_events(tool, events.PY_START)
        monitoring.restart_events()  # an earlier recorder has switched off much for this id
        yield
    finally:
        monitoring.set_events(tool, events.NO_EVENTS)
        for code in codes:
            monitoring.set_local_events(tool, code, events.NO_EVENTS)
        for event in (events.PY_START, events.LINE):
            monitoring.register_callback(tool, event, None)
        monitoring.free_tool_id(tool)


def _free_tool() -> int:
    for tool in _IDS:
        if monitoring.get_tool(tool) is None:
            monitoring.use_tool_id(tool, TOOL)
            return tool
    taken = ", ".join(sorted({str(monitoring.get_tool(tool)) for tool in TOOLS}))
    raise Unavailable(f"all places that sys.monitoring has for tools are taken ({taken})")


@contextmanager
def _all_traced(recorder: Recorder) -> Iterator[None]:
    traced = recorder.traced()
    before: Any = threading.gettrace()
    threading.settrace(traced.trace)
    try:
        with traced:
            yield
    finally:
        threading.settrace(before)


class _Traced:
    """A trace function in the calling thread, which has none. Not by ``contextlib``, whose code would be seen to run."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def __enter__(self) -> None:
        sys.settrace(self.trace)

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def trace(self, frame: FrameType, event: str, _: object) -> Any:
        """What is called at each call."""
        return self._line if event == "call" and self._recorder.wants(frame.f_code.co_filename) else None

    def _line(self, frame: FrameType, event: str, _: object) -> Any:
        if event == "line":
            self._recorder.note(frame.f_code.co_filename, frame.f_lineno)
        return self._line


def merged(lines: Lines, more: Mapping[str, set[int]]) -> None:
    """Add ``more`` to ``lines``."""
    for file, numbers in more.items():
        lines.setdefault(file, set()).update(numbers)
