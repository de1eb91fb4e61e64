"""The two questions: is there an interleaving that breaks the scenario, and what does this schedule do."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from threading import Lock

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.races.execution import Result
from pytest_gilcheck.races.exploration import Budget, Exploration, Failure
from pytest_gilcheck.races.feasible import with_gil
from pytest_gilcheck.races.free.search import searching
from pytest_gilcheck.races.free.subject import Subject
from pytest_gilcheck.races.interruptions import interruptions
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.oracles import JUDGED, Rules
from pytest_gilcheck.races.quiet import quiet
from pytest_gilcheck.races.schedule import Token, scenario_digest
from pytest_gilcheck.races.schedulers.guarded import Strategies
from pytest_gilcheck.races.schedulers.replaying import Replaying
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.scope import Scope
from pytest_gilcheck.races.search import Observer, Search
from pytest_gilcheck.races.witnessing import Witness
from pytest_gilcheck.verdict import Race

_one_at_a_time = Lock()


class StaleToken(Misuse):
    """A schedule that does not fit the code any more."""


def explore(  # noqa: PLR0913 - keywords of the public call, all with defaults
    scenario: Callable[[], object],
    *,
    name: str = "",
    strategy: str = "auto",
    budget: Budget | None = None,
    seed: int = 0,
    bound: int | None = None,
    scope: Scope | None = None,
    observer: Observer | None = None,
    first: str | None = None,
    rules: Rules | None = None,
    strategies: Strategies | None = None,
) -> Exploration:
    """Run ``scenario``, a callable without arguments, under one schedule after another.

    It runs in the calling thread each time, from a fresh state that it makes itself; it starts its threads with
    :func:`~pytest_gilcheck.races.run` or in any other way. ``name`` goes into the token, so that it is not taken for
    another scenario's. ``first`` is a token whose schedule is tried first; one that does not fit is ignored. ``rules`` say
    what counts as a failure; ``strategies`` are more of them by name, each a callable that makes the scheduler of one
    execution from a seed.
    Raises :class:`~pytest_gilcheck.errors.Misuse` for an unknown strategy and for one that makes a mistake,
    ``RuntimeError`` inside another exploration.
    """
    with interruptions.held(), _exclusively():
        scope, budget, rules = scope or Scope(), budget or Budget(), rules or Rules()
        laboratory = Laboratory(scenario, scope)
        search = Search(
            laboratory,
            name=name,
            strategy=strategy,
            budget=budget,
            seed=seed,
            bound=bound,
            rules=rules,
            added=strategies,
        )
        search.observer = observer
        token = _fitting(first, name)

        def controlled() -> Exploration:
            with laboratory.open():
                return search.explore(token)

        subject = Subject(
            scenario=scenario, scope=scope, name=name, budget=budget, seed=seed, observer=observer, rules=rules
        )
        with quiet():
            return _with_gil(searching(subject, strategy, token, controlled), laboratory, rules)


def _with_gil(found: Exploration, laboratory: Laboratory, rules: Rules | None) -> Exploration:
    """Whether what was found can happen on this interpreter; nothing found costs nothing, and without a schedule there is
    nothing to look at."""
    if found.failure is None or found.token is None:
        return found
    before = time.perf_counter()
    feasible = with_gil(laboratory.scenario, laboratory.scope, found.failure, rules=rules, execution=laboratory.seconds)
    seconds = time.perf_counter() - before
    return replace(found, gil_feasible=feasible.answer, gil_said=feasible.said, gil_seconds=seconds)


def replay(  # noqa: PLR0913 - keywords of the public call, all with defaults
    scenario: Callable[[], object],
    token: str,
    *,
    name: str = "",
    scope: Scope | None = None,
    limit: float = 10.0,
    debuggable: bool = False,
    rules: Rules | None = None,
) -> Exploration:
    """Run ``scenario`` under the schedule of ``token``.

    The verdict is ``clean`` when it does not fail. ``debuggable`` leaves tracers alone, and breakpoints work in the last
    execution. Raises :class:`~pytest_gilcheck.errors.Misuse` for a token that is damaged, made by another Python version
    or for another scenario, and :class:`StaleToken` when the code has changed since.
    """
    parsed = Token.parse(token)
    problem = _unfit(parsed, name)
    if problem is not None:
        raise Misuse(problem)
    with interruptions.held(), _exclusively():
        laboratory = Laboratory(scenario, scope or Scope())
        with quiet(debuggable=debuggable), laboratory.open():
            hook = sys.breakpointhook
            sys.breakpointhook = _no_breakpoint
            try:
                search = Search(
                    laboratory,
                    name="",
                    strategy="auto",
                    budget=Budget(limit=limit),
                    seed=0,
                    bound=None,
                    rules=rules,
                )
                search.reference(laboratory.settle(Serial(), limit))
                result = laboratory.confirm(Replaying(parsed.schedule), limit)
                if result.reason == "timeout" or search.failed(result) is None:
                    # What is judged takes a look at the values, and a livelock shows only where threads meet.
                    result = laboratory.confirm(Replaying(parsed.schedule, judged=True), limit)
                code = result.code
                failure = search.failed(result) if code == parsed.code else None
                witness = Witness(schedule=parsed.schedule, failure=failure, result=result)
                told = None if failure is None else search.told(witness)
                if code == parsed.code and debuggable:
                    sys.breakpointhook = hook
                    result = laboratory.show(Replaying(parsed.schedule), limit)
            finally:
                sys.breakpointhook = hook
        if code != parsed.code:
            raise StaleToken(
                "the schedule is stale: the code that runs under it has changed since it was found; search again"
            )
        return _replayed(search, token, told, result)


def _replayed(search: Search, token: str, told: Failure | None, result: Result) -> Exploration:
    """What to say of ``result``, the last execution; ``told`` is what one before it showed."""
    failure = told if told is not None and told.kind in JUDGED else search.failed(result)
    if failure is None:
        return Exploration(verdict=Race.CLEAN, reason="the schedule ran and did not fail", schedules=1, token=token)
    if told is not None:
        failure = replace(failure, kind=told.kind, schedule=told.schedule, story=told.story)
    return search.witnessed(failure, token, first_failure=1)


def _unfit(token: Token, name: str) -> str | None:
    here = sys.version_info[:2]
    if token.python != here:
        made, now = ".".join(map(str, token.python)), ".".join(map(str, here))
        return f"the schedule was made by Python {made} and this is Python {now}: schedules do not fit other versions"
    if token.scenario != scenario_digest(name):
        return "the schedule belongs to another test: give it to the one it was printed for"
    return None


def _fitting(token: str | None, name: str) -> Token | None:
    if token is None:
        return None
    try:
        parsed = Token.parse(token)
    except Misuse:
        return None
    return parsed if _unfit(parsed, name) is None else None


def _no_breakpoint(*_: object, **__: object) -> None:
    """Breakpoints wait for the execution that counts."""


class _exclusively:  # noqa: N801 - used like a function
    def __enter__(self) -> None:
        if not _one_at_a_time.acquire(blocking=False):
            raise RuntimeError("an exploration is going on in this process already; there can be one at a time")

    def __exit__(self, *_: object) -> None:
        _one_at_a_time.release()
