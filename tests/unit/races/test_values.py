"""What was read and written, as events come."""

from __future__ import annotations

import gc
import weakref

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.peeking import MISSING
from pytest_gilcheck.races.values import Unkept, Values


class Box:
    def __init__(self, value: object) -> None:
        self.value = value


class Finalised:
    def __del__(self) -> None: ...


def event(act: Act, key: object, thread: int = 1, passage: int = 1) -> Event:
    return Event(thread, act, 1, Box, key, None, passage, 0, 0)


def test_what_is_read_is_what_is_there() -> None:
    values = Values()
    values.see(0, event(Act.READ, "value"), Box(5))
    assert values.before == {0: 5}
    assert values.after == {}


def test_what_was_written_is_seen_at_the_next_event_of_anybody() -> None:
    values, box = Values(), Box(5)
    values.see(0, event(Act.WRITE, "value"), box)
    assert (values.before, values.after) == ({0: 5}, {})
    box.value = 6
    values.see(1, event(Act.READ, "value", thread=2), box)
    assert values.before == {0: 5, 1: 6}
    assert values.after == {0: 6}


def test_or_when_there_is_no_other() -> None:
    values, box = Values(), Box(5)
    values.see(0, event(Act.WRITE, "value"), box)
    box.value = 6
    values.settle()
    assert values.after == {0: 6}


def test_events_of_one_operation_belong_together() -> None:
    values, box, table = Values(), Box(5), {"a": 1}
    values.see(0, event(Act.WRITE, "value"), box)
    values.see(1, event(Act.WRITE, ("a",)), table)
    assert values.after == {}
    box.value, table["a"] = 6, 2
    values.see(2, event(Act.READ, "value", passage=2), box)
    assert values.after == {0: 6, 1: 2}


def test_a_part_of_a_container() -> None:
    values, table = Values(), {"a": 1}
    values.see(0, event(Act.WRITE, None), table)
    values.see_part(0, ("b",))
    table["b"] = 2
    values.settle()
    assert values.before == {0: MISSING}
    assert values.after == {0: 2}


def test_what_is_deleted_is_missing() -> None:
    values, table = Values(), {"a": 1}
    values.see(0, event(Act.WRITE, ("a",)), table)
    del table["a"]
    values.settle()
    assert values.after == {0: MISSING}


def test_what_has_a_finalizer_is_not_kept() -> None:
    values = Values()
    values.see(0, event(Act.READ, "value"), Box(Finalised()))
    assert isinstance(values.before[0], Unkept)


def test_locks_have_no_values() -> None:
    values = Values()
    values.see(0, event(Act.TAKE, None), object())
    values.settle()
    assert values.before == values.after == {}


def test_garbage_that_the_program_collects_is_let_go_of() -> None:
    """What was written last included, which nobody has looked at yet."""
    values, boxes = Values(), [Box(5), Box(6)]
    seen = [weakref.ref(box) for box in boxes]
    for number, box in enumerate(boxes):
        box.value = box
        values.see(number, event(Act.WRITE, "value", passage=number), box)
    boxes.clear()
    del box
    gc.collect()
    assert all(reference() is not None for reference in seen)
    values.let_go()
    gc.collect()
    assert all(reference() is None for reference in seen)
    assert all(type(value) is Unkept for value in (*values.before.values(), *values.after.values()))


def test_what_can_be_no_part_of_garbage_is_kept() -> None:
    values = Values()
    values.see(0, event(Act.READ, "value"), Box(5))
    values.let_go()
    assert values.before == {0: 5}
