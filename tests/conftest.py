"""For every test: no trace of the pytest that runs them in the environment of what they start."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("PYTEST_XDIST_", "PYTEST_GILCHECK_")) or name in {"PYTEST_ADDOPTS", "PYTEST_PLUGINS", "COLUMNS"}:
            monkeypatch.delenv(name)
    # A test file that is written twice within a second, with the same length, would be taken from the cache the second time.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
