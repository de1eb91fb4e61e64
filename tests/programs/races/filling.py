"""Mappings that make an item when it is missing."""

from __future__ import annotations

import sys
import threading
from collections import defaultdict

from pytest_gilcheck.races import run


class _Groups(dict[str, list[int]]):
    def __missing__(self, name: str) -> list[int]:
        self[name] = []
        return self[name]


class _SafeGroups(dict[str, list[int]]):
    def __missing__(self, name: str) -> list[int]:
        return self.setdefault(name, [])


def _fill(groups: dict[str, list[int]]) -> None:
    run(lambda: groups["all"].append(1), lambda: groups["all"].append(2))
    assert sorted(groups["all"]) == [1, 2]


def missing_bad() -> None:
    _fill(_Groups())


def missing_twin() -> None:
    _fill(_SafeGroups())


def _factory_in_python() -> None:
    _fill(defaultdict(lambda: []))  # noqa: PIE807 - in C it would be made in one go


if sys.version_info < (3, 14):
    factory_bad = _factory_in_python
else:  # what another thread has stored meanwhile stays
    factory_that_comes_late_twin = _factory_in_python


def factory_twin() -> None:
    _fill(defaultdict(list))


def factory_that_raises_twin() -> None:
    def make() -> list[int]:
        raise LookupError("no groups")

    groups = defaultdict(make)
    caught: list[str] = []
    lock = threading.Lock()

    def use(name: str) -> None:
        try:
            groups[name].append(1)
        except LookupError as error:
            with lock:
                caught.append(str(error))

    run(lambda: use("a"), lambda: use("a"))
    assert caught == ["no groups", "no groups"]
    assert not groups


def factory_that_fills_twin() -> None:
    """It stores an item itself; which of the two stays is the interpreter's to say."""

    def make() -> int:
        numbers["a"] = 1
        return 2

    numbers: defaultdict[str, int] = defaultdict(make)

    def use() -> None:
        assert numbers["a"] in {1, 2}

    run(use, use)
    assert numbers["a"] == (2 if sys.version_info < (3, 14) else 1)
