"""The records of one test's checks: what crosses from where they were made to the reports and the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pytest_gilcheck.verdict import FLAGGED, WITNESSED, Hazard, HotLine, Race, Scaling

#: Verdicts of a race search that a reader should hear of on every run: what was witnessed, and what stopped the search.
FLAGGED_RACES = WITNESSED | {Race.NONDETERMINISTIC, Race.UNCONTROLLED}

_RUNS = ("single_runs", "thread_runs", "process_runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingRecord:
    """One test's scaling verdict with its figures; a figure is ``None`` where there was nothing to measure.

    ``details`` is longer text that belongs to the reason, such as a process's output. ``threads`` and ``processes`` are
    how many workers ran. ``single_runs``, ``thread_runs`` and ``process_runs`` are the seconds per call of the body in
    each run: the wall time over all calls made in it, so that the first over one of the others is a speed-up.
    ``expectation`` is ``None`` (nothing was expected), ``"met"``, ``"broken"`` or ``"unchecked"``, and ``expected`` says
    what was expected and why it is not met. ``failed`` is set when a rerun failed the test. ``seconds`` is what the
    check cost. ``compared`` is what came of the comparison with a baseline: ``"same"``, ``"worse"``, ``"better"``,
    ``"new"``, ``"not compared: "`` and why, or ``None`` (there is no baseline); ``regression`` says what is worse.
    """

    verdict: Scaling
    reason: str
    advice: str | None = None
    details: str | None = None
    threads: int | None = None
    processes: int | None = None
    gil_share: float | None = None
    runnable_ratio: float | None = None
    speedup_threads: float | None = None
    speedup_processes: float | None = None
    single_seconds: float | None = None
    cpu_share: float | None = None
    waiting_for_cpu: float | None = None
    single_runs: tuple[float, ...] = ()
    thread_runs: tuple[float, ...] = ()
    process_runs: tuple[float, ...] = ()
    hot_lines: tuple[HotLine, ...] = ()
    expectation: str | None = None
    expected: str | None = None
    failed: bool = False
    seconds: float = 0.0
    compared: str | None = None
    regression: str | None = None

    @property
    def flagged(self) -> bool:
        """Whether the user should hear of it on every run."""
        undecided = self.expectation == "unchecked"
        return self.verdict in FLAGGED or self.expectation == "broken" or undecided or self.failed

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins: what JSON and a worker's message can carry."""
        plain = asdict(self)
        plain["verdict"] = self.verdict.value
        for runs in _RUNS:
            plain[runs] = list(plain[runs])
        plain["hot_lines"] = [asdict(line) for line in self.hot_lines]
        return plain

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> ScalingRecord:
        """The inverse of :meth:`to_builtins`."""
        known = {field.name: plain[field.name] for field in fields(cls) if field.name in plain}
        known["verdict"] = Scaling(plain["verdict"])
        known |= {runs: tuple(plain.get(runs, ())) for runs in _RUNS}
        known["hot_lines"] = tuple(HotLine(**line) for line in plain.get("hot_lines", ()))
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceRecord:
    """One test's race verdict, and what was done to come to it.

    ``kind`` says what sort of failure a schedule showed. ``coverage`` is ``"exhausted"`` (every interleaving with at most
    ``preemption_bound`` preemptions ran; ``None`` there: with any number), ``"sampled"``, ``"cut"`` or ``None`` (no search
    took place). ``schedules`` counts executions, ``first_failure`` is the failing one, from 1; ``switches`` are its context
    switches and ``token`` replays it. ``gil_feasible`` is whether it can happen on this interpreter with the GIL (``None``:
    that was not found out, or does not arise). ``uncontrolled`` names what could not be controlled. ``threads`` is the most
    copies of the body that ran at once. ``hazards`` may go wrong and were not seen to. ``conflicts`` are the pairs of
    conflicting accesses that were seen, which ran in ``orders_seen`` of ``orders_total`` orders; some of those may be
    impossible.
    ``pruned`` are the choices that a systematic search left out as equivalent to others. ``found_after`` are the seconds
    that it took to find a failure once the code was instrumented. ``failed`` is set when the search failed the test.
    ``seconds`` is what it cost. ``story`` is the interleaving that failed as exact builtins: its steps, the threads that
    were stuck, and what is behind it.
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
    gil_feasible: bool | None = None
    uncontrolled: tuple[str, ...] = ()
    threads: int | None = None
    strategy: str | None = None
    seed: int | None = None
    hazards: tuple[Hazard, ...] = ()
    conflicts: int = 0
    orders_seen: int = 0
    orders_total: int = 0
    pruned: int = 0
    found_after: float | None = None
    failed: bool = False
    seconds: float = 0.0
    story: dict[str, Any] | None = None

    @property
    def flagged(self) -> bool:
        """Whether the user should hear of it on every run."""
        return self.verdict in FLAGGED_RACES

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins: what JSON and a worker's message can carry."""
        plain = asdict(self)
        plain["verdict"] = self.verdict.value
        plain["uncontrolled"] = list(self.uncontrolled)
        plain["hazards"] = [hazard.to_builtins() for hazard in self.hazards]
        return plain

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> RaceRecord:
        """The inverse of :meth:`to_builtins`."""
        known = {field.name: plain[field.name] for field in fields(cls) if field.name in plain}
        known["verdict"] = Race(plain["verdict"])
        known["uncontrolled"] = tuple(plain.get("uncontrolled", ()))
        known["hazards"] = tuple(Hazard.from_builtins(hazard) for hazard in plain.get("hazards", ()))
        return cls(**known)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Both records of one test; ``None`` for a check that nobody asked for. ``line`` is where the test begins in the file
    that its id names, from 1, or ``None``."""

    scaling: ScalingRecord | None = None
    race: RaceRecord | None = None
    line: int | None = None

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins: what JSON and a worker's message can carry."""
        return {
            "scaling": None if self.scaling is None else self.scaling.to_builtins(),
            "race": None if self.race is None else self.race.to_builtins(),
            "line": self.line,
        }

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> Checked:
        """The inverse of :meth:`to_builtins`."""
        scaling, race = plain.get("scaling"), plain.get("race")
        return cls(
            scaling=None if scaling is None else ScalingRecord.from_builtins(scaling),
            race=None if race is None else RaceRecord.from_builtins(race),
            line=plain.get("line"),
        )
