"""What was read and written at the events of an execution."""

from __future__ import annotations

import gc

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.notes import may_be_kept
from pytest_gilcheck.races.peeking import MISSING, peek


class Unkept:
    """Stands for a value that must not be kept alive: no two of them are the same."""

    __slots__ = ()


class Values:
    """By the number of an event: what its location held ``before`` the operation, and what a write left there ``after``.

    An operation follows its event at once, and only one thread runs at a time: so what a write has left is seen at the next
    event of any thread, or when :meth:`settle` says that there is none.
    """

    def __init__(self) -> None:
        self.before: dict[int, object] = {}
        self.after: dict[int, object] = {}
        self._written: list[tuple[int, object, object]] = []
        self._operation: tuple[int, object, int] | None = None  # an operation may have several events

    def see(self, number: int, event: Event, target: object) -> None:
        """Event ``number`` is about to happen to ``target``."""
        operation = (event.thread, event.site, event.passage)
        if operation != self._operation:
            self.settle()
        self._operation = operation
        if event.act is Act.READ or event.act is Act.WRITE:
            self.before[number] = _kept(peek(target, event.key))
            if event.act is Act.WRITE:
                self._written.append((number, target, event.key))

    def see_part(self, number: int, part: object) -> None:
        """Event ``number``, the last one, is about ``part`` of its object; see :class:`Event`."""
        if self._written and self._written[-1][0] == number:
            _, target, _ = self._written[-1]
            self._written[-1] = (number, target, part)
            self.before[number] = _kept(peek(target, part))

    def settle(self) -> None:
        """What was written last is there now."""
        self._operation = None
        for number, target, key in self._written:
            self.after[number] = _kept(peek(target, key))
        self._written.clear()

    def let_go(self) -> None:
        """The program is about to collect its garbage: what may be part of that is not kept any longer."""
        self.settle()
        for values in (self.before, self.after):
            values.update({number: Unkept() for number, value in values.items() if gc.is_tracked(value)})


def _kept(value: object) -> object:
    return value if value is MISSING or may_be_kept(type(value)) else Unkept()
