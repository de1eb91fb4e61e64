"""What a step of a thread uses, to be compared with steps of other executions, where objects have other identities."""

from __future__ import annotations

from collections.abc import Sequence
from string import digits

from pytest_gilcheck.races.classes import name
from pytest_gilcheck.races.events import OF_THREADS, Act, Event


class Footprint:
    """Of the events from number ``since`` on, which one thread did without another point in between.

    Objects are told apart by the names of their types only: an execution that makes a class makes another one than the
    execution before, and one that numbers its classes gives them other numbers.
    """

    __slots__ = ("_everything", "_keys")

    def __init__(self, events: Sequence[Event], since: int) -> None:
        self._keys: dict[str, dict[object, bool]] = {}  # name of the type, key: whether it is written to
        self._everything = False
        for number in range(since, len(events)):
            event = events[number]
            if event.act is Act.UNORDERED:
                self._everything = True
            elif event.act not in OF_THREADS:
                keys = self._keys.setdefault(name(event.kind).rstrip(digits), {})
                keys[event.key] = keys.get(event.key, False) or event.act is not Act.READ

    def meets(self, other: Footprint) -> bool:
        """Whether the two steps may use the same location, and one of them changes it."""
        if self._everything or other._everything:
            return True
        for named in self._keys.keys() & other._keys.keys():
            mine, others = self._keys[named], other._keys[named]
            for key, writes in mine.items():
                for key_too, writes_too in others.items():
                    if (writes or writes_too) and (key is None or key_too is None or key == key_too):
                        return True
        return False
