"""The coverage of concurrency, file by file, as the page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_gilcheck.reporting.layout import percent


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``count`` of ``whole``; ``percent`` is for the bar, and 0 where there is nothing to reach."""

    count: int
    whole: int

    @property
    def percent(self) -> float:
        """0 to 100."""
        return 100.0 * self.count / self.whole if self.whole else 0.0

    @property
    def said(self) -> str:
        """``75%``, or a dash."""
        return f"{percent(self.count, self.whole)}%" if self.whole else "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file: its lines that tests reached, those that two or more threads reached, and the accesses whose conflicting
    orders both ran."""

    path: str
    reached: Part
    threads: Part
    orders: Part


def files(coverage: Mapping[str, Any]) -> list[File]:
    """A row for each file, by path."""
    return [_file(path, counts) for path, counts in sorted(coverage.get("files", {}).items())]


def totals(coverage: Mapping[str, Any]) -> File:
    """All files together."""
    names = ("lines", "reached", "threads", "accesses", "both_orders")
    counted = list(coverage.get("files", {}).values())
    return _file("all files", {name: sum(int(counts.get(name, 0)) for counts in counted) for name in names})


def _file(path: str, counts: Mapping[str, Any]) -> File:
    lines = int(counts.get("lines", 0))
    return File(
        path=path,
        reached=Part(count=int(counts.get("reached", 0)), whole=lines),
        threads=Part(count=int(counts.get("threads", 0)), whole=lines),
        orders=Part(count=int(counts.get("both_orders", 0)), whole=int(counts.get("accesses", 0))),
    )
