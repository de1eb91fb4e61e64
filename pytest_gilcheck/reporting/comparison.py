"""The terminal's view of a comparison with a baseline, and of what was saved to one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.reporting.layout import INDENT, counted, printable

# Outcomes whose tests are named, in this order; those that are the same are counted.
_NAMED = ("worse", "better", "new", "not compared")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """``name`` is the file of the baseline; ``slower`` says of tests that their speed-up is lower, which is reported only;
    ``gone`` and ``not_run`` are tests of the baseline without a record, ``renamed`` are pairs of one gone and one new.
    ``gated``: what is worse fails the run, and the gate says why."""

    name: str
    records: Mapping[str, ScalingRecord]
    slower: Mapping[str, str]
    gone: Sequence[str]
    not_run: Sequence[str]
    renamed: Sequence[tuple[str, str]]
    gated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """``measured`` tests went into the file ``name``, ``kept`` ones were there and stay; see :class:`Compared`."""

    name: str
    measured: int
    new: Sequence[str]
    kept: int
    gone: Sequence[str]
    renamed: Sequence[tuple[str, str]]


def lines(compared: Compared) -> list[str]:
    """One line with all outcomes, and one more for each test that is worse or slower, or may have been renamed."""
    groups: dict[str, list[str]] = {outcome: [] for outcome in ("same", *_NAMED)}
    for test, record in compared.records.items():
        groups[(record.compared or "new").partition(":")[0]].append(test)
    same = groups.pop("same")
    groups |= {"gone": list(compared.gone), "not run": list(compared.not_run)}
    told = counted({outcome: tests for outcome, tests in groups.items() if tests})
    parts = [*([f"{len(same)} same"] if same else []), *([told] if told else [])]
    found = [f"gilcheck: compared with {printable(compared.name)}: {', '.join(parts) or 'no test was measured'}"]
    found += [
        f"{INDENT}worse: {printable(test)}: {printable(record.regression)}"
        for test, record in compared.records.items()
        if record.regression is not None and not compared.gated
    ]
    found += [f"{INDENT}slower: {printable(test)}: {printable(told)}" for test, told in compared.slower.items()]
    return found + _renamed(compared.renamed)


def saved(what: Saved) -> list[str]:
    """One line on what went into the file, and one more for each test that may have been renamed."""
    new = f" ({counted({'new': what.new})})" if what.new else ""
    parts = [f"{what.measured} measured{new}"]
    parts += [f"{what.kept} kept as they were"] if what.kept else []
    parts += [f"{counted({'gone': what.gone})}"] if what.gone else []
    if not what.measured and not what.gone:
        return [f"gilcheck: nothing was saved to {printable(what.name)}: no test came to a verdict"]
    return [f"gilcheck: saved to {printable(what.name)}: {', '.join(parts)}", *_renamed(what.renamed)]


def _renamed(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{INDENT}renamed? {printable(old)} is gone, {printable(new)} is new" for old, new in pairs]
