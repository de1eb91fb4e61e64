"""What coverage.py measures of the ordinary runs: the user's own measurement if there is one, else one that we start."""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from pytest_gilcheck.covered import Covered
from pytest_gilcheck.lines import countable
from pytest_gilcheck.plugin.roles import ROLE
from pytest_gilcheck.reporting.coveragedata import ERRORS, Source, close

_OWN = pytest.StashKey[Coverage]()
_PROBLEM = pytest.StashKey[str]()

# What the user's configuration may ask for that concerns a run of theirs, not a second measurement beside it.
_NOT_OURS: dict[str, Any] = {"run:patch": [], "run:parallel": False, "run:context": None, "run:dynamic_context": None}

_LIMITS = ("run:source", "run:source_pkgs", "run:source_dirs", "run:include", "run:omit")


def start_early(config: pytest.Config) -> None:
    """Measure from now on, before the code under test is imported, unless somebody else does or is about to."""
    arguments = config.known_args_namespace
    if ROLE in os.environ or Coverage.current() is not None or getattr(arguments, "cov_source", None):
        return
    try:
        own = Coverage(data_file=None, config_file=True)
        for name, value in _NOT_OURS.items():
            with suppress(*ERRORS):  # older versions do not know all of them
                own.set_option(name, value)
        own.start()
    except Exception as error:  # noqa: BLE001 - a configuration that it cannot read, or no place in sys.monitoring: it is said
        said = str(error).partition("\n")[0]
        config.stash[_PROBLEM] = f"coverage.py cannot measure the ordinary runs: {type(error).__name__}: {said}"
    else:
        config.stash[_OWN] = own
        config.add_cleanup(lambda: _end(own))


def _end(own: Coverage) -> None:
    """Stop it, unless somebody has started another measurement since, which has to be stopped first."""
    if Coverage.current() is own:
        own.stop()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        close(own.get_data())


class Plain:
    """The measurement of the ordinary runs in this process."""

    def __init__(self, config: pytest.Config) -> None:
        self._own = config.stash.get(_OWN, None)
        problem = config.stash.get(_PROBLEM, None)
        self.notes = [] if problem is None else [problem]
        self._coverage = self._own
        self._folder = Path.cwd()

    def begins(self) -> None:
        """The tests are about to run: who measures has begun to."""
        current = Coverage.current()
        if current is not None:
            self._coverage = current

    def gather(self, covered: Covered) -> None:
        """Add to ``covered`` what was measured so far; the user's measurement goes on."""
        if self._coverage is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what it has to warn of it says when it ends
            data = self._coverage.get_data()
            for name in data.measured_files():
                file = str(self._folder / name)  # an absolute name stays as it is
                if countable(file):
                    covered.plain.setdefault(file, set()).update(data.lines(name) or ())
                    if data.has_arcs():
                        covered.arcs.setdefault(file, set()).update(data.arcs(name) or ())

    def source(self) -> Source:
        """How coverage.py is set up here."""
        ours = self._coverage is None or self._coverage is self._own
        coverage = self._coverage or _read()
        # Ours has no file of data, and is to be beside the one that coverage.py would write.
        config_file = getattr(getattr(coverage, "config", None), "config_file", None) or False
        return Source(
            config_file=config_file,
            data_file=str(self._folder / str(_option(_read() if ours else coverage, "run:data_file"))),
            # Not as it is in use: pytest-cov has it so for files that it combines itself.
            parallel=bool(_option(_read(config_file), "run:parallel")),
            branch=bool(_option(coverage, "run:branch")),
            relative=bool(_option(coverage, "run:relative_files")),
            folder=str(self._folder),
            limited=any(_option(coverage, name) for name in _LIMITS),
            with_plain=ours,
        )


def _read(config_file: str | bool = True) -> Coverage:
    """As coverage.py would be set up; where that cannot be read, which was said when we began, as it is by default."""
    try:
        return Coverage(config_file=config_file)
    except ERRORS:
        return Coverage(config_file=False)


def _option(coverage: Coverage, name: str) -> Any:
    try:
        return coverage.get_option(name)
    except ERRORS:  # a version that does not know it
        return None
