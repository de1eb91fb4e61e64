"""A report that somebody may have changed by hand: what cannot be shown is said, without a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pytest_gilcheck.errors import Misuse

_T = TypeVar("_T")


def rendered(file: Path, make: Callable[[], _T]) -> _T:
    """What ``make`` makes of the report in ``file``; :class:`Misuse` where the values in it are not of the right kind."""
    try:
        return make()
    except Misuse:
        raise
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise Misuse(f"{str(file)!r} is damaged: {type(error).__name__}: {error}") from error
