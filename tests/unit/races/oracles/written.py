"""Events in short: ``1rx`` is thread 1 reading ``x``."""

from __future__ import annotations

from collections import Counter

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Kind, Site

_ACTS = {
    "r": Act.READ, "p": Act.READ, "w": Act.WRITE, "c": Act.WRITE,
    "t": Act.TAKE, "f": Act.FREE, "q": Act.TRY, "b": Act.BLOCK, "j": Act.JOIN,
}  # fmt: skip
_KINDS = {"r": Kind.LOAD_ATTR, "p": Kind.LOAD_ATTR, "w": Kind.STORE_ATTR, "c": Kind.CALL}


def _here() -> None:
    """Code with some instructions."""
    [n for n in range(10) if n > 3 if n < 8 if n != 5]


def events(text: str) -> list[Event]:
    """``r`` reads and ``w`` writes an attribute, each in a place of its own; ``p`` reads in one and the same place.

    ``c`` is a call that changes something. ``t`` and ``f`` take and free a lock, ``q`` asks whether it is free, ``b`` waits
    for it, ``j`` joins a thread.
    """
    code = _here.__code__
    polled = Site(code=code, offset=0, line=1, kind=Kind.LOAD_ATTR)
    passages: Counter[int] = Counter()
    found = []
    for number, word in enumerate(text.split()):
        thread, how, what = int(word[0]), word[1], word[2:]
        site, passage = None, 0
        if how in _KINDS:
            site = polled if how == "p" else Site(code=code, offset=1_000 + 2 * number, line=1, kind=_KINDS[how])
            passages[thread] += how == "p"
            passage = passages[thread] if how == "p" else 1
        key = None if how == "c" or site is None else "x"
        found.append(Event(thread, _ACTS[how], sum(map(ord, what)), object, key, site, passage, 0, 0))
    return found
