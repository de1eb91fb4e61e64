"""Scope: which code is rewritten, told from the file and the qualified name of a code object alone."""

from __future__ import annotations

import os
import sys
import sysconfig
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType

from pytest_gilcheck.races import library
from pytest_gilcheck.races.sources import sources

_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep
# Found out now: to ask later, in the middle of an execution, would import modules there.
_LIBRARY = tuple({
    os.path.realpath(path) + os.sep
    for path in (sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), str(Path(os.__file__).parent))
})  # fmt: skip
_INSTALLED = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True)
class _File:
    """What is known about all code of a file: ``module`` is its name if it is the standard library's."""

    wanted: bool
    own: bool
    module: str | None
    parts: tuple[str, ...] | None = None

    def wants(self, qualname: str) -> bool:
        if not self.wanted:
            return False
        if self.parts is not None and not qualname.startswith(self.parts):
            return False
        return self.module is None or library.never(self.module, qualname) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """By default all that the test runs, without most of the standard library and without what runs the tests.

    ``named`` are files and folders that are in scope instead, as :meth:`parse` finds them; ``always`` are files that are in
    scope whatever was named, ``excluded`` files and folders that are not unless named. Code made by ``exec`` or ``eval``
    comes from no file and is always in scope.

    ``answered`` are files and folders that the user answers for, installed or not; they make nothing else less so.
    """

    named: frozenset[str] | None = None
    always: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()
    loaders: frozenset[str] = frozenset({"runpy"})
    _files: dict[str, _File] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def parse(
        cls,
        text: str,
        rootdir: str | os.PathLike[str],
        *,
        always: frozenset[str] = frozenset(),
        excluded: frozenset[str] = frozenset(),
    ) -> Scope:
        """Names of modules and packages, files and folders, separated by commas; relative paths are below ``rootdir``.

        Raises :class:`~pytest_gilcheck.errors.Misuse` for what is neither.
        """
        return cls(named=sources(text, Path(rootdir)), always=always, excluded=excluded)

    def wants(self, code: CodeType) -> bool:
        """Whether this code is to be rewritten."""
        return self._file(code).wants(code.co_qualname) and id(code) not in _own_made

    def guarded(self, code: CodeType) -> bool:
        """Whether it belongs to a module of the standard library that guards what it shares."""
        module = self._file(code).module
        return module is not None and library.within(module, library.TRUSTED)

    def trusted(self, code: CodeType) -> bool:
        """Whether it also is none of the functions of such a module that look without the lock."""
        return self.guarded(code) and code.co_qualname not in library.UNTRUSTED.get(self._file(code).module or "", ())

    def closed(self, code: CodeType) -> bool:
        """Whether it is trusted and uses nothing but the state of its own object."""
        names = library.CLOSED.get(self._file(code).module or "", frozenset())
        return code.co_qualname.partition(".")[0] in names and self.trusted(code)

    def own(self, code: CodeType) -> bool:
        """Whether it is the user's: neither installed nor part of Python nor made at run time."""
        return self._file(code).own

    def answerable(self, code: CodeType) -> bool:
        """Whether the user answers for it: it is their own, or they have named it."""
        return self.answerable_file(code.co_filename)

    def answerable_file(self, name: str) -> bool:
        """The same of all code of a file. What was made from a text is the user's, as far as anybody knows."""
        if name.startswith("<"):
            return not name.startswith("<frozen")
        file = self._files.get(name) or self._look(name)
        named = self.named is not None and file.wanted and file.module is None
        return named or self._is_answered(name, file) or (file.own and not _is_installed(os.path.realpath(name)))

    def _is_answered(self, name: str, file: _File) -> bool:
        return bool(self.answered) and file.module is None and _among((name, os.path.realpath(name)), self.answered)

    def _file(self, code: CodeType) -> _File:
        known = self._files.get(code.co_filename)
        if known is None:
            known = self._files[code.co_filename] = self._look(code.co_filename)
        return known

    def _look(self, name: str) -> _File:
        if name.startswith("<"):
            module = name[len("<frozen ") : -1] if name.startswith("<frozen ") else None
            if module is None:
                return _File(wanted=True, own=False, module=None)
            return self._of_the_library(module, (name, *_library_paths(module)))
        path = os.path.realpath(name)
        if path.startswith(_PACKAGE):
            return _File(wanted=False, own=False, module=None)
        module = _library_module(path)
        if module is not None:
            return self._of_the_library(module, (name, path))
        excluded = _among((name, path), self.excluded) or _is_machinery(path)
        own = not excluded and _package(path) is None
        if self._is_named((name, path)) or (self.named is None and _among((name, path), self.answered)):
            return _File(wanted=True, own=own, module=None)
        return _File(wanted=self.named is None and not excluded, own=own, module=None)

    def _of_the_library(self, module: str, paths: tuple[str, ...]) -> _File:
        parts = library.WATCHED_PARTS.get(module)
        wanted = parts is not None or library.within(module, library.WATCHED)
        if self._is_named(paths):
            return _File(wanted=True, own=False, module=module)
        return _File(wanted=wanted, own=False, module=module, parts=parts)

    def _is_named(self, paths: tuple[str, ...]) -> bool:
        return _among(paths, self.always) or (self.named is not None and _among(paths, self.named))


