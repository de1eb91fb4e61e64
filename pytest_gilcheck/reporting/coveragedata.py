"""Coverage of concurrency by means of coverage.py: counted by file, and written as a data file with contexts."""

from __future__ import annotations

import os
import secrets
import socket
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coverage import Coverage, CoverageData, CoverageException
from coverage.exceptions import ConfigError

from pytest_gilcheck.covered import MODES, Covered
from pytest_gilcheck.lines import Lines, merged, own

#: What the name of our data file begins with, before that of the user's. No name that ``coverage combine`` looks for by
#: itself: ``coverage report`` and pytest-cov combine what they find, too, and figures of ordinary runs would have lines of
#: reruns in them, even of yesterday's.
PREFIX = ".gilcheck"

#: What coverage.py raises; in older versions the second is none of the first.
ERRORS = (CoverageException, ConfigError)

#: The contexts of the lines that reruns reached are these words with the mode.
CONTEXT = "gilcheck:{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """How coverage.py was set up where the ordinary runs were measured.

    ``config_file`` is what it read, ``False``: nothing; ``data_file`` where it writes (an absolute path). ``parallel``: each
    run adds a file. ``branch``: it measures branches. ``relative``: files are named as seen from ``folder``. ``limited``:
    the user has said which files count. ``with_plain``: nobody but us keeps what was measured of the ordinary runs.
    """

    config_file: str | bool
    data_file: str
    parallel: bool
    branch: bool
    relative: bool
    folder: str
    limited: bool
    with_plain: bool


def counted(covered: Covered, source: Source, root: Path) -> dict[str, Any]:
    """By file, seen from ``root`` where it is below it: how many ``lines`` can run, were ``reached`` by the tests, in
    ordinary runs or reruns, and were reached by reruns under two or more ``threads``; how many shared ``accesses`` race
    checks saw, and how many of them ran in ``both_orders``."""
    files = _files(covered, source)
    reached: Lines = {}
    for lines in (covered.plain, *covered.reruns.values()):
        merged(reached, lines)
    found = _executed(files, reached, source)
    together = _executed([file for file in files if file in covered.together], covered.together, source)
    counts = {}
    for file in sorted(found):
        statements, ran = found[file]
        accesses = covered.accesses.get(file, {})
        counts[_name(file, root)] = {
            "lines": len(statements),
            "reached": len(ran),
            "threads": len(together[file][1]) if file in together else 0,
            "accesses": len(accesses),
            "both_orders": sum(accesses.values()),
        }
    return {"files": counts}


def write(covered: Covered, source: Source) -> Path | None:
    """Write the data file, in one step; its path, or ``None`` if there is nothing to write. Raises ``OSError``."""
    files = set(_files(covered, source))
    contexts = {CONTEXT.format(mode): _only(covered.reruns[mode], files) for mode in MODES}
    if source.with_plain:
        contexts = {"": _only(covered.plain, files), **contexts}
    path = _path(source)
    if not any(contexts.values()):
        path.unlink(missing_ok=True)  # what an earlier run left
        return None
    temporary = path.with_name(f"{PREFIX}-{secrets.token_hex(8)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            data = CoverageData(basename=str(temporary))
            try:
                for context, lines in contexts.items():
                    _add(data, context, lines, covered, source)
            finally:
                close(data)
        temporary.replace(path)
    except ERRORS as error:
        raise OSError(str(error)) from error
    finally:
        for left in (temporary, temporary.with_name(f"{temporary.name}-journal")):
            left.unlink(missing_ok=True)
    return path


def close(data: CoverageData) -> None:
    """Close a data file for good. Older versions do that after each use."""
    closing = getattr(data, "close", None)
    if closing is not None:
        closing(force=True)


def _add(data: CoverageData, context: str, lines: Lines, covered: Covered, source: Source) -> None:
    data.set_context(context)
    named = {_data_name(file, source): (file, numbers) for file, numbers in lines.items()}
    if not source.branch:
        data.add_lines({name: numbers for name, (_, numbers) in named.items()})
    elif not context:
        data.add_arcs({name: covered.arcs.get(file, set()) for name, (file, _) in named.items()})
    else:
        # Lines are all that is known of reruns; coverage.py takes a step from a line to itself for a line and no branch.
        data.add_arcs({name: {(number, number) for number in numbers} for name, (_, numbers) in named.items()})


def _path(source: Source) -> Path:
    theirs = Path(source.data_file)
    name = f"{PREFIX}.{theirs.name.removeprefix('.')}"
    each = f".{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}" if source.parallel else ""
    return theirs.with_name(name + each)


def _files(covered: Covered, source: Source) -> list[str]:
    """The files that coverage.py counts; where the user has not said which, also those that only reruns use."""
    files = set(covered.plain)
    if not source.limited:
        files |= {file for lines in covered.reruns.values() for file in lines if own(file) and Path(file).is_file()}
    return sorted(files)


def _executed(files: Iterable[str], lines: Mapping[str, set[int]], source: Source) -> dict[str, tuple[set[int], set[int]]]:
    """By file: the lines that can run, and those of them that ``lines`` says have. A statement of many lines is one."""
    found = {}
    coverage = Coverage(data_file=None, config_file=source.config_file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(*ERRORS):
            coverage.set_option("run:branch", False)
        data = coverage.get_data()
        try:
            data.add_lines({_data_name(file, source): lines.get(file, set()) for file in files})
            for file in files:
                with suppress(*ERRORS):  # its source is gone, or is none
                    _, statements, _, missing, _ = coverage.analysis2(file)
                    found[file] = set(statements), set(statements) - set(missing)
        finally:
            close(data)
    return found


def _only(lines: Lines, files: set[str]) -> Lines:
    return {file: numbers for file, numbers in lines.items() if file in files and numbers}


def _data_name(file: str, source: Source) -> str:
    folder = source.folder.rstrip(os.sep) + os.sep
    return file.removeprefix(folder) if source.relative else file


def _name(file: str, root: Path) -> str:
    path = Path(file)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else file
