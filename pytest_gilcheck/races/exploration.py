"""What an exploration concludes: plain values that the plugin turns into verdicts, records and failures."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_gilcheck.races.conflicts import Shared
from pytest_gilcheck.races.schedule import Schedule
from pytest_gilcheck.races.story import Story
from pytest_gilcheck.verdict import Hazard, Race


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """When a search stops: ``seconds`` and ``schedules`` in all; ``limit`` is the longest that one execution may take."""

    seconds: float = 1.0
    schedules: int = 1000
    limit: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failure that a schedule shows, and shows again.

    ``kind`` is ``exception``, ``order`` (an exception in a serial order), ``exit``, ``lost-update``, ``unserialisable``,
    ``deadlock``, ``self-deadlock``, ``lock-left-held`` (somebody waits for it), ``lost-wakeup``, ``livelock``,
    ``thread-left``, ``lock-held`` (nobody does) or ``timeout``; ``error`` is what the scenario raised, ``None`` for those
    that raise nothing. ``text`` says what happened, over several lines: for a deadlock who holds what and waits for what, at
    which lines; for a time-out all stacks. ``story`` is the interleaving in lines of source; ``None``: it cannot be told.
    """

    kind: str
    error: BaseException | None
    text: str
    schedule: Schedule
    story: Story | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """The outcome of a search.

    ``coverage`` is ``exhausted`` (every interleaving with at most ``preemption_bound`` preemptions ran; ``None`` there: with
    any number), ``sampled``, ``cut`` (the budget ended a systematic search) or ``None`` (no search took place).
    ``schedules`` counts executions, ``first_failure`` is the number of the failing one, from 1. ``switches`` are the context
    switches of the failing schedule, ``token`` replays it. ``gil_feasible`` is whether the failure can happen on this
    interpreter with the GIL, and ``gil_said`` the answer in words: ``None`` and what was done if that was not found out,
    ``None`` and nothing if there is no failure or no GIL. It took ``gil_seconds``, which are not among the ``seconds``.
    ``uncontrolled`` names each thing that could not be controlled.
    ``hazards`` are no failures: see ``races.hazards``. ``conflicts`` are the pairs of conflicting accesses that were seen,
    which ran in ``orders_seen`` of ``orders_total`` orders (some may be impossible); ``pruned`` the choices that a
    systematic search left out as equivalent to others. ``found_after`` are the seconds from the end of the first execution,
    when the code was instrumented, to that of the failing one. ``shared`` are the accesses to what threads share that were
    seen.
    """

    verdict: Race
    reason: str
    kind: str | None = None
    coverage: str | None = None
    preemption_bound: int | None = None
    schedules: int = 0
    first_failure: int | None = None
    switches: int | None = None
    token: str | None = None
    seconds: float = 0.0
    uncontrolled: tuple[str, ...] = ()
    failure: Failure | None = None
    gil_feasible: bool | None = None
    gil_said: str = ""
    gil_seconds: float = 0.0
    hazards: tuple[Hazard, ...] = ()
    conflicts: int = 0
    orders_seen: int = 0
    orders_total: int = 0
    pruned: int = 0
    found_after: float | None = None
    shared: tuple[Shared, ...] = ()