#: Code of this project that comes from no file, by its id.
_own_made: dict[int, CodeType] = {}


def leave_out_project() -> None:
    """Methods of this project's dataclasses and named tuples look like code of the test: note which they are."""
    project = __name__.partition(".")[0]
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == project:
            for kind in vars(module).values():
                if isinstance(kind, type) and kind.__module__ == name:
                    functions = [getattr(value, "__func__", value) for value in vars(kind).values()]
                    codes = [function.__code__ for function in functions if isinstance(function, FunctionType)]
                    _own_made.update((id(code), code) for code in codes if code.co_filename.startswith("<"))


def _among(paths: tuple[str, ...], places: frozenset[str]) -> bool:
    """Whether one of the paths is one of the files, or below one of the folders.

    What is installed below a folder (an environment in the project's own) belongs to that environment.
    """
    for path in paths:
        for place in places:
            folder = place.rstrip(os.sep) + os.sep
            if path == place or (path.startswith(folder) and _package(path[len(folder) :]) is None):
                return True
    return False


def _library_module(path: str) -> str | None:
    """The dotted name of a module of the standard library; ``None`` for any other file."""
    for folder in _LIBRARY:
        if path.startswith(folder):
            parts = list(Path(path[len(folder) :].removesuffix(".py")).parts)
            if not set(parts).isdisjoint(_INSTALLED):
                return None
            if parts[-1] == "__init__":
                del parts[-1]
            return ".".join(parts)
    return None


def _library_paths(module: str) -> list[str]:
    """Where the source of a frozen module would be."""
    stems = [folder + module.replace(".", os.sep) for folder in _LIBRARY]
    return [stem + end for stem in stems for end in (".py", f"{os.sep}__init__.py")]


def _package(path: str) -> str | None:
    """The name of the installed package that a file belongs to, by the folder it is installed in."""
    parts = Path(path).parts
    for at in range(len(parts) - 2, -1, -1):
        if parts[at] in _INSTALLED:
            return parts[at + 1].removesuffix(".py")
    return None


@cache
def _distributed(folder: str) -> frozenset[str]:
    """The top-level names of what was installed into ``folder``, as its records of installed distributions say."""
    names = set()
    for record in Path(folder).glob("*.dist-info/RECORD"):
        with suppress(OSError, UnicodeDecodeError):
            names |= {line.partition(",")[0].partition("/")[0] for line in record.read_text("utf-8").splitlines()}
    return frozenset(names)


def _is_installed(path: str) -> bool:
    """Whether a distribution that was installed somewhere, be it by ``pip install --target``, has brought it along."""
    return any(
        path.startswith(folder + os.sep) and path[len(folder) + 1 :].partition(os.sep)[0] in _distributed(folder)
        for folder in map(os.path.realpath, filter(None, sys.path))
    )


def _is_machinery(path: str) -> bool:
    package = _package(path)
    if package is not None:
        return package in library.MACHINERY or package.startswith(library.PLUGIN_PREFIX)
    # A debugger may come with an editor, and a checkout may be installed in place.
    for name in library.MACHINERY:
        file = getattr(sys.modules.get(name), "__file__", None)
        if isinstance(file, str) and _is_of(path, os.path.realpath(file)):
            return True
    return False


def _is_of(path: str, module_file: str) -> bool:
    folder, name = os.path.split(module_file)
    return path == module_file or (name == "__init__.py" and path.startswith(folder + os.sep))
