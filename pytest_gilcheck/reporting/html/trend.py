"""What changed since the run before this one."""

from __future__ import annotations

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
