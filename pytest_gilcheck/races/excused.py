"""Lines that their author excuses by the comment ``# gilcheck: ok``."""

from __future__ import annotations

import io
import linecache
import re
import tokenize

from pytest_gilcheck.races.statements import physical_lines

_COMMENT = re.compile(r"#\s*gilcheck:\s*ok\b")


def excused(file: str, line: int) -> bool:
    """Whether the statement at ``line`` of ``file`` has the comment on one of its physical lines.

    Of a statement with a body these are the lines of its head. What only looks like the comment, inside a string, is none.
    """
    source = linecache.getlines(file)
    if not any(_COMMENT.search(text) for text in source):
        return False
    comments = _comments(source)
    return any(number in comments for number in physical_lines(file, line))


def _comments(source: list[str]) -> set[int]:
    """The lines that have the comment."""
    found: set[int] = set()
    try:
        for token in tokenize.generate_tokens(io.StringIO("".join(source)).readline):
            if token.type == tokenize.COMMENT and _COMMENT.search(token.string):
                found.add(token.start[0])
    except (tokenize.TokenError, SyntaxError):
        pass  # of what cannot be read to its end, the part before counts
    return found
