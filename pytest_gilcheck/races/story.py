"""The story of an execution: what its threads did to what they share, line by line of their source."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Site

#: So many lines before and after a switch are told; what lies between is left out.
_AROUND = 4
_LONGEST_NAME = 40

_OF_LOCKS = {Act.TAKE: "takes the lock", Act.FREE: "frees the lock", Act.BLOCK: "waits for the lock"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Thread number ``thread`` runs a line of source and does ``acts`` there, such as ``reads .value``.

    ``left_out`` lines come before it that are not told.
    """

    thread: int
    file: str
    line: int
    source: str
    acts: tuple[str, ...]
    left_out: int = 0


def tell(events: Sequence[Event]) -> tuple[Line, ...]:
    """The lines around the switches. What the standard library does for itself is left out."""
    return _around_switches(_lines(events))


def _lines(events: Sequence[Event]) -> list[Line]:
    lines: list[Line] = []
    places: dict[int, Site | None] = {}
    for event in events:
        if event.site is not None:
            places[event.thread] = None if event.site.guarded else event.site
        site = places.get(event.thread)
        said = _said(event)
        if site is None or said is None:
            continue
        file, number = site.code.co_filename, site.line or 0
        last = lines[-1] if lines else None
        if last is not None and (last.thread, last.file, last.line) == (event.thread, file, number):
            if said not in last.acts[-2:]:
                lines[-1] = _line(event.thread, file, number, (*last.acts, said))
        else:
            lines.append(_line(event.thread, file, number, (said,)))
    return lines


def _line(thread: int, file: str, number: int, acts: tuple[str, ...]) -> Line:
    return Line(thread=thread, file=file, line=number, source=linecache.getline(file, number).strip(), acts=acts)


def _said(event: Event) -> str | None:
    if event.act in _OF_LOCKS:
        return _OF_LOCKS[event.act]
    if event.act not in {Act.READ, Act.WRITE}:
        return None
    return f"{'reads' if event.act is Act.READ else 'writes'} {_name(event)}"


def _name(event: Event) -> str:
    """What is used, without asking any object of the user's for its ``repr``."""
    key = event.key
    if key is None:
        return f"the {event.kind.__name__}"
    if isinstance(key, str):
        return f".{key}"[:_LONGEST_NAME]
    part = key[0] if isinstance(key, tuple) and key else None
    return (
        f"[{part!r}]"[:_LONGEST_NAME] if type(part) in {str, int, bool, bytes} else f"an item of the {event.kind.__name__}"
    )


def _around_switches(lines: list[Line]) -> tuple[Line, ...]:
    switches = [number for number, (one, other) in enumerate(pairwise(lines), 1) if one.thread != other.thread]
    kept: list[Line] = []
    left_out = 0
    for number, line in enumerate(lines):
        if any(switch - _AROUND <= number < switch + _AROUND for switch in switches) or not switches:
            kept.append(replace(line, left_out=left_out))
            left_out = 0
        else:
            left_out += 1
    return tuple(kept)
