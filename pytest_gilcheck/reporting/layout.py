"""How texts are laid out on a terminal: tables, wrapped notes, lists that are cut, signs that it can show."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TextIO

INDENT = "    "

# Longer notes are wrapped at the terminal's width, but never below this.
_NARROWEST = 40
_PLAIN = {"×": "x", "→": "->", "·": "-", "─": "-", "←": "<-"}

# A summary line names this many tests, then counts.
_NAMED = 3


def line(cells: Sequence[str], widths: Sequence[int], left: Sequence[bool]) -> str:
    """One row of a table: each column as wide as it has to be, to the left or to the right, and the last as it is."""
    *narrow, last = cells
    padded = [
        cell.ljust(width) if to_left else cell.rjust(width)
        for cell, width, to_left in zip(narrow, widths, left, strict=True)
    ]
    return "  ".join([*padded, last])


def notes(texts: Iterable[str], width: int) -> list[str]:
    """``texts`` indented below a row, each wrapped at ``width``; their own line ends stay."""
    lines: list[str] = []
    for text in texts:
        for paragraph in printable(text, newlines=True).splitlines():
            lines += textwrap.wrap(paragraph, max(_NARROWEST, width), initial_indent=INDENT, subsequent_indent=INDENT + "  ")
    return lines


def printable(text: str, *, newlines: bool = False) -> str:
    """``text`` without control characters and lone surrogates, which could garble a terminal."""
    return "".join(c if c.isprintable() or (newlines and c == "\n") else ascii(c)[1:-1] for c in text)


def counted(groups: Mapping[str, Sequence[str]]) -> str:
    """``2 gil-bound (a, b), 1 race (c)``, from tests by word; a long list is cut."""
    return ", ".join(f"{len(tests)} {word} ({_some(tests)})" for word, tests in groups.items())


def _some(tests: Sequence[str]) -> str:
    named = ", ".join(printable(test) for test in tests[:_NAMED])
    return named if len(tests) <= _NAMED else f"{named} and {len(tests) - _NAMED} more"


def fits(encoding: str | None) -> bool:
    """Whether a terminal with this encoding can show the signs that these texts use beyond ASCII."""
    try:
        "".join(_PLAIN).encode(encoding or "ascii")
    except (UnicodeError, LookupError):
        return False
    return True


def for_encoding(encoding: str | None) -> Callable[[str], str]:
    """What makes texts such that a terminal with this encoding can show them."""
    return str if fits(encoding) else plain


def plain(text: str) -> str:
    """``text`` with those signs in ASCII."""
    for sign, ascii_sign in _PLAIN.items():
        text = text.replace(sign, ascii_sign)
    return text


def replay_command(test: str, token: str) -> str | None:
    """The command that replays ``token``, for a shell in the root folder of the tests; ``None`` for an id with characters
    that cannot be shown, as a command with others in their place would select nothing."""
    return shlex.join(["pytest", test, f"--gilcheck-replay={token}"]) if printable(test) == test else None


def replay_lines(test: str, token: str | None) -> list[str]:
    """The one line with that command, if there is one."""
    command = None if token is None else replay_command(test, token)
    return [] if command is None else [f"replay: {command}"]


def percent(part: int, whole: int) -> int:
    """The part in per cent; only nothing is 0 %, and only all is 100 %."""
    return 0 if not part else 100 if part == whole else min(99, max(1, round(100 * part / whole)))


def encodable(text: str, stream: TextIO) -> str:
    """``text`` as ``stream`` can hold it, with what it cannot escaped."""
    encoding = getattr(stream, "encoding", None) or "ascii"
    return text.encode(encoding, "backslashreplace").decode(encoding)
