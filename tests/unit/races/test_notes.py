"""What the notes of an execution keep alive, and until when."""

from __future__ import annotations

import gc
import weakref
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_gilcheck.races.accesses import Accesses
from pytest_gilcheck.races.events import Act
from pytest_gilcheck.races.notes import Notes
from pytest_gilcheck.races.operations.locations import GARBAGE_COLLECTOR, WORKING_DIRECTORY


class Part:
    """Can be referred to weakly, as what it is a part of cannot."""


def thread(number: int) -> Any:
    return SimpleNamespace(number=number, visits={})


def noted() -> tuple[Notes, weakref.ref[Part]]:
    """Notes of the use of an object in a cycle, which only they keep, and a part of it."""
    notes = Notes(Accesses(), [])
    cycle = SimpleNamespace(part=Part())
    cycle.itself = cycle
    notes.use(thread(1), Act.READ, cycle, "part")
    return notes, weakref.ref(cycle.part)


@pytest.mark.parametrize(
    ("act", "target"), [(Act.READ, GARBAGE_COLLECTOR), (Act.WRITE, WORKING_DIRECTORY)], ids=["asked", "something-else"]
)
def test_an_object_is_kept_as_long_as_its_identity_counts(act: Act, target: object) -> None:
    notes, part = noted()
    notes.use(thread(1), act, target)
    gc.collect()
    assert part() is not None


def test_a_collection_of_the_program_finds_it() -> None:
    notes, part = noted()
    notes.use(thread(1), Act.WRITE, GARBAGE_COLLECTOR)
    gc.collect()
    assert part() is None


def test_after_it_nobody_knows_whether_another_object_has_that_identity() -> None:
    notes = Notes(Accesses(), [])
    shared = SimpleNamespace()
    notes.use(thread(1), Act.READ, shared, "part")
    notes.use(thread(2), Act.READ, shared, "part")
    assert Act.UNORDERED not in [event.act for event in notes.events]
    notes.use(thread(1), Act.WRITE, GARBAGE_COLLECTOR)
    notes.use(thread(1), Act.READ, shared, "part")
    assert [event.act for event in notes.events][-2:] == [Act.UNORDERED, Act.READ]
