"""Everything one measurement saw, as plain values: what estimating and classifying work from."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.scaling.probe import GilSample
from pytest_gilcheck.scaling.reading import Run

#: A body shorter than this (seconds) cannot be measured in threads: starting them costs as much.
SHORTEST_SECONDS = 0.002


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The runs and samples of one body.

    ``threads`` and ``processes`` are the numbers of workers that were run (``processes`` 0: none, and
    ``processes_missing`` says why); ``asked_threads`` what was asked for. ``seconds`` is what the measurement cost.
    """

    environment: Environment
    asked_threads: int
    threads: int
    processes: int
    processes_missing: str | None
    shortest: float
    solo: tuple[Run, ...]
    in_threads: tuple[Run, ...]
    in_processes: tuple[Run, ...]
    gil: tuple[GilSample, ...]
    gil_fast: tuple[GilSample, ...]
    seconds: float

    @property
    def too_short(self) -> bool:
        """Whether one call of the body is too short to say anything about threads."""
        return self.shortest < SHORTEST_SECONDS

    @property
    def too_long(self) -> bool:
        """Whether it was given up after one run, because the rest would have taken many times the budget."""
        return not self.too_short and not self.in_threads
