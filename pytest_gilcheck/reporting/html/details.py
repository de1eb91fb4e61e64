"""What the page shows of one test when it is opened, as data: texts and figures are made here, the page lays them out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median
from typing import Any, TypeGuard

from pytest_gilcheck.record import RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.html.levels import of_scaling, of_search
from pytest_gilcheck.reporting.html.rows import Row, known, share, speedup
from pytest_gilcheck.reporting.text import duration
from pytest_gilcheck.verdict import Hazard, HotLine

#: More digits than a picture can show would only make the file larger.
_DIGITS = 4

_COVERED = {
    "exhausted": "all interleavings",
    "sampled": "a sample of the interleavings",
    "cut": "not all of them: the budget ended the search",
}
_WITH_GIL = {True: "yes", False: "no: on free-threaded builds only"}
_HELD_BY = {
    "c-call": "one C call that never lets go of the GIL",
    "bytecode": "byte code",
    "unclear": "byte code or a C call",
}

Facts = list[tuple[str, str]]


def details(row: Row, cpus: float, trend: Sequence[object]) -> dict[str, Any]:
    """Exact builtins; what there is nothing to say of is left out. Texts are as they came: the page shows escapes for what
    could garble it. ``trend`` are its runs as :class:`~pytest_gilcheck.reporting.html.trend.Columns` has them."""
    scaling, race = row.checked.scaling, row.checked.race
    token = None if race is None else race.token
    found = {
        "replay": row.replay,
        "token": token if row.replay is None else None,
        "race": None if race is None else _race(race),
        "scaling": None if scaling is None else _scaling(scaling, cpus),
        "trend": trend,
    }
    return _without_nothing(found)


def _race(record: RaceRecord) -> dict[str, Any]:
    return {
        "word": record.verdict.value,
        "level": of_search(record),
        "reason": record.reason,
        "facts": _searched(record),
        "orders": [record.orders_seen, record.orders_total] if record.orders_total else None,
        "story": record.story,
        "hazards": [_hazard(hazard) for hazard in record.hazards],
        "uncontrolled": list(record.uncontrolled),
    }


def _searched(record: RaceRecord) -> Facts:
    """What was done to come to the verdict."""
    if not record.schedules:
        return []
    bound = "" if record.preemption_bound is None else f", at most {record.preemption_bound} preemptions"
    pairs = f"{record.conflicts:,}, in {record.orders_seen:,} of {record.orders_total:,} orders"
    facts = [
        ("kind of failure", record.kind),
        ("found", _found(record)),
        ("context switches", None if record.switches is None else f"{record.switches:,}"),
        ("possible with the GIL", None if record.gil_feasible is None else _WITH_GIL[record.gil_feasible]),
        ("covered", f"{_COVERED.get(record.coverage, record.coverage)}{bound}" if record.coverage else None),
        ("schedules run", f"{record.schedules:,}"),
        ("left out as equivalent", f"{record.pruned:,}" if record.pruned else None),
        ("pairs of accesses that conflict", pairs if record.conflicts else None),
        ("copies of the body", None if record.threads is None else str(record.threads)),
        ("strategy", record.strategy and f"{record.strategy}, seed {record.seed}"),
        ("took", duration(record.seconds)),
    ]
    return [(name, said) for name, said in facts if said]


def _found(record: RaceRecord) -> str | None:
    if record.first_failure is None:
        return None
    if record.token is None:
        return f"in run {record.first_failure:,}, which no schedule shows again"
    return f"on schedule {record.first_failure:,}{_after(record)}"


def _after(record: RaceRecord) -> str:
    return "" if not record.found_after else f", after {duration(record.found_after)}"


def _hazard(hazard: Hazard) -> dict[str, Any]:
    places = [
        {
            "thread": place.thread,
            "at": f"{place.file}:{place.line}",
            "function": place.function,
            "source": place.source,
            "act": place.act,
            "locks": list(place.locks),
        }
        for place in hazard.places
    ]
    return {"kind": hazard.kind, "text": hazard.text, "places": places}


def _scaling(record: ScalingRecord, cpus: float) -> dict[str, Any]:
    return {
        "word": record.verdict.value,
        "level": of_scaling(record.verdict),
        "reason": record.reason,
        "advice": record.advice,
        "details": record.details,
        "expected": record.expected if record.expectation != "met" else None,
        "bars": bars(record),
        "cpus": figure(cpus),
        "gil": figure(record.gil_share),
        "facts": _measured(record),
        "hot": [_hot(line) for line in record.hot_lines],
    }


def bars(record: ScalingRecord) -> list[dict[str, Any]]:
    """The runs alone, in threads and in processes: the speed-up (the figure of the verdict), that of each run, and the
    ideal, which is as many times as there are workers. Nothing where threads were not measured."""
    if not known(record.speedup_threads):
        return []
    one = median(record.single_runs) if record.single_runs else record.single_seconds
    found = [_bar("alone", 1, 1.0, record.single_runs, one)]
    if record.threads:
        found.append(_bar(f"{record.threads} threads", record.threads, record.speedup_threads, record.thread_runs, one))
    if record.processes and known(record.speedup_processes):
        label = f"{record.processes} processes"
        found.append(_bar(label, record.processes, record.speedup_processes, record.process_runs, one))
    return found


def _bar(label: str, workers: int, speed: float, runs: Sequence[float], one: float | None) -> dict[str, Any]:
    """``runs`` and ``one`` are seconds per call."""
    each = [one / run for run in runs if known(run) and run > 0] if known(one) and one else []
    return {
        "label": label,
        "ideal": workers,
        "speedup": figure(speed),
        "said": speedup(speed),
        "runs": [figure(run) for run in each],
        "spread": f"×{min(each):.2f} to ×{max(each):.2f}" if len(each) > 1 else "one run" if each else "",
        "call": duration(median(runs)) if runs else "",
    }


def _measured(record: ScalingRecord) -> Facts:
    ratio = record.runnable_ratio
    facts = [
        ("share of its time on a CPU", share(record.cpu_share)),
        ("threads that wanted to run, for each process that did", f"{ratio:.2f}" if known(ratio) else ""),
        ("CPU time that other programs took", share(record.waiting_for_cpu)),
        ("took", duration(record.seconds) if record.seconds else ""),
    ]
    return [(name, said) for name, said in facts if said]


def _hot(line: HotLine) -> dict[str, Any]:
    return {
        "share": figure(line.share),
        "said": share(line.share),
        "at": f"{_file_name(line.file)}:{line.line}",
        "path": line.file,
        "function": line.function,
        "source": line.source,
        "by": _HELD_BY.get(line.kind, line.kind),
        "inside": line.inside,
    }


def _file_name(path: str) -> str:
    """The last part of a path of this system or another one."""
    return path.replace("\\", "/").rpartition("/")[2]


def _is_figure(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and math.isfinite(value)


def _without_nothing(found: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _without_nothing(value) if isinstance(value, dict) and name != "story" else value
        for name, value in found.items()
        if value not in (None, [], "")
    }


def figure(value: float | None) -> float | None:
    """``value`` as JSON has it; ``None`` for what is no number."""
    return float(f"{value:.{_DIGITS}g}") if _is_figure(value) else None
