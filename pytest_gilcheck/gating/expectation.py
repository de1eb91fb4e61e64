"""What an author expects of one test, compared with its record: met, broken, or unchecked. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import UNDECIDED, Scaling

_MEETS = {
    "scales": frozenset({Scaling.RELEASES_GIL, Scaling.IO_BOUND}),
    "gil-bound": frozenset({Scaling.GIL_BOUND}),
    "io-bound": frozenset({Scaling.IO_BOUND}),
}

#: Above this share of denied CPU time a low speed-up may be the machine's fault.
TOO_LOADED = 0.15

# A body that only computes cannot speed up by more than the CPUs there are; this much of them is asked in vain.
_REACHABLE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """``outcome`` is ``None`` (nothing was expected), ``met``, ``broken`` or ``unchecked``; ``why`` is a sentence.

    ``loaded``: it is unchecked because the machine was too busy to tell.
    """

    outcome: str | None
    why: str | None = None
    loaded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """``verdict`` is ``scales``, ``gil-bound``, ``io-bound`` or ``None``; ``min_speedup`` the least speed-up in threads."""

    verdict: str | None = None
    min_speedup: float | None = None

    def judge(self, record: ScalingRecord, cpus: float) -> Judged:
        """Compare with ``record``, measured on ``cpus`` CPUs."""
        if self.verdict is None and self.min_speedup is None:
            return Judged(outcome=None)
        if record.verdict in UNDECIDED:
            return Judged(outcome="unchecked", why=f"{self} cannot be checked: {record.verdict}: {record.reason}")
        if self.verdict is not None and record.verdict not in _MEETS[self.verdict]:
            why = f"expect={self.verdict!r}, but it is {record.verdict}: {record.reason}"
            return Judged(outcome="broken", why=f"{why}; {record.advice}" if record.advice else why)
        return self._speedup(record, cpus)

    def _speedup(self, record: ScalingRecord, cpus: float) -> Judged:
        least, got = self.min_speedup, record.speedup_threads
        if least is None or (got is not None and got >= least):
            return Judged(outcome="met")
        if got is None:
            return Judged(outcome="unchecked", why=f"{self} cannot be checked: no speed-up was measured")
        if record.verdict is Scaling.RELEASES_GIL and least > _REACHABLE * cpus:
            return Judged(outcome="unchecked", why=f"{self} cannot be checked on {cpus:g} CPUs: ×{got:.2f} here")
        waiting = record.waiting_for_cpu or 0.0
        if waiting > TOO_LOADED:
            why = f"{self} cannot be checked: {waiting:.0%} of the wanted CPU time went to others (×{got:.2f} here)"
            return Judged(outcome="unchecked", why=why, loaded=True)
        return Judged(outcome="broken", why=f"{self}, but threads give ×{got:.2f}: {record.reason}")

    def __str__(self) -> str:
        parts = []
        if self.verdict is not None:
            parts.append(f"expect={self.verdict!r}")
        if self.min_speedup is not None:
            parts.append(f"min_speedup={self.min_speedup:g}")
        return " and ".join(parts)
