"""The runs before this one: what changed since the last of them, and all of them as the page keeps them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A verdict of test number ``number`` that was another one in the run ``since``."""

    number: int
    test: str
    check: str
    before: str
    now: str
    since: str


def changes(trend: Mapping[str, Any], numbers: Mapping[str, int]) -> list[Change]:
    """Of the tests in the table, in its order: the verdicts of the last run that differ from those of the run before."""
    found = []
    for test, number in numbers.items():
        runs: Sequence[Mapping[str, Any]] = trend.get(test) or ()
        if len(runs) < 2:
            continue
        last, now = runs[-2:]
        for check in ("race", "scaling"):
            before, after = last.get(check), now.get(check)
            if before != after and before is not None and after is not None:
                since = str(last.get("at", ""))
                found.append(Change(number=number, test=test, check=check, before=before, now=after, since=since))
    return found


class Columns:
    """The runs of all tests, for the page: a column for each figure, and each text once, in ``texts``. Run by run they would
    be twice as large, and they are the larger part of a file that has many."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    @property
    def texts(self) -> list[str]:
        """What the numbers of the first three columns stand for."""
        return list(self._numbers)

    def of(self, runs: Sequence[Mapping[str, Any]]) -> list[list[int | None]]:
        """When, the race verdict, the scaling verdict, the speed-up in threads in hundredths, the GIL share in percent."""
        named = [[self._number(run.get(name)) for run in runs] for name in ("at", "race", "scaling")]
        return [*named, *([_hundredths(run.get(name)) for run in runs] for name in ("speedup_threads", "gil_share"))]

    def _number(self, text: object) -> int | None:
        return None if text is None else self._numbers.setdefault(str(text), len(self._numbers))


def _hundredths(value: object) -> int | None:
    return round(value * 100) if isinstance(value, int | float) and math.isfinite(value) else None
