"""What another thread did while one was interrupted that the latter then did not know: the reason of most races.

The patterns are those of atomicity violations on one location (Lu et al., AVIO, ASPLOS 2006): two accesses of a thread with
another's between them that no serial order has there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import CellType

from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.observing import Moment
from pytest_gilcheck.races.schedule import Switch
from pytest_gilcheck.races.sites import Kind

# So many accesses of a thread before and after an interruption are looked at.
_REACH = 12
# An interruption in which more happened than this is looked at from its end.
_MEANWHILE = 500

_ACCESSES = frozenset({Act.READ, Act.WRITE})
_OVERWRITES = frozenset({Kind.STORE_ATTR, Kind.STORE_ITEM, Kind.STORE_GLOBAL, Kind.STORE_CELL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """Three accesses of one location by their numbers: the one before the interruption, the other thread's, and the one
    after it, if that has to do with it. ``note`` belongs to number ``noted``. ``lost``: the last overwrote the other's."""

    moments: tuple[int, ...]
    noted: int
    note: str
    lost: bool = False


def stale(moments: list[Moment], switches: Sequence[Switch]) -> list[Stale]:
    """One for each interruption that has any; the switches of a schedule that was shrunk are all needed for the failure."""
    found = []
    for before, after in _interruptions(moments, switches):
        each = _unknown(moments, before, after) or _half_done(moments, before, after)
        if each is not None:
            found.append(each)
    return found


def _interruptions(moments: list[Moment], switches: Sequence[Switch]) -> Iterator[tuple[int, int]]:
    """The last moment of a thread before the schedule took its turn away, and its first one after."""
    last: dict[int, int] = {}
    for number, moment in enumerate(moments):
        thread = moment.event.thread
        before = last.get(thread)
        last[thread] = number
        if before is None or before == number - 1:
            continue
        made = switches[moments[before].event.switches : moment.event.switches]
        if any(switch.thread == thread and switch.place is not None for switch in made):
            yield before, number


def _unknown(moments: list[Moment], before: int, after: int) -> Stale | None:
    """It goes on with what another thread has written since it looked."""
    thread = moments[after].event.thread
    between = range(max(before + 1, after - _MEANWHILE), after)
    written = [number for number in between if moments[number].event.act is Act.WRITE and _is_access(moments[number])]
    earlier = [number for number in range(max(0, before - _REACH), before + 1) if moments[number].event.thread == thread]
    for meets in (_same, _overlap):  # an item is a better reason than all of its container
        for number in _following(moments, after, thread):
            here = moments[number]
            other = next((w for w in reversed(written) if meets(moments[w], here)), None)
            looked = next((e for e in reversed(earlier) if _is_access(moments[e]) and meets(moments[e], here)), None)
            if other is not None and looked is not None and _is_access(here):
                lost = _overwrites(here) and _overwrites(moments[other]) and moments[looked].event.act is Act.READ
                note = _of_other(moments[other], lost=lost)
                return Stale(moments=(looked, other, number), noted=number, note=note, lost=lost)
    return None


def _of_other(other: Moment, *, lost: bool) -> str:
    who = f"thread {other.event.thread}"
    if lost:
        return f"{who}'s write{f' of {other.after}' if other.after is not None else ''} is lost"
    return f"{who} has {'used' if other.before == other.after else 'changed'} it since"


def _half_done(moments: list[Moment], before: int, after: int) -> Stale | None:
    """Another thread looks at what it has written, and it goes on to write something else: the two may belong together."""
    thread = moments[after].event.thread
    more = [moments[number] for number in _following(moments, after, thread)]
    more = [moment for moment in more if moment.event.act is Act.WRITE and _is_access(moment)]
    for number in range(max(before + 1, after - _MEANWHILE), after):
        there = moments[number]
        if there.event.act is not Act.READ or not _is_access(there):
            continue
        for earlier in range(before, max(-1, before - _REACH), -1):
            here = moments[earlier]
            writes = here.event.thread == thread and here.event.act is Act.WRITE and _is_access(here)
            if writes and _overlap(here, there) and not all(_overlap(here, each) for each in more):
                return Stale(moments=(earlier, number), noted=number, note=f"thread {thread} is only half done")
    return None


def _following(moments: list[Moment], after: int, thread: int) -> Iterator[int]:
    """From ``after`` on, as long as the turn is the thread's."""
    for number in range(after, min(after + _REACH, len(moments))):
        if moments[number].event.thread != thread:
            return
        yield number


def _is_access(moment: Moment) -> bool:
    return moment.event.act in _ACCESSES and moment.via is None


def _overlap(one: Moment, other: Moment) -> bool:
    return one.event.target == other.event.target and (one.key == other.key or one.key is None or other.key is None)


def _same(one: Moment, other: Moment) -> bool:
    return one.event.target == other.event.target and one.key == other.key


def _overwrites(moment: Moment) -> bool:
    """Whether nothing is left of the value that was there."""
    event = moment.event
    whole = moment.key is not None or issubclass(event.kind, CellType)
    return event.act is Act.WRITE and whole and event.site is not None and event.site.kind in _OVERWRITES
