"""The record of one scaling check: what crosses from where it was measured to the reports and the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pytest_gilcheck.verdict import FLAGGED, HotLine, Scaling


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingRecord:
    """One test's scaling verdict with its figures; a figure is ``None`` where there was nothing to measure.

    ``details`` is longer text that belongs to the reason, such as a process's output. ``threads`` and ``processes`` are how
    many workers ran. ``expectation`` is ``None`` (nothing was expected), ``"met"``, ``"broken"`` or ``"unchecked"``, and
    ``expected`` says what was expected and why it is not met. ``failed`` is set when a rerun failed the test. ``seconds`` is
    what the check cost.
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
    hot_lines: tuple[HotLine, ...] = ()
    expectation: str | None = None
    expected: str | None = None
    failed: bool = False
    seconds: float = 0.0

    @property
    def flagged(self) -> bool:
        """Whether the user should hear of it on every run."""
        undecided = self.expectation == "unchecked"
        return self.verdict in FLAGGED or self.expectation == "broken" or undecided or self.failed

    def to_builtins(self) -> dict[str, Any]:
        """Exact builtins: what JSON and a worker's message can carry."""
        plain = asdict(self)
        plain["verdict"] = self.verdict.value
        plain["hot_lines"] = [asdict(line) for line in self.hot_lines]
        return plain

    @classmethod
    def from_builtins(cls, plain: Mapping[str, Any]) -> ScalingRecord:
        """The inverse of :meth:`to_builtins`."""
        known = {field.name: plain[field.name] for field in fields(cls) if field.name in plain}
        known["verdict"] = Scaling(plain["verdict"])
        known["hot_lines"] = tuple(HotLine(**line) for line in plain.get("hot_lines", ()))
        return cls(**known)
