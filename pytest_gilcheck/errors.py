"""The one exception for a user's mistake: what is wrong, why, and what is valid."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class Misuse(ValueError):
    """A value that the user gave and that cannot be used. The message is complete: it is shown without a traceback."""


def unknown(what: str, word: str, valid: Iterable[str]) -> str:
    """``unknown argument 'thread' (did you mean 'threads'?); valid: …``."""
    known = list(valid)
    close = get_close_matches(word, known, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"unknown {what} {word!r}{hint}; valid: {', '.join(known)}"
