"""Time as an argument: what the engine asks of a clock, and the real one."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Protocol

import psutil

if sys.platform == "linux":
    import resource

_SCHEDSTAT = "/proc/thread-self/schedstat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the calling thread has used so far, in seconds.

    ``cpu`` is time on a CPU; ``delay`` is time it was runnable but waited for a CPU (the kernel's run-queue delay), or
    ``None`` where the system does not tell. ``blocks`` counts how often it gave its CPU up to wait for something (voluntary
    context switches), or is ``None``.
    """

    cpu: float
    delay: float | None
    blocks: int | None = None

    def since(self, earlier: Usage) -> Usage:
        """The difference between this reading and an ``earlier`` one of the same thread."""
        delay = None if self.delay is None or earlier.delay is None else self.delay - earlier.delay
        blocks = None if self.blocks is None or earlier.blocks is None else self.blocks - earlier.blocks
        return Usage(cpu=self.cpu - earlier.cpu, delay=delay, blocks=blocks)


class Clock(Protocol):
    """The readings that a measurement takes. All values are seconds."""

    def now(self) -> float:
        """A monotonic time that every process of the machine shares."""

    def sleep(self, seconds: float) -> None:
        """Let the calling thread wait, without the GIL."""

    def usage(self) -> Usage:
        """CPU time and run-queue delay of the calling thread so far."""

    def process_cpu(self) -> float:
        """CPU time of all threads of this process so far."""

    def disk_bytes(self) -> int | None:
        """Bytes this process moved to and from storage so far, or ``None`` where the system does not tell."""


class SystemClock:
    """The machine's own clocks.

    ``perf_counter`` is CLOCK_MONOTONIC on Linux, mach time on macOS and QPC on Windows: one origin for all processes.
    The run-queue delay is the second field of ``/proc/thread-self/schedstat`` (Linux, nanoseconds).
    """

    now = staticmethod(time.perf_counter)
    process_cpu = staticmethod(time.process_time)

    def sleep(self, seconds: float) -> None:
        """Sleep; nothing for what is already past."""
        if seconds > 0:
            time.sleep(seconds)

    def disk_bytes(self) -> int | None:
        """As psutil has it (not on macOS)."""
        try:
            counters = psutil.Process().io_counters()
        except (AttributeError, OSError, psutil.Error):
            return None
        return int(counters.read_bytes + counters.write_bytes)

    def usage(self) -> Usage:
        """Read the counters of the calling thread."""
        return Usage(cpu=time.thread_time(), delay=run_queue_delay(), blocks=voluntary_switches())


def voluntary_switches() -> int | None:
    """How often the calling thread has blocked so far (Linux; elsewhere ``None``)."""
    if sys.platform != "linux":
        return None
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw


def run_queue_delay() -> float | None:
    """Seconds for which the calling thread was runnable without a CPU, or ``None`` where the kernel does not count."""
    try:
        with open(_SCHEDSTAT, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib would double the cost of a reading
            return int(file.read().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return None
