"""What of one scaling measurement is kept to compare later ones with, and the machine that it was taken on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import UNDECIDED, Scaling

# Two digits behind the point: a share is not known better, and a file that is reviewed should not change for less.
_DECIMALS = 2
# Seconds have very different sizes; so many digits of them.
_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The fingerprint of a machine and an interpreter: wall-clock figures are comparable only where all of it is the same.

    ``cpus`` are those that the process can use at once, ``python`` is the minor version (with ``t`` for a free-threaded
    build). A frequency is not in it: it changes while one looks.
    """

    cpu_model: str
    cpus: float
    gil: str
    implementation: str
    python: str
    system: str

    @classmethod
    def of(cls, environment: Environment) -> Machine:
        """That of ``environment``; the release of the system is left out."""
        words = environment.platform.split()
        version = environment.python
        return cls(
            cpu_model=environment.cpu_model,
            cpus=environment.cpus,
            gil=environment.gil,
            implementation=environment.implementation,
            python=".".join(version.split(".")[:2]) + ("t" if version.endswith("t") else ""),
            system=" ".join(dict.fromkeys([*words[:1], *words[-1:]])),
        )

    def differences(self, other: Machine) -> list[str]:
        """What is not the same, each as ``python 3.12, not 3.13``; ``other`` is what it should be."""
        pairs = [(f.name, getattr(self, f.name), getattr(other, f.name)) for f in fields(self)]
        return [f"{name.replace('_', ' ')} {here}, not {there}" for name, here, there in pairs if here != there]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The verdict of one measurement with the figures that speak for it, rounded.

    ``single_runs`` and ``thread_runs`` are the seconds per call in each run, in pairs that ran one after the other.
    """

    verdict: Scaling
    machine: Machine
    threads: int | None = None
    gil_share: float | None = None
    runnable_ratio: float | None = None
    speedup_threads: float | None = None
    waiting_for_cpu: float | None = None
    single_runs: tuple[float, ...] = ()
    thread_runs: tuple[float, ...] = ()

    @classmethod
    def of(cls, record: ScalingRecord, machine: Machine) -> Figures:
        """Those of ``record``, measured on ``machine``."""
        return cls(
            verdict=record.verdict,
            machine=machine,
            threads=record.threads,
            gil_share=_rounded(record.gil_share),
            runnable_ratio=_rounded(record.runnable_ratio),
            speedup_threads=_rounded(record.speedup_threads),
            waiting_for_cpu=_rounded(record.waiting_for_cpu),
            single_runs=tuple(_shortened(run) for run in record.single_runs),
            thread_runs=tuple(_shortened(run) for run in record.thread_runs),
        )

    @property
    def decided(self) -> bool:
        """Whether the verdict says anything about the body."""
        return self.verdict not in UNDECIDED

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins, without the machine; what is missing is left out."""
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in {"machine", "verdict"}}
        kept = {name: list(v) if isinstance(v, tuple) else v for name, v in plain.items() if v is not None and v != ()}
        return {"verdict": self.verdict.value, **kept}


def decided(records: Mapping[str, ScalingRecord], machine: Machine) -> dict[str, Figures]:
    """The figures of those ``records`` whose verdict says anything."""
    return {test: Figures.of(record, machine) for test, record in records.items() if record.verdict not in UNDECIDED}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), _DECIMALS)


def _shortened(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
