"""Lost updates: a thread writes what it has made from what it read before, over what another has written meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

from pytest_gilcheck.races.bytecode.dependence import Dependence, dependences
from pytest_gilcheck.races.bytecode.reading import Instructions
from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.peeking import MISSING, class_name, short
from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.values import Values

# By identity: to look a class up by itself would ask its metaclass.
_SCALARS = frozenset(map(id, (type(None), bool, int, float, complex, str, bytes)))
_CONTAINERS = frozenset(map(id, (list, tuple, dict, deque)))
# Larger containers, or deeper ones, count as different.
_LARGEST = 500
_DEEPEST = 3
_Location = tuple[int, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class LostUpdate:
    """Numbers of events: ``read`` and ``write`` of one thread, ``lost`` of another between them, to the same location.

    ``called``: the value may be the same whatever was read.
    """

    read: int
    lost: int
    write: int
    called: bool


class Updates:
    """Finds them in the events of executions."""

    def __init__(self) -> None:
        self._of_code: dict[int, tuple[CodeType, dict[int, Dependence]]] = {}

    def among(self, sites: Iterator[Site]) -> bool:
        """Whether one of ``sites`` writes what was made from what is read where it is written."""
        return any(site.stores and self.dependence(site) for site in sites)

    def dependence(self, site: Site) -> Dependence:
        """The offsets of the instructions, in the same code, from whose results a store makes what it stores."""
        known = self._of_code.get(id(site.code))
        if known is None:
            found = {} if site.guarded else dependences(Instructions(site.code))
            known = self._of_code[id(site.code)] = (site.code, found)
        return known[1].get(site.offset, {})

    def suspects(self, events: Sequence[Event]) -> Iterator[LostUpdate]:
        """What may be lost updates: whether they are depends on the values."""
        last_use: dict[tuple[int, _Location], int] = {}
        last_write: dict[tuple[int, _Location], int] = {}
        writes: dict[_Location, list[int]] = {}
        reads: dict[tuple[int, int, int], tuple[int, dict[_Location, int]]] = {}  # by thread, code and offset
        for number, event in enumerate(events):
            site = event.site
            if site is None or event.act > Act.WRITE:
                continue
            location = _location(event)
            if event.act is Act.WRITE:
                if site.stores:
                    mine = (event.thread, location)
                    yield from self._lost(
                        number, event, reads, writes.get(location), last_use.get(mine), last_write.get(mine, -1)
                    )
                writes.setdefault(location, []).append(number)
                last_write[event.thread, location] = number
            last_use[event.thread, location] = number
            here = (event.thread, id(site.code), site.offset)
            before = reads.get(here)
            if before is None or before[0] != event.passage:
                before = reads[here] = (event.passage, {})
            before[1][location] = number

    def _lost(
        self,
        number: int,
        event: Event,
        reads: dict[tuple[int, int, int], tuple[int, dict[_Location, int]]],
        writes: list[int] | None,
        last_use: int | None,
        last_write: int,
    ) -> Iterator[LostUpdate]:
        if not writes or last_use is None or writes[-1] < last_use:
            return  # nobody has written since the thread used it
        assert event.site is not None
        for offset, called in self.dependence(event.site).items():
            passage = reads.get((event.thread, id(event.site.code), offset))
            read = -1 if passage is None else passage[1].get(_location(event), -1)
            if read >= max(last_write, 0):  # it has written nothing else since
                yield LostUpdate(read=read, lost=writes[-1], write=number, called=called)
                return

    def found(self, events: Sequence[Event], values: Values) -> Iterator[LostUpdate]:
        """The suspects of which the values say that something was lost."""
        return (each for each in self.suspects(events) if _is_lost(each, values))


def _location(event: Event) -> _Location:
    """What is read or written; of what comes into a container, its place there."""
    return event.target, event.part if event.key is None else event.key


def _is_lost(each: LostUpdate, values: Values) -> bool:
    """Whether what the other thread wrote was something else than what was read, and is not what was written over it.

    What was read may have been nothing: an item that is not there yet.
    """
    read = values.before.get(each.read, MISSING)
    lost, written = values.after.get(each.lost, MISSING), values.after.get(each.write, MISSING)
    if lost is MISSING or written is MISSING or _same(read, lost):
        return False
    return not (each.called and _same(lost, written))


def _same(one: Any, other: Any, depth: int = _DEEPEST) -> bool:
    """Whether both are the same object, or equal builtins; nothing of the user's is asked."""
    kind = type(one)
    if one is other:
        return True
    if kind is not type(other):
        return False
    if id(kind) in _SCALARS:
        return bool(one == other)
    if not depth or id(kind) not in _CONTAINERS or not len(one) == len(other) <= _LARGEST:
        return False
    if kind is dict:
        one, other = [*one, *one.values()], [*other, *other.values()]
    return all(_same(mine, its, depth - 1) for mine, its in zip(list(one), list(other), strict=True))


def name(event: Event) -> str:
    """What its location is called in the program."""
    site, (_, key) = event.site, _location(event)
    if site is not None and site.kind in {Kind.STORE_GLOBAL, Kind.STORE_CELL}:
        return f"{'global' if site.kind is Kind.STORE_GLOBAL else 'variable'} {site.name}"
    if isinstance(key, str):
        return f"{class_name(event.kind)}.{key}"
    part = key[0] if isinstance(key, tuple) and key else MISSING
    return f"an item of a {class_name(event.kind)}" if part is MISSING else f"[{short(part)}] of a {class_name(event.kind)}"


def part(event: Event) -> str:
    """What its location is called in a :class:`Structure`, below the object that it belongs to."""
    site, (_, key) = event.site, _location(event)
    if site is not None and site.kind in {Kind.STORE_GLOBAL, Kind.STORE_CELL}:
        return str(site.name)
    if isinstance(key, tuple) and len(key) == 1 and id(type(key[0])) in _SCALARS:
        return f"[{key[0]!r}]"
    return f".{key}"


def said(each: LostUpdate, events: Sequence[Event], values: Values) -> str:
    """What was lost, and on the next line how."""
    read, lost, write = (events[number] for number in (each.read, each.lost, each.write))
    return (
        f"lost update of {name(write)}\n"
        f"thread {write.thread} read {short(values.before[each.read])} ({_place(read)}), then "
        f"thread {lost.thread} wrote {short(values.after[each.lost])} ({_place(lost)}), and thread {write.thread} wrote "
        f"{short(values.after[each.write])} over it without having seen it ({_place(write)})"
    )


def _place(event: Event) -> str:
    return "" if event.site is None else f"{event.site.code.co_filename}:{event.site.line}"
