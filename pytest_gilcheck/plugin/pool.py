"""The worker processes of a session, kept warm, and what runs one test in them."""

from __future__ import annotations

import time

import pytest

from pytest_gilcheck.plugin.launch import Launcher, Member, launcher
from pytest_gilcheck.plugin.station import Station
from pytest_gilcheck.scaling.clock import SystemClock
from pytest_gilcheck.scaling.conduct import conduct
from pytest_gilcheck.scaling.failures import ProcessesUnavailable, WorkersFailed
from pytest_gilcheck.scaling.reading import Run

# How long a worker gets to tear down its wider fixtures when the session ends.
_LEAVE_SECONDS = 10.0


class Pool:
    """Worker processes kept warm for one session; nothing is started before :meth:`ready`."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._unavailable: str | None = None
        self._station: Station | None = None
        self._launcher: Launcher | None = None
        self._members: list[Member] = []
        self.notes: list[str] = []

    def runner(self, test: str) -> ItemRunner:
        """What runs the test with this id."""
        return ItemRunner(self, test)

    def ready(self) -> None:
        """Start the second pytest, once; raises :class:`ProcessesUnavailable` each time when that failed."""
        if self._unavailable is not None:
            raise ProcessesUnavailable(self._unavailable)
        if self._launcher is not None:
            return
        self._station = self._station or Station(self._config)
        try:
            self._launcher = launcher(self._station)
        except ProcessesUnavailable as error:
            self._unavailable = str(error)
            raise

    def members(self, count: int) -> list[Member]:
        """``count`` living workers (fewer where each is a pytest of its own), new ones in place of the dead."""
        assert self._launcher is not None
        count = min(count, self._launcher.most)
        self._members = [member for member in self._members if not member.dead]
        while len(self._members) < count:
            self._members.append(self._launcher.launch())
        chosen = self._members[:count]
        for number, member in enumerate(chosen, start=1):
            member.name = f"process {number} of {count}"
        return chosen

    def close(self) -> None:
        """End all workers; what their wider fixtures raised when they were torn down is added to ``notes``."""
        for member in self._members:
            member.ask_to_leave()
        deadline = time.monotonic() + _LEAVE_SECONDS
        for member in self._members:
            self.notes += member.farewell(deadline)
            member.kill()
        self._members.clear()
        if self._launcher is not None:
            self._launcher.close()
        if self._station is not None:
            self._station.close()
        self._launcher = self._station = None
        self._unavailable = self._unavailable or "the session is over"


class ItemRunner:
    """Runs one test in the pool's workers."""

    def __init__(self, pool: Pool, test: str) -> None:
        self._pool = pool
        self._test = test

    def ready(self) -> None:
        """See :meth:`Pool.ready`."""
        self._pool.ready()

    def run(self, workers: int, repeats: int, limit: float) -> Run:
        """See :class:`~pytest_gilcheck.scaling.processes.ProcessRunner`."""
        return self._conduct(self._pool.members(workers), repeats, limit)

    def lines(self, workers: int, limit: float) -> dict[str, list[int]]:
        """One run of ``workers`` copies whose lines are recorded, by file. Raises what :meth:`run` raises."""
        members = self._pool.members(workers)
        self._conduct(members, 1, limit, lines=True)
        found: dict[str, set[int]] = {}
        for member in members:
            for file, numbers in member.lines(limit).items():
                found.setdefault(file, set()).update(numbers)
        return {file: sorted(numbers) for file, numbers in found.items()}

    def _conduct(self, members: list[Member], repeats: int, limit: float, **more: object) -> Run:
        request = {"op": "prepare", "test": self._test, "count": len(members), "repeats": repeats, **more}
        requests = [{**request, "index": index} for index in range(len(members))]
        try:
            return conduct(members, requests, repeats, SystemClock(), limit)
        except (WorkersFailed, ProcessesUnavailable):
            raise
        except BaseException:
            # An interrupt: they are in the middle of something and would not hear that they are to leave.
            for member in members:
                member.kill()
            raise
