"""Which locks each thread holds at each event of an execution, and since which event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_gilcheck.races.events import Act, Event

_NOTHING: Mapping[int, int] = {}


class Holding:
    """``held``: for each event the locks that its thread holds before it, each with the number of the event that took it.

    A lock that one thread takes and another frees is a signal, such as a condition's: it protects nothing and is not among
    them. ``near``: for each event that takes a lock the one that said where, if there is one. ``tried``: those that would
    not have waited for it.
    """

    def __init__(self, events: Sequence[Event]) -> None:
        self.near: dict[int, int] = {}
        self.tried: set[int] = set()
        self.held: list[Mapping[int, int]] = []
        self._signals = _signals(events)
        self._now: dict[int, Mapping[int, int]] = {}
        self._near: dict[int, int] = {}  # by thread
        self._trying: set[int] = set()
        for number, event in enumerate(events):
            self.held.append(self._now.get(event.thread, _NOTHING))
            if event.act in _OF_LOCKS:
                self._follow(number, event)

    def _follow(self, number: int, event: Event) -> None:
        thread, act, target = event.thread, event.act, event.target
        holds = self.held[number]
        if act is Act.NEAR_LOCK:
            self._near[thread] = number
        elif act is Act.TRY:
            self._trying.add(thread)
            return
        elif act is Act.TAKE:
            if thread in self._near:
                self.near[number] = self._near.pop(thread)
            if thread in self._trying:
                self.tried.add(number)
            if target not in self._signals:
                self._now[thread] = {**holds, target: number}
        else:
            self._near.pop(thread, None)
            if target in holds:
                self._now[thread] = {lock: since for lock, since in holds.items() if lock != target}
        self._trying.discard(thread)


_OF_LOCKS = frozenset({Act.NEAR_LOCK, Act.TRY, Act.TAKE, Act.FREE})


def _signals(events: Sequence[Event]) -> set[int]:
    """The locks that a thread freed which another had taken."""
    holders: dict[int, int] = {}
    found: set[int] = set()
    for event in events:
        if event.act is Act.TAKE:
            holders[event.target] = event.thread
        elif event.act is Act.FREE and holders.pop(event.target, event.thread) != event.thread:
            found.add(event.target)
    return found
