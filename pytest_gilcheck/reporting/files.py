"""Write a report so that a reader finds the old file or the new one, never half of one."""

from __future__ import annotations

import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pytest_gilcheck.errors import Misuse


def check_writable(path: Path) -> None:
    """Raise :class:`Misuse` with the reason when ``path`` cannot be written; creates missing folders only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_folder = _is_folder(path)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
        os.close(handle)
        Path(name).unlink()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Misuse(f"cannot write {str(path)!r}: {reason}; give a path in a folder that can be written") from error
    if is_folder:
        raise Misuse(f"{str(path)!r} is a folder; give the path of a file")


def _is_folder(path: Path) -> bool:
    """As ``Path.is_dir``, which from Python 3.14 on hides that a name is one that no file can have."""
    try:
        return stat.S_ISDIR(path.stat().st_mode)
    except FileNotFoundError:
        return False


def write_atomically(path: Path, text: str) -> None:
    """Write ``text`` beside ``path`` and move it there in one step; the permissions are those of a new file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_new_file_mode(path))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Around reading ``path`` and writing what follows from that: nobody else who asks the same is inside meanwhile.

    A lock on the folder, which leaves no file behind and goes with its process. On Windows, in a folder that may not be
    listed, and on file systems without such locks, it does nothing.
    """
    with ExitStack() as stack:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - does not exist everywhere

            with suppress(OSError):
                folder = os.open(path.parent, os.O_RDONLY)
                stack.callback(os.close, folder)
                fcntl.flock(folder, fcntl.LOCK_EX)
        yield


def _new_file_mode(path: Path) -> int:
    """That of the file which is replaced, else what the umask leaves of 0o666."""
    try:
        return path.stat().st_mode & 0o7777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
