"""What calls that work on files touch: the files, the working directory for relative paths, the umask, descriptors."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pytest_gilcheck.races.operations.locations import DESCRIPTORS, FILES, UMASK, WORKING_DIRECTORY
from pytest_gilcheck.races.operations.model import ALL, READ_ALL, Access, Operation, Use

#: Mode letters of ``open`` that may create a file or change one.
_CHANGING: Final = frozenset("wax+")
_NO_PATH: Final = frozenset(map(id, (int, bool, type(None))))
_PATHLIB: Final = ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")


def _text_of(path: Any) -> str | None:
    """The path as text, if that can be had without code of the user's."""
    if type(path) is bytes:
        return os.fsdecode(path)
    if any(type(path) is vars(sys.modules.get("pathlib", os)).get(name, os) for name in _PATHLIB):
        return str(path)
    return path if type(path) is str else None


def _of_path(path: Any, write: bool) -> list[Access]:
    if id(type(path)) in _NO_PATH:
        return _of_descriptor(path) if type(path) is int else []
    text = _text_of(path)
    if text is None:
        return [(FILES, None, write), WORKING_DIRECTORY.access(False)]
    try:
        whole = os.path.abspath(text)  # noqa: PTH100 - without a stat
    except (OSError, ValueError):  # the working directory was removed
        return [(FILES, None, write), WORKING_DIRECTORY.access(False)]
    found: list[Access] = [(FILES, (whole,), write), (FILES, (os.path.dirname(whole),), False)]  # noqa: PTH120
    return found if text.startswith(("/", os.sep)) else [*found, WORKING_DIRECTORY.access(False)]


def _of_descriptor(number: object) -> list[Access]:
    return [(DESCRIPTORS, (number,), True)] if type(number) is int else [(DESCRIPTORS, None, True)]


@dataclass(frozen=True, slots=True)
class Paths:
    """The arguments that are paths, by number and by name, and what happens to the files that they name."""

    read: tuple[tuple[int, str], ...] = ()
    written: tuple[tuple[int, str], ...] = ()
    creates: bool = False  # with the permissions that the umask leaves
    lists: bool = False  # reads the entries of a folder

    def __call__(self, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
        """The accesses of a call with these arguments."""
        found: list[Access] = []
        for write, places in ((True, self.written), (False, self.read)):
            for position, name in places:
                path = arguments[position] if position < len(arguments) else keywords.get(name, "." if self.lists else None)
                path = "." if path is None and self.lists else path
                found += _of_path(path, write)
        if self.lists:
            found.append((FILES, None, False))
        return [*found, UMASK.access(False)] if self.creates else found


def _opened(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
    file = arguments[0] if arguments else keywords.get("file")
    mode = arguments[1] if len(arguments) > 1 else keywords.get("mode", "r")
    write = type(mode) is not str or not _CHANGING.isdisjoint(mode)
    found = _of_path(file, write)
    return [*found, UMASK.access(False)] if write else found


def _opened_low(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
    path = arguments[0] if arguments else keywords.get("path")
    flags = arguments[1] if len(arguments) > 1 else keywords.get("flags", os.O_RDWR)
    write = type(flags) is not int or bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))
    found = _of_path(path, write)
    return [*found, UMASK.access(False)] if write else found


def _of_descriptors(count: int) -> Any:
    def descriptors(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
        given = (*arguments[:count], *(keywords[name] for name in ("fd", "fd2", "in_fd", "out_fd") if name in keywords))
        return [access for number in given for access in _of_descriptor(number)]

    return descriptors


def _operation(**places: Any) -> Operation:
    return Operation(special=Paths(**places))


_FIRST: Final = ((0, "path"),)
_FILLED: Final = Operation((Use(1, True),), special=_of_descriptors(1))

_READ: Final = _operation(read=_FIRST)
_WRITTEN: Final = _operation(written=_FIRST)
_CREATED: Final = _operation(written=_FIRST, creates=True)
_LISTED: Final = _operation(read=_FIRST, lists=True)
_MOVED: Final = _operation(written=((0, "src"), (1, "dst")))
_OPENED: Final = Operation(special=_opened)

_OS: Final[Mapping[Operation, str]] = {
    _READ: "stat lstat statx access readlink statvfs pathconf getxattr listxattr chroot",
    _WRITTEN: "chmod lchmod chown lchown rmdir remove unlink truncate utime setxattr removexattr",
    _CREATED: "mkdir mkfifo mknod",
    _LISTED: "listdir scandir",
    _MOVED: "rename replace",
    _operation(read=((0, "src"),), written=((1, "dst"),)): "link symlink",
    Operation(special=_opened_low): "open",
    Operation(
        special=_of_descriptors(1)
    ): """read write close pread pwrite lseek ftruncate fsync fdatasync dup lockf isatty fstat fchmod fchown
        set_blocking set_inheritable sendfile writev pwritev""",
    Operation(special=_of_descriptors(2)): "dup2 copy_file_range splice",
    _FILLED: "readv preadv readinto",
    Operation(process=((WORKING_DIRECTORY, True),)): "chdir fchdir",
    Operation(process=((WORKING_DIRECTORY, False),)): "getcwd getcwdb",
    Operation(process=((UMASK, True),)): "umask",
}
_OS_PATH: Final[Mapping[Operation, str]] = {
    _READ: "exists lexists isfile isdir islink ismount getsize getmtime getatime getctime realpath samefile",
    Operation(process=((WORKING_DIRECTORY, False),)): "abspath",
}
# As methods: the first argument is the path.
_PATHLIB_METHODS: Final[Mapping[Operation, str]] = {
    _READ: """Path.exists Path.is_file Path.is_dir Path.is_symlink Path.is_mount Path.stat Path.lstat Path.read_text
        Path.read_bytes Path.readlink Path.resolve Path.owner Path.group""",
    _WRITTEN: "Path.unlink Path.rmdir Path.chmod Path.lchmod",
    _CREATED: "Path.write_text Path.write_bytes Path.touch Path.mkdir Path.symlink_to Path.hardlink_to",
    _LISTED: "Path.iterdir Path.glob Path.rglob Path.walk",
    _operation(written=((0, "self"), (1, "target"))): "Path.rename Path.replace",
    _OPENED: "Path.open",
    Operation(process=((WORKING_DIRECTORY, False),)): "Path.cwd Path.absolute",
}
_GLOB: Final[Mapping[Operation, str]] = {Operation((Use(ALL, False),), special=Paths(lists=True)): "glob iglob glob0 glob1"}

BY_PATHS: Final[Mapping[str, Mapping[Operation, str]]] = {
    "builtins": {_OPENED: "open"},
    "_io": {_OPENED: "open FileIO open_code"},
    "io": {_OPENED: "open open_code"},
    os.name: _OS,
    os.path.__name__: _OS_PATH,
    "genericpath": _OS_PATH,
    "pathlib": _PATHLIB_METHODS,
    "pathlib._local": _PATHLIB_METHODS,
    "pathlib._abc": {operation: names.replace("Path.", "PathBase.") for operation, names in _PATHLIB_METHODS.items()},
    "glob": _GLOB,
    "_posixsubprocess": {Operation((*READ_ALL.uses,), ((WORKING_DIRECTORY, False), (UMASK, False))): "fork_exec"},
}
