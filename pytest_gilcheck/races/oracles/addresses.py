"""Where new objects are kept: what depends on it is the same in two executions only by chance, or because nothing else was
made meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

# The interpreter keeps small objects of one size side by side, and gives out next what was given back last.
_SMALL = range(0, 512, 8)
_OF_EACH = 3
# So many lists and dictionaries it keeps for the next ones.
_SPARE = 100


@contextmanager
def new_addresses() -> Iterator[None]:
    """Meanwhile objects have other addresses than they would have had."""
    taken = [
        [bytes(size) for size in _SMALL for _ in range(_OF_EACH)],
        [[] for _ in range(_SPARE)],
        [{} for _ in range(_SPARE)],
    ]
    taken.append([object() for _ in range(_OF_EACH)])
    yield
    taken.clear()
