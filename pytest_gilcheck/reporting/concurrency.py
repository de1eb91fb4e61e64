"""The terminal's view of the coverage of concurrency: a table with a row for each file, and one for all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_gilcheck.reporting.layout import line, percent, printable

_HEADINGS = ("file", "lines", "reached", "2+ threads", "shared accesses", "in both orders")
_COUNTS = ("lines", "reached", "threads", "accesses", "both_orders")


def table(coverage: Mapping[str, Any]) -> list[str]:
    """A row for each file that can run anything, in the order of their names."""
    files: Mapping[str, Mapping[str, int]] = coverage["files"]
    counted = {file: counts for file, counts in files.items() if counts["lines"]}
    if not counted:
        return ["no lines were measured"]
    total = {name: sum(counts[name] for counts in counted.values()) for name in _COUNTS}
    rows = [_cells(printable(file), counts) for file, counts in sorted(counted.items())]
    last = _cells("TOTAL", total)
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, last, strict=True)]
    rule = "─" * (sum(widths) + 2 * (len(widths) - 1))
    return [_line(_HEADINGS, widths), rule, *(_line(row, widths) for row in rows), rule, _line(last, widths)]


def _cells(name: str, counts: Mapping[str, int]) -> tuple[str, ...]:
    lines, accesses = counts["lines"], counts["accesses"]
    return (
        name,
        str(lines),
        _share(counts["reached"], lines),
        _share(counts["threads"], lines),
        str(accesses) if accesses else "",
        _share(counts["both_orders"], accesses) if accesses else "",
    )


def _share(part: int, whole: int) -> str:
    """``7  58%``."""
    return f"{part} {percent(part, whole):>3}%"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """All columns but the first to the right; nothing comes after them."""
    return line([*cells, ""], widths, [number == 0 for number in range(len(cells))]).rstrip()
