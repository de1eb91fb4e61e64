"""Which executions are judged for hazards, and what is told of them."""

from __future__ import annotations

import linecache

import pytest

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.hazards import MOST_EVENTS, MOST_JUDGED, MOST_REMEMBERED, MOST_TOLD, Hazards
from pytest_gilcheck.races.sites import Kind, Site

# Enough functions, each of which updates an attribute, for more hazards than are told.
SOURCE = "".join(f"def f{n}(self):\n    self.n{n} += 1\n" for n in range(MOST_TOLD + 5))
FILE = "updates.py"
SITES: list[tuple[Site, Site]] = []


@pytest.fixture(autouse=True)
def source() -> None:
    linecache.cache[FILE] = len(SOURCE), None, SOURCE.splitlines(keepends=True), FILE
    if not SITES:
        SITES.extend(_sites())


def _sites() -> list[tuple[Site, Site]]:
    import dis
    from types import CodeType

    found = []
    for code in compile(SOURCE, FILE, "exec").co_consts:
        if isinstance(code, CodeType):
            offsets = {i.opname: i.offset for i in dis.get_instructions(code) if i.opname.endswith("_ATTR")}
            line = code.co_firstlineno + 1
            found.append(
                (
                    Site(code=code, offset=offsets["LOAD_ATTR"], line=line, kind=Kind.LOAD_ATTR),
                    Site(code=code, offset=offsets["STORE_ATTR"], line=line, kind=Kind.STORE_ATTR),
                )
            )
    return found


def update(thread: int, number: int = 0) -> list[Event]:
    """What function ``number`` does in this thread."""
    read, write = SITES[number]
    key = f"n{number}"
    return [
        Event(thread, Act.READ, 1, Box, key, read, 1, 0, 0),
        Event(thread, Act.WRITE, 1, Box, key, write, 1, 0, 0),
    ]


class Box:
    """What is updated."""


def found(*executions: list[Event], promising: bool = True) -> int:
    hazards = Hazards()
    for events in executions:
        hazards.learn(events, promising=promising)
    return len(hazards.found())


def test_both_orders_have_to_be_seen() -> None:
    forth, back = [*update(1), *update(2)], [*update(2), *update(1)]
    assert found(forth) == found(back) == found(forth, forth) == 0
    assert found(forth, back) == 1


def test_or_the_one_between_the_steps_of_the_other() -> None:
    (read, write), other = update(1), update(2)
    assert found([read, *other, write]) == 1


def test_what_happens_in_one_thread_is_none() -> None:
    assert found([*update(1), *update(1)]) == 0


def test_the_same_lines_are_told_once() -> None:
    forth, back = [*update(1), *update(2), *update(3)], [*update(3), *update(2), *update(1)]
    assert found(forth, back) == 1


def test_only_promising_executions_and_others_that_are_new_are_judged() -> None:
    (read, write), other = update(1), update(2)
    between = [read, *other, write]
    apart = [*update(1), *update(3)]
    assert found(apart, between, promising=False) == 0, "as long as the one before"
    assert found(apart, [*between, read], promising=False) == 1
    assert found(apart, between) == 1


def test_no_more_than_so_many_are_judged() -> None:
    (read, write), other = update(1), update(2)
    between = [read, *other, write]
    alone = update(1)
    assert found(*[alone] * (MOST_JUDGED - 1), between) == 1
    assert found(*[alone] * MOST_JUDGED, between) == 0


def test_no_more_than_so_many_are_remembered() -> None:
    forth, back = [*update(1), *update(2)], [*update(2), *update(1)]
    assert found(*[forth] * (MOST_REMEMBERED - 1), back) == 1
    assert found(*[forth] * MOST_REMEMBERED, back) == 0


def test_no_more_than_so_many_events_are_looked_at() -> None:
    (read, write), other = update(1), update(2)
    assert found([*[read] * (MOST_EVENTS - 4), read, *other, write]) == 1
    assert found([*[read] * MOST_EVENTS, read, *other, write]) == 0


def test_no_more_than_so_many_are_told_and_the_first_lines_first() -> None:
    hazards = Hazards()
    executions = [[event for n in range(len(SITES)) for event in update(thread, n)] for thread in (1, 2)]
    for one, other in (executions, executions[::-1]):
        hazards.learn([*one, *other], promising=True)
    told = hazards.found()
    lines = [hazard.places[0].line for hazard in told]
    assert 1 < len(told) <= MOST_TOLD
    assert lines == sorted(lines)


def test_what_is_excused_is_not_told() -> None:
    forth, back = [*update(1), *update(2)], [*update(2), *update(1)]
    text = SOURCE.replace("self.n0 += 1", "self.n0 += 1  # gilcheck: ok")
    linecache.cache[FILE] = len(text), None, text.splitlines(keepends=True), FILE
    assert found(forth, back) == 0
