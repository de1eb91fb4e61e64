"""Verdicts in plain words with their numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import PurePath

from pytest_gilcheck.scaling.estimate import BUSY, Estimate
from pytest_gilcheck.scaling.measurement import SHORTEST_SECONDS, Measurement
from pytest_gilcheck.verdict import HotLine, Scaling

_Parts = tuple[Measurement, Estimate, str]


def reason(verdict: Scaling, because: str, measurement: Measurement, figures: Estimate) -> str:
    """One sentence: what was measured and what it means."""
    text = _REASONS[verdict](measurement, figures, because)
    if measurement.too_short or measurement.too_long:
        return text
    notes = []
    # Of a body that hardly wants a CPU the share is noise.
    if figures.busy and (figures.cpu_share or 0.0) >= BUSY:
        notes.append(f"the machine was busy ({figures.waiting_for_cpu:.0%} of the wanted CPU time went to others)")
    if measurement.threads != measurement.asked_threads:
        notes.append(f"{measurement.threads} workers instead of {measurement.asked_threads}, to stay near the budget")
    if measurement.processes_missing:
        notes.append(f"without processes: {measurement.processes_missing.splitlines()[0]}")
    if measurement.environment.gil == "re-enabled":
        by = measurement.environment.gil_reenabled_by
        notes.append("the GIL of this free-threaded build is switched on" + (f" by {by}" if by else ""))
    return "; ".join([text, *notes])


def advice(verdict: Scaling, figures: Estimate, hot_lines: tuple[HotLine, ...]) -> str | None:
    """What would help, or ``None`` where threads do."""
    if verdict is Scaling.GIL_BOUND:
        return _gil_advice(figures, hot_lines)
    return _ADVICE.get(verdict)


def _gil_advice(figures: Estimate, hot_lines: tuple[HotLine, ...]) -> str:
    parts = []
    if figures.speedup_processes is not None and figures.speedup_processes >= 1.2:
        parts.append(f"processes help (×{figures.speedup_processes:.2f} here)")
    elif figures.speedup_processes is not None:
        parts.append(f"processes do not share the GIL, though they gained nothing here (×{figures.speedup_processes:.2f})")
    else:
        parts.append("processes do not share the GIL")
    if hot_lines:
        line = hot_lines[0]
        where = f"{PurePath(line.file).name}:{line.line}"
        if line.kind == "c-call":
            parts.append(
                f"{where} is one C call that never lets go of the GIL ({line.share:.0%} of the held time): split it up, or "
                "use a library that releases the GIL"
            )
        elif line.kind == "unclear":
            parts.append(
                f"{where} holds it most ({line.share:.0%} of the held time): move that loop into code that releases the "
                "GIL, or split it up if it is one C call, which cannot be told on a busy machine"
            )
        else:
            parts.append(
                f"the byte code at {where} holds it most ({line.share:.0%} of the held time): move that loop into code "
                "that releases the GIL"
            )
    return "; ".join(parts)


_ADVICE = {
    Scaling.PARTLY_GIL_BOUND: "a few threads help until their shares of the GIL add up to one; beyond that, processes",
    Scaling.LOCK_BOUND: "hold the lock for less of the work, or give each thread its own",
    Scaling.SHARED_RESOURCE: "neither threads nor processes get around the resource; reduce its use",
}


def speedups(measurement: Measurement, figures: Estimate) -> str:
    """``threads ×1.02, processes ×1.91 on 2 CPUs``."""
    parts = []
    if figures.speedup_threads is not None:
        parts.append(f"{measurement.threads} threads ×{figures.speedup_threads:.2f}")
    if figures.speedup_processes is not None:
        parts.append(f"{measurement.processes} processes ×{figures.speedup_processes:.2f}")
    cpus = measurement.environment.cpus
    return f"{', '.join(parts)} on {cpus:g} CPU{'' if cpus == 1 else 's'}"


def _percent(value: float | None) -> str:
    return "an unknown share" if value is None else f"{value:.0%}"


def _gil_bound(m: Measurement, e: Estimate, because: str) -> str:
    who = "the body's own threads together hold" if because == "inside" else "the body holds"
    return f"{speedups(m, e)}; {who} the GIL {_percent(e.gil_share)} of its time"


def _partly(m: Measurement, e: Estimate, _: str) -> str:
    return (
        f"{speedups(m, e)}; the body holds the GIL {_percent(e.gil_share)} of its time, "
        f"so about {_useful_threads(e)} threads fill it"
    )


def _useful_threads(e: Estimate) -> str:
    return "a few" if not e.gil_share else f"{max(1.0, 1 / e.gil_share):.0f}"


def _lock_bound(m: Measurement, e: Estimate, _: str) -> str:
    held = "" if e.gil_share is None else f"the GIL is free ({_percent(e.gil_share)} held), yet "
    return f"{speedups(m, e)}; {held}the threads wait for one another: a lock in this process"


def _shared(m: Measurement, e: Estimate, because: str) -> str:
    if because == "contention":
        return f"{speedups(m, e)}; the threads run at once, but slow one another down over shared objects or memory"
    return (
        f"{speedups(m, e)}; threads and processes slow down alike "
        f"(×{e.slowdown_threads:.1f} and ×{e.slowdown_processes:.1f} longer): they wait for a resource that they share"
    )


def _releases(m: Measurement, e: Estimate, _: str) -> str:
    if not m.environment.has_gil:
        return f"{speedups(m, e)}; this interpreter runs without the GIL and the threads run at once"
    return f"{speedups(m, e)}; the body holds the GIL only {_percent(e.gil_share)} of its time"


def _io(m: Measurement, e: Estimate, _: str) -> str:
    return f"{speedups(m, e)}; the body waits {_percent(1 - (e.cpu_share or 0.0))} of its time, and the waits overlap"


def _parallel(m: Measurement, e: Estimate, _: str) -> str:
    return f"{speedups(m, e)}; the body keeps {e.other_cpu:.1f} CPUs busy with threads of its own already"


def _too_short(m: Measurement, e: Estimate, _: str) -> str:  # noqa: ARG001 - one signature for all
    return f"one call takes {m.shortest * 1e3:.3g} ms; below {SHORTEST_SECONDS * 1e3:g} ms starting a thread costs as much"


def _inconclusive(m: Measurement, e: Estimate, because: str) -> str:
    if m.too_long:
        needed = m.shortest * (1 + m.asked_threads * (1 + 1 / m.environment.cpus))
        return (
            f"one call takes {m.shortest:.3g} s, too long for the budget; "
            f"{m.asked_threads} threads take about {math.ceil(needed)} s: allow that with seconds= or --gilcheck-seconds"
        )
    return f"{speedups(m, e)}; {because}"


def _skipped(m: Measurement, e: Estimate, because: str) -> str:  # noqa: ARG001 - one signature for all
    return because


_REASONS: dict[Scaling, Callable[[Measurement, Estimate, str], str]] = {
    Scaling.GIL_BOUND: _gil_bound,
    Scaling.PARTLY_GIL_BOUND: _partly,
    Scaling.LOCK_BOUND: _lock_bound,
    Scaling.SHARED_RESOURCE: _shared,
    Scaling.RELEASES_GIL: _releases,
    Scaling.IO_BOUND: _io,
    Scaling.PARALLEL_INSIDE: _parallel,
    Scaling.TOO_SHORT: _too_short,
    Scaling.INCONCLUSIVE: _inconclusive,
    Scaling.SKIPPED: _skipped,
}
