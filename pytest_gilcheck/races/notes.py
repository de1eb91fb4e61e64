"""The events of one execution as they happen, each with an identity of what is used that no other object gets."""

from __future__ import annotations

from collections.abc import Iterable
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from pytest_gilcheck.races.accesses import Kept
from pytest_gilcheck.races.classes import inherited
from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.operations.locations import GARBAGE_COLLECTOR

if TYPE_CHECKING:
    from pytest_gilcheck.races.accesses import Accesses, Record
    from pytest_gilcheck.races.observing import Observed
    from pytest_gilcheck.races.schedule import Switch
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.state import State
    from pytest_gilcheck.races.threads import Controlled
    from pytest_gilcheck.races.values import Values

#: An execution with more events than this is not noted to its end.
MOST_EVENTS = 20_000

_WITH_STACKS = (BaseException, FrameType, TracebackType)


class Notes:
    """``events``, with the ``values`` that go with them if somebody wants those, and what keeps identities from being given
    twice."""

    def __init__(self, accesses: Accesses, trace: list[Switch], values: Values | None = None) -> None:
        self.events: list[Event] = []
        self.values = values
        self._accesses = accesses
        self._trace = trace
        self._pinned: dict[int, tuple[Record | Kept, object]] = {}
        self._doubtful: dict[int, int] = {}  # identities that others may get as well, and the thread that used them first

    def use(
        self, thread: Controlled, act: Act, target: object, key: object = None, site: Site | None = None, ready: int = 0
    ) -> Event:
        """``thread`` does ``act`` to ``key`` of ``target``, at ``site`` or away from any; returns the event.

        A lock is taken at ``key``.
        """
        if target is GARBAGE_COLLECTOR and act is Act.WRITE:
            self._let_go()
        record = self._accesses.record(target)
        identity = id(record)
        if identity not in self._pinned:
            doubtful = isinstance(record, Kept) and record.target is None
            kept = target if doubtful and may_be_kept(type(target)) else None
            self._pinned[identity] = record, kept
            if doubtful and kept is None:
                self._doubtful[identity] = thread.number
        if self._doubtful.get(identity, thread.number) != thread.number:
            self.mark(thread, Act.UNORDERED)  # it may have died, and this be another in its place
        passage = 0 if site is None else thread.visits[site]
        if ready and site is not None and self._trace:
            last = self._trace[-1]
            if (last.thread, last.place, last.passage) == (thread.number, site.place, passage):
                ready = 0
        part = None
        if act is Act.TAKE:
            key, part = None, key
        event = Event(thread.number, act, identity, type(target), key, site, passage, ready, len(self._trace), part)
        if self.values is not None:
            self.values.see(len(self.events), event, target)
        self._add(event)
        return event

    def _let_go(self) -> None:
        """The program is about to collect its garbage: what is kept alive here alone must not keep it from finding any.

        From now on nobody knows whether others get the identities of what has gone.
        """
        for identity, (record, kept) in self._pinned.items():
            if kept is not None:
                self._pinned[identity] = record, None
                self._doubtful[identity] = _NOBODY
        if self.values is not None:
            self.values.let_go()

    def name_part(self, part: object) -> None:
        """The last event has to do with ``part``; see :class:`Event`."""
        events = self.events
        if events:  # without any Python code: the threads that call this are watched
            events[-1] = tuple.__new__(Event, (*events[-1][:-1], part))
            if self.values is not None and events[-1].site is not None:
                self.values.see_part(len(events) - 1, part)

    def mark(self, thread: Controlled, act: Act, other: int = 0) -> None:
        """``thread`` does something that has to do with thread number ``other``, or with nothing that can be named."""
        self.settle()
        self._add(Event(thread.number, act, other, int, None, None, 0, 0, len(self._trace)))

    def settle(self) -> None:
        """What was about to be done last has been done."""
        if self.values is not None:
            self.values.settle()

    def stopped(self, run: State, threads: Iterable[Controlled]) -> None:
        """These threads will not come to their ends by themselves."""

    def close(self, run: State) -> Observed | None:
        """All threads have ended: what was seen of them for a story."""

    def _add(self, event: Event) -> None:
        if len(self.events) < MOST_EVENTS:
            self.events.append(event)
        elif len(self.events) == MOST_EVENTS:
            self.events.append(event._replace(act=Act.UNORDERED, site=None, ready=0))


# No thread has this number.
_NOBODY = -1


def may_be_kept(kind: type) -> bool:
    """Whether objects of this type can be kept alive for a while: they have no finalizer, and no stack hangs on them."""
    return inherited(kind, "__del__") is None and not issubclass(kind, _WITH_STACKS)
