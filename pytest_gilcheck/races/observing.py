"""An execution that is observed for its story: beside its events their places, the values used, and the locks held."""

from __future__ import annotations

import sys
import weakref
from _thread import get_ident
from collections import deque
from collections.abc import Iterable
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.accesses import Kept, Record
from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.naming import Name, Names, variables
from pytest_gilcheck.races.notes import Notes
from pytest_gilcheck.races.operations.operands import is_simple
from pytest_gilcheck.races.peeking import MISSING, class_name, peek, plain, short
from pytest_gilcheck.races.story import ABSENT

if TYPE_CHECKING:
    from pytest_gilcheck.races.accesses import Accesses
    from pytest_gilcheck.races.schedule import Switch
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.state import State
    from pytest_gilcheck.races.threads import Controlled
    from pytest_gilcheck.races.values import Values

# Functions of the standard library that return with the lock held that they take.
_TAKING = frozenset({"__enter__", "acquire"})
# What else they are called than by their names.
_CALLED = {"Condition.__enter__": "takes", "Condition.__exit__": "releases"}
# Of larger dictionaries it is not said which item came or went.
_MOST_KEYS, _MOST_VALUES = 100, 20
#: The name of what is used, the place, and the call of the library in which that is.
Seen = tuple[Name, tuple[str, int], tuple[str, str] | None]
#: The key of an item, and texts of its value before and after.
Changed = tuple[str, str | None, str | None]

#: So many moments from the beginning of an execution are kept, and as many from its end.
MOST_MOMENTS = 2_500
_ACCESSES = (Act.READ, Act.WRITE)


class Held:
    """A lock that a thread holds, and the place at which it took it. No dataclass, as :class:`threads.Wait`."""

    __slots__ = ("file", "line", "name")

    def __init__(self, name: Name, file: str, line: int) -> None:
        self.name, self.file, self.line = name, file, line


class Moment:
    """``event`` with what can be seen at it: the innermost line outside of the standard library, and the method that was
    called there if it happens inside of that; texts of the value ``before`` and, once the operation was done, ``after``,
    ``None`` where they cannot be told; and the locks held. ``changed`` is the only item of a dictionary that a write of
    all of it added or took away."""

    __slots__ = ("after", "before", "changed", "event", "file", "held", "key", "line", "name", "via")

    def __init__(
        self, event: Event, name: Name, place: tuple[str, int], via: tuple[str, str] | None, held: tuple[Held, ...]
    ) -> None:
        self.event, self.name, self.via, self.held = event, name, via, held
        self.key = event.key  # or that of the only item of a container all of which is written
        self.file, self.line = place
        self.before: str | None = None
        self.after: str | None = None
        self.changed: Changed | None = None


class Plight:
    """A thread that cannot go on, or does not end, when the execution does: what it waits for (``None``: it goes round in a
    loop), where, who holds what it waits for, and what it holds itself."""

    __slots__ = ("call", "file", "held", "holder", "line", "lock", "name", "thread", "what")

    def __init__(self, thread: int, name: str, what: str | None, place: tuple[str, int]) -> None:
        self.thread, self.name, self.what = thread, name, what
        self.file, self.line = place
        self.lock: Name | None = None
        self.call: str | None = None  # of the standard library, in which it waits
        self.holder: int | None = None
        self.held: tuple[Held, ...] = ()


class Observed:
    """What was seen of an execution: ``raised`` says what threads ended with, each by number, a text and the place;
    ``switches`` are those that the schedule asked for. No object of the user's is in it. Of a long execution only the
    ``first`` moments are and the ``last``; ``dropped`` were between."""

    __slots__ = ("dropped", "first", "last", "plights", "raised", "switches")

    def __init__(self, switches: list[Switch]) -> None:
        self.first: list[Moment] = []
        self.last: deque[Moment] = deque(maxlen=MOST_MOMENTS)
        self.dropped = 0
        self.plights: list[Plight] = []
        self.raised: list[tuple[int, str, tuple[str, int]]] = []
        self.switches = switches

    def add(self, moment: Moment) -> None:
        """One more."""
        if len(self.first) < MOST_MOMENTS:
            self.first.append(moment)
        else:
            self.dropped += len(self.last) == MOST_MOMENTS
            self.last.append(moment)


