"""From what the user named to files: modules and packages by name, files and folders by path."""

from __future__ import annotations

import importlib.util
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder
from pathlib import Path

from pytest_gilcheck.errors import Misuse

_OURS = "pytest_gilcheck"


def sources(text: str, rootdir: Path) -> frozenset[str]:
    """The files, and folders with a separator behind them, that the comma-separated ``text`` names.

    A module that is frozen into the interpreter is named by its source. Raises :class:`Misuse`.
    """
    words = [word for part in text.split(",") if (word := part.strip())]
    if not words:
        raise Misuse(f"{text!r} names nothing; valid: modules, packages, files and folders, separated by commas")
    return frozenset(place for word in words for place in _places(word, rootdir))


def _places(word: str, rootdir: Path) -> Iterable[str]:
    if word.partition(".")[0] == _OURS:
        raise Misuse(f"{word!r} is the checker itself, which cannot be checked with itself")
    path = rootdir / Path(word).expanduser()
    found = set(_of_path(path)) if path.exists() else set()
    if _is_dotted(word):
        found |= set(_of_module(word))
    if not found:
        raise Misuse(
            f"{word!r} is neither a module that can be imported nor a file or folder "
            f"(looked for {str(path)!r}){_hint(word, path)}"
        )
    return found


def _is_dotted(word: str) -> bool:
    return all(part.isidentifier() for part in word.split("."))


def _of_path(path: Path) -> Iterator[str]:
    # As it was named and as it really is: code objects may have either.
    for place in (str(path.absolute()), str(path.resolve())):
        yield place.rstrip(os.sep) + os.sep if path.is_dir() else place


def _of_module(name: str) -> Iterator[str]:
    spec = _spec(name)
    if spec is None:
        return
    if spec.submodule_search_locations is not None:
        for folder in spec.submodule_search_locations:
            yield from _of_path(Path(folder))
    elif spec.origin == "built-in" or str(spec.origin).endswith(tuple(EXTENSION_SUFFIXES)):
        raise Misuse(f"{name!r} is a compiled module ({spec.origin}): there is no Python code in it to watch")
    elif spec.origin == "frozen":
        yield from _of_path(Path(os.__file__).parent.joinpath(*name.split(".")).with_suffix(".py"))
    elif spec.origin is not None:
        yield from _of_path(Path(spec.origin))


def _spec(name: str) -> ModuleSpec | None:
    """Where a module would be imported from; nothing is imported for it, the packages around it neither."""
    first, *rest = name.split(".")
    try:
        spec = importlib.util.find_spec(first)
    except ValueError:  # __main__, and modules that somebody put into sys.modules by hand
        return _by_hand(name)
    for number, _ in enumerate(rest, 2):
        if spec is None or spec.submodule_search_locations is None:
            return None
        spec = PathFinder.find_spec(".".join(name.split(".")[:number]), list(spec.submodule_search_locations))
    return spec


def _by_hand(name: str) -> ModuleSpec | None:
    file = getattr(sys.modules.get(name), "__file__", None)
    return ModuleSpec(name, None, origin=file) if isinstance(file, str) else None


def _hint(word: str, path: Path) -> str:
    close = get_close_matches(word, {*_siblings(word), *_neighbours(word, path)}, n=3, cutoff=0.7)
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def _siblings(word: str) -> Iterator[str]:
    """The modules that lie where this one would."""
    package, dot, _ = word.rpartition(".")
    if not dot:
        yield from sys.stdlib_module_names
        yield from (module.name for module in pkgutil.iter_modules())
        return
    spec = _spec(package) if _is_dotted(package) else None
    if spec is not None and spec.submodule_search_locations is not None:
        for module in pkgutil.iter_modules(list(spec.submodule_search_locations)):
            yield f"{package}.{module.name}"


def _neighbours(word: str, path: Path) -> Iterator[str]:
    """The files and folders that lie where this one would, spelled as the user spelled it."""
    if not path.parent.is_dir():
        return
    for entry in path.parent.iterdir():
        yield str(Path(word).with_name(entry.name)) if Path(word).name else entry.name
