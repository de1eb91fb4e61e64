"""The story of a race as text."""

from __future__ import annotations

from pytest_gilcheck.plugin.columns import WIDTH, columns
from pytest_gilcheck.races.story import Line


def line(thread: int, source: str = "x += 1", *, left_out: int = 0) -> Line:
    return Line(
        thread=thread, file="/here/test_x.py", line=3, source=source, acts=("reads .x", "writes .x"), left_out=left_out
    )


def text(*lines: Line) -> list[str]:
    return columns(lines, lambda file: file.removeprefix("/here/"))


def test_two_threads_have_a_column_each() -> None:
    width = len("    reads .x, writes .x")
    assert text(line(1), line(2)) == [
        f"{'thread 1':{width}}  thread 2",
        f"{'-' * width}  {'-' * width}",
        "test_x.py:3  x += 1",
        "    reads .x, writes .x",
        f"{'':{width}}  test_x.py:3  x += 1",
        f"{'':{width}}      reads .x, writes .x",
    ]


def test_more_threads_are_a_list() -> None:
    found = text(line(1), line(2), line(3))
    assert found[:2] == ["thread 1  test_x.py:3  x += 1", "              reads .x, writes .x"]
    assert len(found) == 6


def test_long_lines_are_cut() -> None:
    found = text(line(1, "x" * 500), line(2))
    assert max(map(len, found)) <= 2 * WIDTH + 2
    assert any(row.endswith("...") for row in found)


def test_what_is_left_out_is_said() -> None:
    assert "... 7 more lines" in text(line(1, left_out=7), line(2))
    assert "... 7 more lines" in text(line(1), line(2), line(3, left_out=7))


def test_no_story() -> None:
    assert text() == []


def test_it_is_plain_text() -> None:
    assert all(row.isascii() for row in text(line(1), line(2)))
