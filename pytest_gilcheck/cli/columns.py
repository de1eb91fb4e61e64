"""Rows of texts in columns, as the commands print them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from pytest_gilcheck.reporting.layout import for_encoding, line


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Each row as a line: the first column to the left, the others to the right, the last as it is."""
    narrow = len(rows[0]) - 1
    widths = [max(len(row[column]) for row in rows) for column in range(narrow)]
    return [line(row, widths, [column == 0 for column in range(narrow)]).rstrip() for row in rows]


def show(lines: Iterable[str]) -> None:
    """Write ``lines`` to standard output, with signs that it can show."""
    encoded = for_encoding(sys.stdout.encoding)
    sys.stdout.write("".join(f"{encoded(text)}\n" for text in lines))
