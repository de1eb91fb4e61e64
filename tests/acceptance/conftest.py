"""The fixture ``suite``: a folder for a generated suite, with temporary files and processes that can be told apart."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from acceptance.suite import MARK, Suite


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    # Not below tmp_path: the path of a socket has to be short.
    temporary = Path(tempfile.mkdtemp(prefix="gc-"))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setenv(MARK, temporary.name)
    # A run that is tested shall not annotate the run of the tests.
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    yield Suite(pytester, temporary)
    shutil.rmtree(temporary, ignore_errors=True)
