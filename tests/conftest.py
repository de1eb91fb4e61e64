"""For every test: no trace of the pytest that runs them in the environment of what they start; its turn beside others."""

from __future__ import annotations

import compileall
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from turns import Turns

import pytest_gilcheck


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> object:
    """Hand out whole files, so that a fixture of a module is made once; in their order, so that the small ones come last."""
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    config.option.loadscopereorder = False
    return LoadFileScheduling(config, log)


def pytest_configure(config: pytest.Config) -> None:
    """Have the tests of an xdist worker take turns with those of the others."""
    config.addinivalue_line("markers", "whole_machine: no other test runs at the same time (what is measured depends on it)")
    if os.environ.get("PYTEST_XDIST_WORKER"):
        turns = Turns(config.rootpath / "pyproject.toml", config.rootpath / "tox.ini")
        config.add_cleanup(turns.close)
        config.pluginmanager.register(TakingTurns(turns))


class TakingTurns:
    """Lets the tests that are marked ``whole_machine`` have it."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
        """Wait for the turn of ``item``. Of those that need the whole machine, one after another has it."""
        alone = _needs_all(item)
        self._turns.take(alone=alone)
        try:
            return (yield)
        finally:
            if not (alone and nextitem is not None and _needs_all(nextitem)):
                self._turns.give_back()


def _needs_all(item: pytest.Item) -> bool:
    return item.get_closest_marker("whole_machine") is not None


@pytest.fixture(scope="session", autouse=True)
def _compiled() -> None:
    # The many processes that tests start write no byte code; without any on disk each would compile the package first.
    if not sys.dont_write_bytecode:
        compileall.compile_dir(Path(pytest_gilcheck.__file__).parent, quiet=2)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("PYTEST_XDIST_", "PYTEST_GILCHECK_")) or name in {"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "COLUMNS"}:
            monkeypatch.delenv(name)
    # A test file that is written twice within a second, with the same length, would be taken from the cache the second time.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
