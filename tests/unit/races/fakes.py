"""Executions without rewritten code: a scenario calls ``do`` where an instrumented call would stand."""

from __future__ import annotations

import types
from collections.abc import Callable
from functools import partial
from typing import Any

from pytest_gilcheck.races import primitives
from pytest_gilcheck.races.execution import Result, execute
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.schedulers.random import Random
from pytest_gilcheck.races.sites import Kind, Site


def _anywhere() -> None: ...


def site(code: types.CodeType = _anywhere.__code__, offset: int = 0) -> Site:
    """A place where threads may switch."""
    return Site(code=code, offset=offset, line=1, kind=Kind.CALL, name="here", hot=True)


HERE = site()


def do(function: Any, *args: Any, at: Site = HERE, **kwargs: Any) -> Any:
    """Call ``function`` as an instrumented call would: its model when the run is in control and there is one."""
    handler, owner = _handler(function)
    if handler is None or not run.mine():
        return function(*args, **kwargs)
    if type(function) is types.FunctionType and args:
        owner, *rest = args
        return handler(at, partial(function, owner), owner, *rest, **kwargs)
    return handler(at, function, owner, *args, **kwargs)


def _handler(function: Any) -> tuple[Callable[..., Any] | None, Any]:
    if isinstance(function, types.MethodType):
        return primitives.FUNCTIONS.get(id(function.__func__)), function.__self__
    owner = getattr(function, "__self__", None)
    if owner is None or isinstance(owner, types.ModuleType):
        return primitives.FUNCTIONS.get(id(function)), None
    name = function.__name__
    return next((primitives.METHODS[c, name] for c in type(owner).__mro__ if (c, name) in primitives.METHODS), None), owner


def execution(scenario: Callable[[], object], seed: int = 0) -> Result:
    """Run ``scenario`` once, switching at random."""
    return execute(run, scenario, Random(seed))


def results(scenario: Callable[[], Any], seeds: int = 60) -> set[Any]:
    """What ``scenario`` returns under as many schedules; every one of them has to come to its end."""
    found = set()

    def collect() -> None:
        found.add(scenario())

    for seed in range(seeds):
        result = execution(collect, seed)
        assert result.reason is None, (result.reason, result.report)
        if result.error is not None:
            raise result.error
    return found


def together(*functions: Callable[[], Any]) -> list[Any]:
    """In a scenario: run ``functions`` as threads and return their results; raises the first error."""
    children = run.all(functions)
    for child in children:
        if child.error is not None:
            raise child.error
    return [child.result for child in children]
