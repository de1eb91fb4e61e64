"""How a worker process comes to be: forked from a pytest that has collected the tests, or spawned as one of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Protocol

import psutil

from pytest_gilcheck.environment import usable_cpus
from pytest_gilcheck.plugin.station import Station
from pytest_gilcheck.scaling.conduct import receive, send
from pytest_gilcheck.scaling.failures import ProcessesUnavailable
from pytest_gilcheck.scaling.processes import describe_exit

# A collection that takes longer than this in the second pytest is given up.
_START_SECONDS = 300.0


class Launcher(Protocol):
    """One way to get a worker."""

    most: int

    def launch(self) -> Member:
        """A new worker; raises :class:`ProcessesUnavailable`."""

    def exit_code(self, member: Member) -> int | None:
        """How a worker ended, or ``None`` if that cannot be told."""

    def close(self) -> None:
        """End what is needed to launch workers."""


def launcher(station: Station) -> Launcher:
    """Forking where that is possible and safe, else spawning."""
    if not hasattr(os, "fork") or sys.platform == "darwin":
        return Spawning(station)
    forking = Forking(station)
    if forking.threads > 1:
        # A fork copies one thread and the locks that the others hold.
        forking.close()
        return Spawning(station)
    return forking


class Member:
    """One worker process."""

    def __init__(self, station: Station, launcher: Launcher, role: str, pid: int, connection: Connection) -> None:
        self.name = role
        self.connection = connection
        self.pid = pid
        self.dead = False
        self._role = role
        self._station = station
        self._launcher = launcher

    def obituary(self) -> str:
        """How it ended, and its last output."""
        self.dead = True
        code = self._launcher.exit_code(self)
        return describe_exit(code) + self._station.tail(self._role)

    def kill(self) -> None:
        """End it at once, with the processes that it has started."""
        self.dead = True
        with suppress(psutil.Error):
            process = psutil.Process(self.pid)
            for each in [*process.children(recursive=True), process]:
                with suppress(psutil.Error):
                    each.kill()
            self._launcher.exit_code(self)
        self.connection.close()

    def lines(self, limit: float) -> dict[str, list[int]]:
        """The lines of the run that it was prepared for with ``lines``. Raises :class:`ProcessesUnavailable`."""
        try:
            send(self.connection, {"op": "lines"})
            if not self.connection.poll(limit):
                self.kill()
                raise ProcessesUnavailable(f"{self.name} did not tell its lines within {limit:.3g} s and was killed")
            answer = receive(self.connection)
        except (EOFError, OSError) as error:
            raise ProcessesUnavailable(f"{self.name} died: {self.obituary()}") from error
        if "unavailable" in answer:
            raise ProcessesUnavailable(f"{self.name}: {answer['unavailable']}")
        lines = answer["lines"]
        assert isinstance(lines, dict)
        return lines

    def ask_to_leave(self) -> None:
        """Let it tear down what it has set up."""
        try:
            send(self.connection, {"op": "leave"})
        except OSError:
            self.dead = True

    def farewell(self, deadline: float) -> list[str]:
        """Wait for its last message: what went wrong in it that no test has reported."""
        if self.dead:
            return []
        name = f"worker process {self._role}"
        try:
            if not self.connection.poll(max(0.0, deadline - time.monotonic())):
                return [f"{name} did not end in time and was killed"]
            notes = receive(self.connection)["notes"]
        except (EOFError, OSError):
            return [f"{name} died: {self.obituary()}"]
        assert isinstance(notes, list)
        return [f"{name} {note}" for note in notes]


class Forking:
    """A zygote: one pytest that has collected the tests and forks a worker whenever it is asked to."""

    most = 256

    def __init__(self, station: Station) -> None:
        self._station = station
        self._number = 0
        self._process = station.start_pytest("zygote", 0)
        try:
            self._connection, hello = station.accept(self._process, "zygote0", _START_SECONDS)
        except BaseException:
            self._end()
            raise
        threads = hello["threads"]
        assert isinstance(threads, int)
        self.threads = threads

    def launch(self) -> Member:
        """Fork one."""
        self._number += 1
        role = f"worker{self._number}"
        try:
            send(self._connection, {"op": "fork", "role": json.loads(self._station.role("worker", self._number))})
            pid = receive(self._connection)["pid"]
        except (EOFError, OSError) as error:
            reason = f"the pytest that forks the workers has ended{self._station.tail('zygote0')}"
            raise ProcessesUnavailable(reason) from error
        assert isinstance(pid, int)
        connection, _ = self._station.accept(None, role, 30.0)
        return Member(self._station, self, role, pid, connection)

    def exit_code(self, member: Member) -> int | None:
        """Ask the zygote, whose child it was."""
        try:
            send(self._connection, {"op": "reap", "pid": member.pid})
            code = receive(self._connection)["code"]
        except (EOFError, OSError):
            return None
        assert code is None or isinstance(code, int)
        return code

    def close(self) -> None:
        """End the zygote and, with it, what is left of its children."""
        self._connection.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._end()

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()


class Spawning:
    """Each worker is a pytest of its own: where there is no fork, or where it would not be safe."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self._number = 0
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        # Each collects on its own, so there are only as many as can run at once.
        self.most = max(2, usable_cpus())

    def launch(self) -> Member:
        """Start one."""
        self._number += 1
        role = f"worker{self._number}"
        process = self._station.start_pytest("worker", self._number)
        try:
            connection, _ = self._station.accept(process, role, _START_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
        self._processes[process.pid] = process
        return Member(self._station, self, role, process.pid, connection)

    def exit_code(self, member: Member) -> int | None:
        """How its process ended."""
        try:
            return self._processes[member.pid].wait(2.0)
        except subprocess.TimeoutExpired:
            return None

    def close(self) -> None:
        """Nothing is left once the workers have ended."""
