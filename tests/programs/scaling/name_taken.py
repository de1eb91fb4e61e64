"""A body that takes a name for good cannot be run again, in threads or not; one that takes a new name each time can."""

import itertools
import time

BAD, TWIN = "not-repeatable", "io-bound"

_taken: set[str] = set()
_numbers = itertools.count()


def _create(name: str) -> None:
    if name in _taken:
        raise ValueError(f"{name} exists")
    _taken.add(name)
    time.sleep(0.02)


def bad() -> None:
    _create("bob")


def twin() -> None:
    _create(f"bob {next(_numbers)}")
