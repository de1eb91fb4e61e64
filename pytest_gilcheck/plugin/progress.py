"""One line under ``-v`` on a terminal while a check takes long."""

from __future__ import annotations

import pytest

from pytest_gilcheck.plugin import compat

#: A check that is expected to be over sooner than this is not announced.
LONG_SECONDS = 1.0


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
        with compat.uncaptured(self._config):
            self._terminal.ensure_newline()
            self._terminal.write_line(f"gilcheck: {self._item.name}: {what}, about {seconds:.0f} s")
        self._terminal = None
