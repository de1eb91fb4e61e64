"""The scaling engine: does a body get faster in threads, and if not, why. Runs without pytest."""

from pytest_gilcheck.scaling.classify import classify
from pytest_gilcheck.scaling.estimate import Estimate, estimate
from pytest_gilcheck.scaling.failures import NotRepeatable, WorkerFailure, WorkersFailed
from pytest_gilcheck.scaling.hotlines import hot_lines
from pytest_gilcheck.scaling.measure import Settings, measure
from pytest_gilcheck.scaling.measurement import Measurement

__all__ = [
    "Estimate",
    "Measurement",
    "NotRepeatable",
    "Settings",
    "WorkerFailure",
    "WorkersFailed",
    "classify",
    "estimate",
    "hot_lines",
    "measure",
]
