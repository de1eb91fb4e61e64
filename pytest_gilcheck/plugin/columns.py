"""The story of a race as text: a column for each of two threads, a list for more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pytest_gilcheck.races.story import Line

#: The widest that a column gets.
WIDTH = 58
_INDENT = "    "


def columns(lines: Sequence[Line], shortened: Callable[[str], str]) -> list[str]:
    """Lines of text; ``shortened`` makes a path of a file."""
    threads = sorted({line.thread for line in lines})
    blocks = [(line, _block(line, shortened)) for line in lines]
    if len(threads) != 2:
        return [text for line, block in blocks for text in _listed(line, block)]
    width = min(WIDTH, max((len(text) for _, block in blocks for text in block), default=0))
    titles = [f"thread {thread}" for thread in threads]
    found = [f"{titles[0]:{width}}  {titles[1]}", f"{'-' * width}  {'-' * width}"]
    for line, block in blocks:
        left = line.thread == threads[0]
        for text in [*_left_out(line), *block]:
            cut = text if len(text) <= width else f"{text[: width - 3]}..."
            found.append(cut if left else f"{'':{width}}  {cut}")
    return found


def _block(line: Line, shortened: Callable[[str], str]) -> list[str]:
    return [f"{shortened(line.file)}:{line.line}  {line.source}".rstrip(), f"{_INDENT}{', '.join(line.acts)}"]


def _listed(line: Line, block: list[str]) -> list[str]:
    label = f"thread {line.thread}  "
    return [*_left_out(line), f"{label}{block[0]}", f"{'':{len(label)}}{block[1]}"]


def _left_out(line: Line) -> list[str]:
    return [f"... {line.left_out} more lines"] if line.left_out else []
