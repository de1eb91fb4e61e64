"""The strategies that other plugins and conftest files add, by ``pytest_gilcheck_strategies``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from pytest_gilcheck.plugin.markers import STRATEGIES
from pytest_gilcheck.scaling.failures import raised

if TYPE_CHECKING:
    from pytest_gilcheck.races.schedulers import Scheduler

    Strategies = Mapping[str, Callable[[int], Scheduler]]

_HOOK = "pytest_gilcheck_strategies"
_ADDED = pytest.StashKey["Strategies"]()


def added(config: pytest.Config) -> Strategies:
    """By name, what makes a scheduler; raises :class:`pytest.UsageError` for one that cannot be used."""
    known = config.stash.get(_ADDED, None)
    if known is None:
        known = config.stash[_ADDED] = _collect(config)
    return known


def _collect(config: pytest.Config) -> Strategies:
    try:
        answers = config.hook.pytest_gilcheck_strategies()
    except Exception as error:
        raise pytest.UsageError(f"{_HOOK}: an implementation {raised(error)}") from error
    found: dict[str, Callable[[int], Scheduler]] = {}
    for answer in answers:
        if not isinstance(answer, Mapping):
            raise pytest.UsageError(f"{_HOOK}: an implementation returned {answer!r}, which is no dict")
        for name, make in answer.items():
            problem = _problem(name, make, found)
            if problem is not None:
                raise pytest.UsageError(f"{_HOOK}: {problem}")
            found[name] = make
    return found


def _problem(name: object, make: object, found: Mapping[str, object]) -> str | None:
    if not isinstance(name, str) or not name:
        return f"{name!r} is no name of a strategy: it has to be a text that is not empty"
    if name in STRATEGIES:
        return f"{name!r} is a strategy already; the names that are taken: {', '.join(STRATEGIES)}"
    if name in found:
        return f"{name!r} is added twice"
    return None if callable(make) else f"{name!r} is {make!r}, which cannot be called to make a scheduler"