class Observer(Notes):
    """Notes that see more. It holds no object of the user's any longer than the notes themselves do."""

    def __init__(self, accesses: Accesses, trace: list[Switch], values: Values | None = None) -> None:
        super().__init__(accesses, trace, values)
        self._seen = Observed(trace)
        self._names = Names()
        self._taken: dict[tuple[int, int], Held] = {}
        # Writes that are going on: the thread, site and passage, and what it is that is written.
        self._operation: tuple[int, Site | None, int] = (0, None, 0)
        self._writes: list[tuple[Moment, Record | Kept, object, dict[object, str | None] | None]] = []
        self._texts = Texts()
        self._known: dict[tuple[Site, int, object], Seen] = {}

    def use(
        self, thread: Controlled, act: Act, target: object, key: object = None, site: Site | None = None, ready: int = 0
    ) -> Event:
        """See :meth:`Notes.use`; the values are those of just before the operation and of the next moment."""
        operation = (thread.number, site, 0 if site is None else thread.visits[site])
        if self._writes and operation != self._operation:
            self._settle()
        self._operation = operation
        event = super().use(thread, act, target, key, site, ready)
        record = self._accesses.record(target)
        seen = self._seen_from(thread, event, target, record, site)
        if seen is None:
            return event
        name, place, via = seen
        moment = Moment(event, name, place, via, self._held(thread))
        self._seen.add(moment)
        if act in _ACCESSES and via is None:
            moment.before = self._texts.text(target, key)
            if act is Act.WRITE:
                self._writes.append((moment, record, key, _items(target) if key is None else None))
        return event

    def settle(self) -> None:
        """See :meth:`Notes.settle`. What was written may be gone by the next moment, when all threads have ended."""
        super().settle()
        self._settle()

    def name_part(self, part: object) -> None:
        """See :meth:`Notes.name_part`: it is an access to that item, as far as a story is concerned."""
        super().name_part(part)
        if not self._writes:
            return
        moment, record, key, _ = self._writes[-1]
        target = record() if isinstance(record, Record) else record.target
        if key is None and target is not None and type(part) is tuple:
            owner, number, rest = moment.name
            moment.name, moment.key = (owner, number, f"{rest}[{short(part[0])}]"), part
            moment.before = self._texts.text(target, part)
            self._writes[-1] = moment, record, part, None

    def _seen_from(
        self, thread: Controlled, event: Event, target: object, record: Record | Kept, site: Site | None
    ) -> Seen | None:
        """What it is called, where that is, and in which call of the library; ``None`` outside of all code of the user's."""
        here = (site, event.target, event.key) if site is not None and event.act in _ACCESSES else None
        known = None if here is None else self._known.get(here)
        if known is not None:
            return known
        frame, inner = _users(thread)
        if frame is None:
            return None
        name = self._names.of((target, event.key, id(record)), site, frame)
        place = frame.f_code.co_filename, frame.f_lineno
        if event.act is Act.TAKE:
            self._take(thread, target, (name, place), inner)
        found = name, place, None if inner is None else self._called(inner, frame)
        if here is not None and inner is None:
            self._known[here] = found
        return found

    def stopped(self, run: State, threads: Iterable[Controlled]) -> None:
        """These will not come to their ends by themselves: who is where?"""
        self._settle()
        for thread in threads:
            if not thread.done and not _only_waits(run, thread):
                self._seen.plights.append(self._plight(run, thread))

    def close(self, run: State) -> Observed:
        """All threads have ended: what was seen."""
        self._settle()
        for thread in run.threads:
            if thread.error is not None:
                place = _raised_at(thread.error)
                if place is not None:
                    self._seen.raised.append((thread.number, _exception(thread.error), place))
        return self._seen

    def _settle(self) -> None:
        """The operation that was about to happen has happened."""
        for moment, record, key, items in self._writes:
            target = record() if isinstance(record, Record) else record.target
            if target is None:
                target = self._pinned[id(record)][1]  # what is kept because nothing else can tell it from others
            if target is not None:
                moment.after = self._texts.text(target, key)
                now = None if items is None else _items(target)
                if items is not None and now is not None:
                    moment.changed = _difference(items, now)
        self._writes.clear()

    def _take(self, thread: Controlled, lock: object, named: tuple[Name, tuple[str, int]], via: FrameType | None) -> None:
        name, place = named
        if via is not None:  # what is taken is a lock inside of something
            owner = variables(via).get("self")
            if owner is None or via.f_code.co_name not in _TAKING:
                return
            name = self._names.of_object(owner, id(self._accesses.record(owner)), _users(thread)[0])
        self._taken[thread.number, id(lock)] = Held(name, *place)

    def _held(self, thread: Controlled) -> tuple[Held, ...]:
        return tuple(self._taken[thread.number, lock] for lock in thread.holding if (thread.number, lock) in self._taken)

    def _called(self, inner: FrameType, frame: FrameType) -> tuple[str, str]:
        """The call in ``frame`` that is at present in ``inner``: a verb, and what, such as ``Mailbox.changed.wait()``."""
        qualified = inner.f_code.co_qualname
        owner = variables(inner).get("self")
        if owner is None or "." not in qualified:
            return "calls", f"{plain(qualified)}()"
        name, _, rest = self._names.of_object(owner, id(self._accesses.record(owner)), frame)
        verb = _CALLED.get(qualified)
        return (verb, f"{name}{rest}") if verb else ("calls", f"{name}{rest}.{plain(qualified.rpartition('.')[2])}()")

    def _plight(self, run: State, thread: Controlled) -> Plight:
        frame, via = _users(thread)
        wait = thread.wait
        place = ("?", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        plight = Plight(thread.number, thread.name, None if wait is None else deadlock.waits_for(thread)[0], place)
        plight.held = self._held(thread)
        awaited = deadlock.joins(run, thread)
        if awaited is not None:
            plight.what = f"{deadlock.label(awaited)} to end"
            return plight
        if via is not None and frame is not None:
            plight.call = self._called(via, frame)[1]
        if wait is not None and wait.kind == "lock" and wait.lock is not None:
            holder = run.holder(wait.lock)
            plight.holder = None if holder is None else holder.number
            if via is None:
                plight.lock = self._names.of_object(wait.lock, id(self._accesses.record(wait.lock)), frame)
        return plight


_TRACEBACK: Any = BaseException.__dict__["__traceback__"].__get__
_ARGUMENTS: Any = BaseException.__dict__["args"].__get__


def _only_waits(run: State, thread: Controlled) -> bool:
    """Whether all that keeps it from going on is that others do not."""
    if thread.wait is None or thread.number:
        return thread.wait is not None and thread.wait.kind == "run"
    return thread.wait.kind in {"run", "drain"} or (thread.wait.kind == "join" and not deadlock.in_cycle(run, thread))


class Texts:
    """Texts of values, in which objects of one class have numbers, as long as they can be told from one another."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._known: dict[int, tuple[weakref.ref[Any], str]] = {}

    def text(self, target: object, key: object) -> str | None:
        """What is at a location."""
        value = peek(target, key)
        if value is MISSING:
            return ABSENT if type(key) is tuple and issubclass(type(target), dict | list) else None
        text = short(value)
        return self._numbered(value, text) if text == f"<{class_name(type(value))}>" else text

    def _numbered(self, value: object, text: str) -> str:
        known = self._known.get(id(value))
        if known is not None and known[0]() is value:
            return known[1]
        try:
            reference = weakref.ref(value)
        except TypeError:
            return text
        number = self._numbers[text] = self._numbers.get(text, 0) + 1
        numbered = f"{text[:-1]} {number}>"
        self._known[id(value)] = reference, numbered
        return numbered


def _items(target: object) -> dict[object, str | None] | None:
    """The keys of a small dictionary, of which each can be compared, with texts of their values if there are few."""
    if not issubclass(type(target), dict):
        return None
    whole: dict[object, object] = target  # type: ignore[assignment]
    items = list(dict.items(whole)) if dict.__len__(whole) <= _MOST_KEYS else []
    if not all(is_simple(key) for key, _ in items):
        return None
    few = len(items) <= _MOST_VALUES
    return {key: short(value) if few else None for key, value in items}


def _difference(before: dict[object, str | None], now: dict[object, str | None]) -> Changed | None:
    """The only item that is in one of them, with its value before and after."""
    changed = before.keys() ^ now.keys()
    if len(changed) != 1:
        return None
    (key,) = changed
    return (short(key), ABSENT, now[key]) if key in now else (short(key), before[key], ABSENT)


def _users(thread: Controlled) -> tuple[FrameType | None, FrameType | None]:
    """Where ``thread`` is outside of the standard library, and the function of that which it called there, if it did."""
    frame: Any = sys._getframe(1) if thread.ident == get_ident() else sys._current_frames().get(thread.ident)
    via = None
    while frame is not None:
        if deadlock.is_users(frame.f_code.co_filename):
            return frame, via
        if not deadlock.is_engines(frame.f_code.co_filename):
            via = frame
        frame = frame.f_back
    return None, None


def _raised_at(error: BaseException) -> tuple[str, int] | None:
    """The innermost line outside of the standard library that an exception came from."""
    place = None
    traceback = _TRACEBACK(error)
    while traceback is not None:
        if deadlock.is_users(traceback.tb_frame.f_code.co_filename):
            place = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return place


def _exception(error: BaseException) -> str:
    arguments = _ARGUMENTS(error)
    return f"{class_name(type(error))}({', '.join(map(short, arguments[:2]))}{', ...' * (len(arguments) > 2)})"
