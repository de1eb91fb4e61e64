"""Hooks that other plugins and conftest files can implement."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_gilcheck.races.schedulers import Scheduler


def pytest_gilcheck_strategies() -> dict[str, Callable[[int], Scheduler]]:  # type: ignore[empty-body]
    """Add strategies to those that ``strategy=`` of the markers knows.

    :returns: By name, what makes the scheduler of one execution, from a seed that is another one each time. The scheduler
        is best derived from ``pytest_gilcheck.races.schedulers.Base``.
    """
