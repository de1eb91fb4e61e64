"""Keep what reruns write apart from what a test's ordinary run wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

# So much of the end of what the reruns wrote is shown when one of them failed.
_SHOWN_CHARACTERS = 4000


class Output:
    """What was written in the reruns of one test, by the name of the stream."""

    def __init__(self) -> None:
        self.streams: dict[str, str] = {}

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
            output.streams["stdout"], output.streams["stderr"] = capture.read_global_capture()
        if log is not None:
            output.streams["log"] = log.getvalue()[position:]
            log.seek(position)
            log.truncate()


def _log(item: pytest.Item) -> Any:
    """The stream of the log records of the current phase, which pytest's logging plugin reports when the phase ends."""
    plugin = item.config.pluginmanager.getplugin("logging-plugin")
    return None if plugin is None else plugin.report_handler.stream
