"""Which lines are excused."""

from __future__ import annotations

import linecache
from textwrap import dedent

import pytest

from pytest_gilcheck.races.excused import excused

SOURCE = dedent("""
    def f(self):
        self.n += 1  # gilcheck: ok
        self.n += 1
        self.n = (
            self.n  #gilcheck:ok - it may be less
            + 1
        )
        self.text = "# gilcheck: ok"
        if self.n:  # gilcheck: ok
            self.n = 2
        # gilcheck: ok
        self.n = 3
        self.n = 4  # gilcheck: okay
        for each in self.all:
            self.n = 5  # noqa: X1 # gilcheck: ok
""")


def line(text: str, number: int = 0) -> int:
    return [n for n, found in enumerate(SOURCE.splitlines(), 1) if text in found][number]


@pytest.fixture(autouse=True)
def source() -> str:
    linecache.cache["excused.py"] = len(SOURCE), None, SOURCE.splitlines(keepends=True), "excused.py"
    return SOURCE


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (line("self.n += 1", 0), True),
        (line("self.n += 1", 1), False),
        (line("self.n = ("), True),
        (line("        + 1"), True),  # any line of the statement
        (line("self.text"), False),  # inside a string it is none
        (line("if self.n"), True),
        (line("self.n = 2"), False),  # the head of a statement is not its body
        (line("self.n = 3"), False),  # nor the line before
        (line("self.n = 4"), False),
        (line("for each"), False),
        (line("self.n = 5"), True),
    ],
)
def test_lines(where: int, expected: bool) -> None:
    assert excused("excused.py", where) is expected


def test_what_has_no_source_is_not_excused() -> None:
    assert not excused("<no such file>", 1)


def test_what_cannot_be_parsed_is_excused_by_its_own_line() -> None:
    text = "def f(:\n    x = 1  # gilcheck: ok\n    y = 2\n"
    linecache.cache["broken.py"] = len(text), None, text.splitlines(keepends=True), "broken.py"
    assert excused("broken.py", 2)
    assert not excused("broken.py", 3)
