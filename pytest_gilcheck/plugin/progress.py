"""Lines under ``-v`` on a terminal while a check takes long."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from pytest_gilcheck.plugin import compat

#: A check that is expected to be over sooner than this is not announced.
LONG_SECONDS = 1.0


class RaceProgress:
    """An observer of searches that says every so often how far a long one is; ``beside`` is told, too."""

    def __init__(self, config: pytest.Config, item: pytest.Item, beside: Callable[[int], None] | None = None) -> None:
        self._beside = beside
        self._announce = Progress(config, item)
        self._next = time.monotonic() + LONG_SECONDS

    def __call__(self, schedules: int) -> None:
        """Say that ``schedules`` have run, once a second has passed since the last time."""
        if self._beside is not None:
            self._beside(schedules)
        if time.monotonic() >= self._next:
            self._announce.say(f"race {schedules:,} schedules")
            self._next = time.monotonic() + LONG_SECONDS


class Progress:
    """An observer of measurements that announces the first step of a long one."""

    def __init__(self, config: pytest.Config, item: pytest.Item) -> None:
        self._config = config
        self._item = item
        terminal = config.pluginmanager.getplugin("terminalreporter")
        shown = terminal is not None and config.get_verbosity() >= 1 and terminal.isatty
        self._terminal = terminal if shown else None

    def begins(self, what: str, seconds: float) -> None:
        """Say once that the measurement goes on for about ``seconds``."""
        if self._terminal is None or seconds < LONG_SECONDS:
            return
        self.say(f"{what}, about {seconds:.0f} s")
        self._terminal = None

    def say(self, what: str) -> None:
        """Write one line about the test, if this is a terminal."""
        if self._terminal is None:
            return
        with compat.uncaptured(self._config):
            self._terminal.ensure_newline()
            self._terminal.write_line(f"gilcheck: {self._item.name}: {what}")
