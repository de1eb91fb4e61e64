"""Which accesses threads share, and which of them ran in both orders with all that they conflict with."""

from __future__ import annotations

from pytest_gilcheck.races.conflicts import Conflicts
from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Kind, Site


def _code() -> None:
    """Where all the sites are."""


READ, WRITE, OTHER = (
    Site(code=_code.__code__, offset=offset, line=line, kind=Kind.LOAD_ATTR) for offset, line in ((0, 1), (2, 1), (4, 2))
)
X, LOCK = 1, 2


def event(thread: int, act: Act, site: Site | None = None, target: int = X) -> Event:
    return Event(thread, act, target, object, None, site, 1, 0, 0)


def starts(*threads: int) -> list[Event]:
    return [event(0, Act.WAKE, target=thread) for thread in threads]


def reads(thread: int, site: Site = READ) -> Event:
    return event(thread, Act.READ, site)


def writes(thread: int, site: Site = WRITE) -> Event:
    return event(thread, Act.WRITE, site)


def shared(*executions: list[Event]) -> dict[tuple[int, int], bool]:
    """By line and offset, whether it ran in both orders."""
    conflicts = Conflicts()
    for events in executions:
        conflicts.learn(events)
    found = conflicts.shared()
    assert {access.file for access in found} <= {__file__}
    return {(access.line, int(access.place.rpartition(":")[2])): access.both for access in found}


def test_one_order_and_then_the_other() -> None:
    one, other = [*starts(1, 2), reads(1), writes(2)], [*starts(1, 2), writes(2), reads(1)]
    assert shared(one) == {(1, 0): False, (1, 2): False}
    assert shared(one, other) == {(1, 0): True, (1, 2): True}


def test_an_access_has_to_have_met_all_that_it_conflicts_with_in_both_orders() -> None:
    both = [[*starts(1, 2, 3), reads(1), writes(2)], [*starts(1, 2, 3), writes(2), reads(1)]]
    once = [*starts(1, 2, 3), reads(1), writes(3, OTHER)]
    # The two writes have not met one another yet.
    assert shared(*both, once) == {(1, 0): False, (1, 2): True, (2, 4): False}


def test_which_of_two_copies_came_first_makes_no_difference() -> None:
    copies = [
        [*starts(1, 2), reads(1), writes(1), reads(2), writes(2)],
        [*starts(1, 2), reads(2), writes(2), reads(1), writes(1)],
    ]
    assert not any(shared(copies[0]).values()), "one after another, once"
    assert all(shared(*copies).values())


def test_what_only_reads_is_not_shared() -> None:
    assert shared([*starts(1, 2), reads(1), reads(2)]) == {}


def test_locks_are_no_data() -> None:
    assert shared([*starts(1, 2), *(event(thread, Act.NEAR_LOCK, READ, LOCK) for thread in (1, 2))]) == {}


def test_what_is_ordered_by_a_start_or_an_end_is_not_at_once() -> None:
    assert shared([writes(0), *starts(1), reads(1)]) == {}, "before it was started"
    assert shared([*starts(1), reads(1), event(0, Act.JOIN, target=1), writes(0)]) == {}, "after its end"
    assert shared([*starts(1), reads(1), writes(0)]) == {(1, 0): False, (1, 2): False}, "meanwhile"
