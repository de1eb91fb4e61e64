"""Figures of measurements for the tests of the gates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_gilcheck.gating.figures import Figures, Machine
from pytest_gilcheck.verdict import Scaling

MACHINE = Machine(
    cpu_model="a processor", cpus=2, gil="enabled", implementation="CPython", python="3.12", system="Linux x86_64"
)

_USUAL: dict[Scaling, dict[str, Any]] = {
    Scaling.GIL_BOUND: {"gil_share": 0.98, "runnable_ratio": 0.27, "speedup_threads": 1.0},
    Scaling.PARTLY_GIL_BOUND: {"gil_share": 0.5, "runnable_ratio": 0.5, "speedup_threads": 1.4},
    Scaling.LOCK_BOUND: {"gil_share": 0.01, "runnable_ratio": 0.26, "speedup_threads": 1.0},
    Scaling.SHARED_RESOURCE: {"gil_share": 0.01, "runnable_ratio": 1.0, "speedup_threads": 1.0},
    Scaling.RELEASES_GIL: {"gil_share": 0.02, "runnable_ratio": 1.0, "speedup_threads": 1.9},
    Scaling.IO_BOUND: {"gil_share": 0.0, "runnable_ratio": 1.0, "speedup_threads": 3.9},
    Scaling.PARALLEL_INSIDE: {"gil_share": 0.05, "runnable_ratio": 1.0, "speedup_threads": 1.0},
}


def figures(verdict: Scaling, **changes: Any) -> Figures:
    """Those of an ordinary measurement with this verdict, in 4 threads."""
    return replace(Figures(verdict=verdict, machine=MACHINE, threads=4, **_USUAL.get(verdict, {})), **changes)
