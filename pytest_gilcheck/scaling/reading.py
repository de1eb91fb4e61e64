"""What one run of the body yields: a reading for each worker, and the figures of the run as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# No run takes less; a clock that ticks coarsely may say so.
_TICK = 1e-9


class Kind(StrEnum):
    """How the copies of a body were run."""

    SOLO = "solo"
    THREADS = "threads"
    PROCESSES = "processes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One worker's part of a run: seconds on the shared clock, CPU time and run-queue delay of its thread.

    ``process_cpu`` is the CPU time of all threads of its process meanwhile, ``blocks`` how often the thread blocked.
    """

    start: float
    end: float
    cpu: float
    delay: float | None
    process_cpu: float
    blocks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All the workers of one run.

    ``released`` is the common start time, ``repeats`` how often each worker ran the body, ``process_cpu`` the CPU time
    of every thread of the process(es) together, ``disk_bytes`` what the process moved to and from storage meanwhile
    (``None`` where the system does not tell, or nobody asked).
    """

    kind: Kind
    released: float
    repeats: int
    readings: tuple[Reading, ...]
    process_cpu: float
    disk_bytes: int | None = None

    @property
    def workers(self) -> int:
        """How many copies ran at once."""
        return len(self.readings)

    @property
    def wall(self) -> float:
        """Seconds from the common start until the last worker was done."""
        return max(max(r.end for r in self.readings) - self.released, _TICK)

    @property
    def cpu(self) -> float:
        """CPU seconds of the workers' own threads."""
        return sum(r.cpu for r in self.readings)

    @property
    def delay(self) -> float | None:
        """Seconds the workers were runnable without a CPU, or ``None`` where the system does not tell."""
        delays = [r.delay for r in self.readings]
        return None if any(d is None for d in delays) else sum(d for d in delays if d is not None)

    @property
    def runnable(self) -> float:
        """How many workers wanted a CPU on average: (CPU time + run-queue delay) / wall."""
        return (self.cpu + (self.delay or 0.0)) / self.wall

    @property
    def used(self) -> float:
        """How many CPUs the workers' own threads used on average; above 1, some ran at the same moment."""
        return self.cpu / self.wall

    @property
    def blocks(self) -> float | None:
        """How often a worker blocked, on average, or ``None`` where the system does not tell."""
        counts = [r.blocks for r in self.readings]
        return None if any(c is None for c in counts) else sum(c for c in counts if c is not None) / len(counts)

    @property
    def other_cpu(self) -> float:
        """CPU seconds of threads that the body itself keeps busy."""
        return max(0.0, self.process_cpu - self.cpu)
