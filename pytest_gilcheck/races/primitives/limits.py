"""Time-outs as deadlines in virtual time, and the arguments of blocking calls as the real callables understand them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races.run import run

Handler = Callable[..., Any]

FOREVER = -1
"""What ``acquire`` takes for no limit."""


def deadline(seconds: float | None) -> float | None:
    """The virtual time at which a wait of ``seconds`` from now ends; ``None`` for one without limit."""
    return None if seconds is None else run.now + max(float(seconds), 0.0)


def parse_acquire(blocking: Any = True, timeout: Any = FOREVER) -> tuple[bool, float | None]:
    """The arguments of ``acquire`` as (whether it may wait, for how long at most); they are valid already."""
    if not blocking or timeout == 0:
        return False, None
    return True, None if timeout == FOREVER else float(timeout)


def parse_get(block: Any = True, timeout: Any = None) -> tuple[bool, float | None]:
    """The arguments of a queue's ``get`` as (whether it may wait, for how long at most); they are valid already."""
    return bool(block), None if timeout is None else float(timeout)


def is_duration(seconds: object) -> bool:
    """Whether any blocking call of any version takes ``seconds``, so that the real one need not be asked."""
    return (type(seconds) is int or type(seconds) is float) and 0 <= seconds <= _LONGEST


_LONGEST = 4_000_000
"""Seconds below the limits of all platforms; for longer ones the real callable decides."""
