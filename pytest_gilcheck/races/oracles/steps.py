"""How an operation went about what it did: whether anybody may expect of it that it happens at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from types import CodeType

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Kind

_MOST_EXTENTS = 1_000
_WAITING = frozenset({Act.TRY, Act.BLOCK})
# After a lock was asked for: it was taken, at once or after a wait; or freed, as one is that is a signal to others.
_GRANTED = frozenset({Act.TAKE, Act.FREE, Act.BLOCK})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """Of one thread. ``at_once``: what it did can be meant to be atomic.

    ``wrote``: it changed something that threads share. ``guarded``: it took a lock. ``spread``: outside of any lock, it
    changed more than one thing.
    """

    at_once: bool
    wrote: bool
    guarded: bool
    spread: bool


def conduct(events: Sequence[Event], thread: int) -> Conduct:
    """How ``thread`` went about what it did.

    It cannot be meant to be atomic

    - if it takes a lock again after it has freed one, as one does that waits for a condition or takes things from a queue in
      turn: it has let others in on purpose;
    - if outside of any lock it changes what is shared by several calls each of which is atomic by itself, or the same
      variable more than once: others may well see how far it has come;
    - if outside of any lock it looks at the same variable again in the same place, as one does that waits for others to
      change it;
    - if it asks whether a lock is free instead of waiting for it.

    What it starts or waits for is not its own doing.
    """
    steps = _Steps()
    at_once = True
    for event in events:
        if event.thread == thread and not steps.is_first(event):
            at_once = False
    return Conduct(
        at_once=at_once and not steps.in_vain(), wrote=steps.wrote, guarded=steps.begun_by_lock, spread=len(steps.stored) > 1
    )


class _Steps:
    """The steps of one thread."""

    def __init__(self) -> None:
        self.stored: set[tuple[int, object]] = set()
        self.wrote = self.begun_by_lock = False
        self._asked: int | None = None  # the lock that it has asked for last, and not got so far
        self._held: dict[int, int] = {}
        self._begun = False  # a section of a lock, or a call that is atomic by itself
        self._last: tuple[object, int] | None = None
        self._read: dict[tuple[object, ...], tuple[object, int]] = {}

    def in_vain(self) -> bool:
        """Whether it has asked for a lock last, and not got it."""
        return self._asked is not None

    def is_first(self, event: Event) -> bool:
        """Whether ``event`` is part of the first step, or of none."""
        act = event.act
        refused = self._asked is not None and (act not in _GRANTED or event.target != self._asked)
        self._asked = event.target if act in _WAITING else None
        if refused:
            return False
        self.wrote = self.wrote or act is Act.WRITE
        if act is Act.TAKE:
            return self._is_first_section(event)
        if act is Act.FREE:
            left = self._held.pop(event.target, 1) - 1
            if left > 0:
                self._held[event.target] = left
        elif event.site is not None and not self._held:
            if act is Act.WRITE and event.site.kind is not Kind.LOAD_ITEM:  # which may add an item that is missing
                return self._is_first_write(event)
            if act is Act.READ:
                glance = (event.site, event.passage)
                where = (event.site.code, _extent(event.site.code, event.site.offset), event.target, event.key)
                return self._read.setdefault(where, glance) == glance
        return act is not Act.JOIN

    def _is_first_section(self, event: Event) -> bool:
        new = not self._held and self._begun
        self._held[event.target] = self._held.get(event.target, 0) + 1
        self._begun = self.begun_by_lock = True
        return not new

    def _is_first_write(self, event: Event) -> bool:
        assert event.site is not None
        if event.site.kind is not Kind.CALL or _is_attribute(event):
            location = (event.target, event.part if event.key is None else event.key)
            new = location in self.stored
            self.stored.add(location)
            return not new
        call = (event.site, event.passage)
        new = self._begun and self._last != call
        self._begun, self._last = True, call
        return not new


@lru_cache(_MOST_EXTENTS)
def _extent(code: CodeType, offset: int) -> tuple[int | None, ...]:
    """Where in the source an instruction is: the condition of a loop stands in the code twice."""
    return next(islice(code.co_positions(), offset // 2, None), (None, offset))


def _is_attribute(event: Event) -> bool:
    """Whether it is written by ``setattr``, as by an assignment."""
    return type(event.key) is str
