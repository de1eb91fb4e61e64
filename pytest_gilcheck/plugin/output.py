"""Keep what reruns write apart from what a test's ordinary run wrote."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from pytest_gilcheck.plugin import compat
from pytest_gilcheck.plugin.tail import Tail

# So much of the end of what the reruns wrote is shown when one of them failed.
_SHOWN_CHARACTERS = 4000


class Output:
    """What was written in the reruns of one test, by the name of the stream."""

    def __init__(self) -> None:
        self.streams: dict[str, str] = {}

    def add(self, name: str, text: str) -> None:
        """Note what was written to the stream ``name``, after what was noted before."""
        if text:
            self.streams[name] = self.streams.get(name, "") + text

    def show(self, item: pytest.Item) -> None:
        """Add the end of it to the report of ``item``."""
        for name, text in self.streams.items():
            shown = text[-_SHOWN_CHARACTERS:]
            cut = "" if len(shown) == len(text) else f"(the last {len(shown)} of {len(text)} characters)\n"
            item.add_report_section("call", f"{name} of the reruns", f"{cut}{shown}" if shown else "")


@contextmanager
def apart(item: pytest.Item) -> Iterator[Output]:
    """What is written inside goes to the yielded object, not into the report of ``item`` (with ``-s``: to the terminal)."""
    output = Output()
    capture = item.config.pluginmanager.getplugin("capturemanager")
    if capture is not None and not capture.is_globally_capturing():
        capture = None
    if capture is not None:
        ordinary = capture.read_global_capture()
        item.add_report_section("call", "stdout", ordinary.out)
        item.add_report_section("call", "stderr", ordinary.err)
    log = _log(item)
    position = log.tell() if log is not None else 0
    try:
        yield output
    finally:
        if capture is not None:
            for name, text in zip(("stdout", "stderr"), capture.read_global_capture(), strict=True):
                output.add(name, text)
        if log is not None:
            output.add("log", log.getvalue()[position:])
            log.seek(position)
            log.truncate()


@contextmanager
def bounded(item: pytest.Item, output: Output) -> Iterator[None]:
    """Of what is written inside, only the end is kept, for ``output``: a search may run a test that prints a thousand times.

    The streams are replaced before the first execution begins, since tests may race on which they are.
    """
    before = sys.stdout, sys.stderr
    tails = {
        "stdout": Tail(before[0], _SHOWN_CHARACTERS),
        "stderr": Tail(before[1], _SHOWN_CHARACTERS),
        "log": Tail(before[1], _SHOWN_CHARACTERS),
    }
    sys.stdout, sys.stderr = tails["stdout"], tails["stderr"]
    try:
        with _logging_to(item, tails["log"]):
            yield
    finally:
        sys.stdout, sys.stderr = before
        for name, tail in tails.items():
            output.add(name, tail.text())


@contextmanager
def logs_apart(item: pytest.Item) -> Iterator[Tail]:
    """Log records of a replay take the way that they took in the search: other handlers would be other code that runs."""
    tail = Tail(sys.stderr, _SHOWN_CHARACTERS)
    try:
        with _logging_to(item, tail):
            yield tail
    finally:
        item.add_report_section("call", "log", tail.text())


def _logging_to(item: pytest.Item, tail: Tail) -> AbstractContextManager[None]:
    return compat.log_handlers_replaced(item, _TailHandler(tail))


class _TailHandler(logging.Handler):
    """Takes the place of pytest's own. It has no lock: one that all threads share would order what they do."""

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self._tail = tail

    def createLock(self) -> None:  # noqa: N802 - logging's name
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        self._tail.write(f"{self.format(record)}\n")


def _log(item: pytest.Item) -> Any:
    """The stream of the log records of the current phase, which pytest's logging plugin reports when the phase ends."""
    plugin = item.config.pluginmanager.getplugin("logging-plugin")
    return None if plugin is None else plugin.report_handler.stream
