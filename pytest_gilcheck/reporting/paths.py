"""The paths that a report has, as one file of the repository or one outside of it.

The id of a test begins with a path seen from pytest's root folder; places in a record are seen from the folder that pytest
was started in, or are absolute. Both folders, and that of the repository, are facts of a report's ``session``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from pytest_gilcheck.reporting.report import Report

#: What version control leaves in the root folder of a repository.
_MARKS = (".git", ".hg", ".jj", ".svn")


def repository(folder: Path) -> Path | None:
    """The nearest folder at or above ``folder`` that is the root of a repository."""
    return next((each for each in (folder, *folder.parents) if any((each / mark).exists() for mark in _MARKS)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """``folder`` is where pytest was started, ``root`` its root folder, ``base`` what paths are given relative to; all
    absolute."""

    folder: str
    root: str
    base: str

    @classmethod
    def of(cls, report: Report, base: str | None = None) -> Paths:
        """Those of a report; without another ``base`` that is the repository, and without one the root folder."""
        here = os.getcwd()  # noqa: PTH109 - a string, as the others
        folder, root, repository = (_known(report.session.get(name)) for name in ("folder", "root", "repository"))
        root = root or here
        return cls(folder=folder or here, root=root, base=base or repository or root)

    def of_test(self, test: str) -> str | None:
        """The absolute path of the file that the id ``test`` begins with."""
        return _joined(self.root, test.partition("::")[0])

    def of_place(self, file: str) -> str | None:
        """The absolute path of a file as a record has it; ``None`` for code that is from no file."""
        return None if not file or file.startswith("<") else _joined(self.folder, file)

    def relative(self, path: str) -> str | None:
        """``path`` seen from the base, with slashes; ``None`` where it is outside."""
        try:
            seen = os.path.relpath(path, self.base)
        except ValueError:  # on another drive
            return None
        seen = seen.replace(os.sep, "/")
        return None if seen == ".." or seen.startswith("../") else seen


def uri(path: str) -> str:
    """A relative path with slashes as a reference that a URI can hold, an absolute one as a ``file`` URI.

    Bytes of a name that are no text stay what they are; a lone surrogate, which no name can have, becomes ``?``.
    """
    try:
        content = os.fsencode(path)
    except UnicodeEncodeError:
        content = path.encode("utf-8", "replace")
    if not os.path.isabs(path):  # noqa: PTH117 - a string, as above
        return quote(content)
    quoted = quote(content.replace(b"\\", b"/") if os.sep == "\\" else content)
    return f"file://{quoted}" if quoted.startswith("/") else f"file:///{quoted}"


def _joined(folder: str, path: str) -> str | None:
    if not path or "\0" in path:
        return None
    return os.path.normpath(os.path.join(folder, path))  # noqa: PTH118 - a string, as above


def _known(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
