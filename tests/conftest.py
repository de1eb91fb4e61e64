"""For every test: no trace of the pytest that runs them in the environment of what they start."""

from __future__ import annotations

import compileall
import os
import sys
from pathlib import Path

import pytest

import pytest_gilcheck


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
