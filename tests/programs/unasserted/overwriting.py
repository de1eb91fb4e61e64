"""Writes over what others may have written."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from programs.unasserted import buggy, correct
from pytest_gilcheck.races import run


@correct
def flags_that_are_only_set() -> None:
    class Page:
        def __init__(self) -> None:
            self.flags = 0

        def touch(self) -> None:
            self.flags |= 4

    page = Page()
    run(page.touch, page.touch)


@buggy("lost-update")
def flags_of_different_bits() -> None:
    class Page:
        def __init__(self) -> None:
            self.flags = 0

    page = Page()

    def touch(bit: int) -> None:
        page.flags |= bit

    run(lambda: touch(1), lambda: touch(2))


@correct
def pruned_by_both() -> None:
    class Watchers:
        def __init__(self) -> None:
            self.alive = [1, 0, 2]

        def prune(self) -> None:
            self.alive = [each for each in self.alive if each]

    watchers = Watchers()
    run(watchers.prune, watchers.prune)


@correct
def normalised_by_both() -> None:
    class Path:
        def __init__(self) -> None:
            self.parts: Any = ["a", "b"]

        def normalise(self) -> int:
            self.parts = tuple(self.parts)
            return len(self.parts)

    path = Path()
    run(path.normalise, path.normalise)


@buggy("lost-update")
def pruned_while_another_adds() -> None:
    class Watchers:
        def __init__(self) -> None:
            self.alive = [1, 0, 2]

        def prune(self) -> None:
            self.alive = list(filter(None, self.alive))

        def add(self) -> None:
            self.alive = [*self.alive, 3]

    watchers = Watchers()
    run(watchers.prune, watchers.add)


@correct
def list_that_grows_in_place() -> None:
    class Batch:
        def __init__(self) -> None:
            self.items: list[int] = []

        def add(self, items: list[int]) -> None:
            self.items += items

    batch = Batch()
    run(lambda: batch.add([1]), lambda: batch.add([2]))


@correct
def setting_for_a_while_under_a_lock() -> None:
    lock = threading.Lock()
    level = [0]

    @contextlib.contextmanager
    def raised(to: int) -> Iterator[None]:
        with lock:
            before = level[0]
            level[0] = to
            try:
                yield
            finally:
                level[0] = before

    def work(to: int) -> int:
        with raised(to):
            return level[0]

    run(lambda: work(1), lambda: work(2))


@buggy(None)
def setting_for_a_while_without_lock() -> None:
    class Logger:
        def __init__(self) -> None:
            self.level = 0

    logger = Logger()

    def work(to: int) -> None:
        before = logger.level
        logger.level = to
        logger.level = before

    run(lambda: work(1), lambda: work(2))


@correct
def buffer_that_is_swapped() -> None:
    class Buffer:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.items: list[int] = [1]

        def add(self, item: int) -> None:
            with self.lock:
                self.items.append(item)

        def flush(self) -> list[int]:
            with self.lock:
                items, self.items = self.items, []
            return items

    buffer = Buffer()
    run(lambda: buffer.add(2), buffer.flush, buffer.flush)


@buggy("unserialisable")
def buffer_that_is_swapped_without_lock() -> None:
    class Buffer:
        def __init__(self) -> None:
            self.items: list[int] = [1]

        def flush(self) -> list[int]:
            items = self.items
            self.items = []
            return items

    buffer = Buffer()
    run(buffer.flush, buffer.flush)
