"""A bench for measurements: a clock that only the bodies move, processes and workloads that write down what is asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.scaling.failures import ProcessesUnavailable
from pytest_gilcheck.scaling.measure import Settings, measure
from pytest_gilcheck.scaling.measurement import Measurement
from pytest_gilcheck.scaling.reading import Kind, Run
from pytest_gilcheck.scaling.workload import Body
from unit.scaling.fakes import FakeClock, a_run, an_environment

#: Limits a single run in virtual time and in real time: more than any body takes of either.
AMPLE = 100_000.0
#: Where there is no GIL to probe.
FREE = an_environment(usable_cpus=4, gil="disabled")


@dataclass
class FakeProcesses:
    """Processes that all take as long, and that write down what was asked of them."""

    clock: FakeClock
    seconds: float = 0.02
    asked: list[tuple[int, int, float]] = field(default_factory=list)
    unavailable_after: int | None = None
    start_seconds: float = 0.0
    never: str = ""

    def ready(self) -> None:
        self.clock.sleep(self.start_seconds)
        if self.never:
            raise ProcessesUnavailable(self.never)

    def run(self, workers: int, repeats: int, limit: float) -> Run:
        if self.unavailable_after is not None and len(self.asked) >= self.unavailable_after:
            raise ProcessesUnavailable("no more of them")
        self.asked.append((workers, repeats, limit))
        self.clock.sleep(self.seconds)
        return a_run(Kind.PROCESSES, workers, wall=self.seconds, repeats=repeats)


class Shared:
    """A workload that writes down every set-up."""

    def __init__(self, *bodies: Body, setup_seconds: float = 0.0) -> None:
        self.setup_seconds = setup_seconds
        self.setups: list[tuple[int, Kind]] = []
        self.repeats: list[int] = []
        self.open = 0
        self._bodies = itertools.cycle(bodies)

    @contextmanager
    def copies(self, workers: int, kind: Kind, repeats: int) -> Iterator[Sequence[Body]]:
        self.setups.append((workers, kind))
        self.repeats.append(repeats)
        self.open += 1
        yield [next(self._bodies) for _ in range(workers)]
        self.open -= 1


@dataclass
class Watcher:
    seen: list[tuple[str, float]] = field(default_factory=list)

    def begins(self, what: str, seconds: float) -> None:
        self.seen.append((what, seconds))


class Bench:
    """A clock, its processes and what is measured with them."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.processes = FakeProcesses(self.clock)

    def settings(self, environment: Environment = FREE, **changes: Any) -> Settings:
        return Settings(**{"clock": self.clock, "environment": environment, "limit": AMPLE, "seed": 1, **changes})

    def at_once(self, seconds: float = 0.02) -> Body:
        return lambda: self.clock.work(seconds)

    def in_turn(self, seconds: float = 0.02) -> Body:
        return lambda: self.clock.work_in_turn(seconds)

    def measure(self, body: Any, threads: int = 4, processes: int | None = None, **changes: Any) -> Measurement:
        return measure(body, threads=threads, processes=processes, settings=self.settings(**changes), runner=self.processes)
