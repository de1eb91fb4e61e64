"""What coverage.py is told to measure (``source``): that is the user's own code, wherever it is installed."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.races.sources import sources

#: Where coverage.py looks for its settings.
_FILES = (".coveragerc", ".coveragerc.toml", "setup.cfg", "tox.ini", "pyproject.toml")
_OPTIONS = ("run:source", "run:source_pkgs", "run:source_dirs")


def places(folder: Path) -> frozenset[str]:
    """The files and folders that are measured by who measures now, or else would be by who starts in ``folder``, which has
    to be the current one. Nothing where no source is named; a name that leads nowhere is coverage.py's to complain of."""
    found: set[str] = set()
    for name in _named(folder):
        with suppress(Misuse):
            found |= sources(name, folder)
    return frozenset(found)


def _named(folder: Path) -> Iterator[str]:
    measuring = "coverage" in sys.modules
    if not measuring and not any(_is_about_coverage(folder / file) for file in _files()):
        return  # to import coverage.py takes longer than many a check
    from coverage import Coverage  # noqa: PLC0415 - as above

    from pytest_gilcheck.reporting.coveragedata import ERRORS  # noqa: PLC0415 - as above

    with warnings.catch_warnings(), suppress(*ERRORS):  # whoever uses it is told by itself
        warnings.simplefilter("ignore")
        coverage = Coverage.current() or Coverage(data_file=None, config_file=True)
        for option in _OPTIONS:
            with suppress(*ERRORS):  # an older version
                value = coverage.get_option(option)
                yield from (str(name) for name in (value if isinstance(value, list) else []))


def _files() -> list[str]:
    return [*_FILES, *filter(None, [os.environ.get("COVERAGE_RCFILE")])]


def _is_about_coverage(file: Path) -> bool:
    try:
        return "source" in (text := file.read_text("utf-8", errors="replace")) and ("coverage" in text or "[run]" in text)
    except OSError:
        return False
