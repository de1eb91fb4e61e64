"""Which lines hold the GIL: the places the body was at when the probe got the GIL back, weighted with the wait."""

from __future__ import annotations

import linecache
import os
import sysconfig
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pytest_gilcheck.scaling.probe import GilSample, Place, Wake
from pytest_gilcheck.verdict import HotLine

#: A wait of this many switch intervals was no byte code: the eval loop would have let go after one.
_C_CALL_INTERVALS = 1.6

# A line is of the kind in which it spent this share of its time.
_MOSTLY = 0.5

# Generated code has lines of any length; so much of one is kept.
_MOST_SOURCE = 200

_LIBRARY = tuple(
    {
        os.path.realpath(path) + os.sep
        for name in ("stdlib", "platstdlib", "purelib", "platlib")
        if (path := sysconfig.get_path(name))
    }
)
_PACKAGE = str(Path(__file__).resolve().parents[1]) + os.sep


def is_library(file: str) -> bool:
    """Whether a file belongs to the standard library, an installed package or this one, rather than to the user."""
    real = os.path.realpath(file)
    installed = not {"site-packages", "dist-packages"}.isdisjoint(Path(real).parts)
    return file.startswith("<") or installed or real.startswith(_PACKAGE) or real.startswith(_LIBRARY)


def hot_lines(
    samples: Iterable[GilSample], most: int = 3, library: Callable[[str], bool] = is_library, *, busy: bool = False
) -> tuple[HotLine, ...]:
    """The ``most`` lines with the largest shares, largest first.

    ``busy``: others had the CPUs so often that byte code may have held the GIL for as long as a C call does, while it waited
    for one; what looks like a C call is then ``"unclear"``.
    """
    weights: defaultdict[tuple[Place, Place], float] = defaultdict(float)
    usual: defaultdict[tuple[Place, Place], float] = defaultdict(float)
    in_c: defaultdict[tuple[Place, Place], float] = defaultdict(float)
    seen = list(samples)
    longest = max((sample.switch_interval for sample in seen), default=0.0)
    for sample in seen:
        # Waits for a CPU make every wake late; they say nothing about the code that held the GIL.
        gil = sample.held / sample.late if sample.late > 0 else 1.0
        for wake in sample.wakes:
            place = _place(wake, library)
            if place is None:
                continue
            late = wake.woke - wake.planned
            weights[place] += late
            if sample.switch_interval == longest:  # a short interval is soon exceeded on a busy machine
                usual[place] += late
                if wake.after_call and late * gil > _C_CALL_INTERVALS * sample.switch_interval:
                    in_c[place] += late
    total = sum(weights.values())
    ranked = sorted(weights, key=lambda place: weights[place], reverse=True)[:most]
    long = "unclear" if busy else "c-call"
    kinds = {place: long if in_c[place] / (usual[place] or 1.0) >= _MOSTLY else "bytecode" for place in ranked}
    return tuple(_line(place, weights[place] / total, kinds[place]) for place in ranked)


def _place(wake: Wake, library: Callable[[str], bool]) -> tuple[Place, Place] | None:
    """The user's line, and the innermost one, in which the body was."""
    stack: Sequence[Place] = [place for place in wake.stack if not place[0].startswith(_PACKAGE)]
    if not stack:
        return None
    user = next((place for place in stack if not library(place[0])), None)
    if user is None:
        return None
    return user, stack[0]


def _line(place: tuple[Place, Place], share: float, kind: str) -> HotLine:
    (file, line, function), innermost = place
    inside = None if innermost == place[0] else f"{innermost[0]}:{innermost[1]} {innermost[2]}"
    source = linecache.getline(file, line).strip()[:_MOST_SOURCE]
    return HotLine(file=file, line=line, function=function, share=share, kind=kind, inside=inside, source=source)
