"""Who touched which location, and where threads meet."""

from __future__ import annotations

import _thread
import gc
import hashlib
import weakref

import pytest

from pytest_gilcheck.races import accesses
from pytest_gilcheck.races.accesses import Accesses
from pytest_gilcheck.races.sites import Kind, Site

FIRST, SECOND = 1, 2
CODE = (lambda: None).__code__


class Thing:
    """Something that can be weakly referred to."""


def site(*, trusted: bool = False) -> Site:
    return Site(code=CODE, offset=0, line=1, kind=Kind.LOAD_ATTR, trusted=trusted)


def meeting(first: tuple[object, bool], second: tuple[object, bool], target: object | None = None) -> bool:
    table, shared = Accesses(), target if target is not None else Thing()
    one, other = site(), site()
    table.note(one, shared, first[0], write=first[1], bit=FIRST)
    table.note(other, shared, second[0], write=second[1], bit=SECOND)
    assert table.met in (set(), {one, other})
    return bool(table.met)


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        (("n", True), ("n", True), True),
        (("n", True), ("n", False), True),
        (("n", False), ("n", True), True),
        (("n", False), ("n", False), False),
        (("n", True), ("m", True), False),
        ((("k",), True), (("k",), False), True),
        ((None, True), (("k",), False), True),
        ((("k",), False), (None, True), True),
        ((None, False), (("k",), True), True),
        ((("k",), True), (None, False), True),
        ((None, False), (("k",), False), False),
        ((None, True), (None, False), True),
    ],
)
def test_two_threads_meet_where_one_writes(first: tuple[object, bool], second: tuple[object, bool], meet: bool) -> None:
    assert meeting(first, second) is meet
    assert meeting(first, second, target=[1]) is meet


def test_items_are_told_apart_once_an_object_is_shared() -> None:
    table, thing, sites = Accesses(), {"k": 1, "j": 2}, [site() for _ in range(4)]
    table.note(sites[0], thing, ("k",), write=False, bit=FIRST)
    table.note(sites[1], thing, ("k",), write=False, bit=SECOND)
    assert not table.met
    table.note(sites[2], thing, ("j",), write=False, bit=FIRST)
    table.note(sites[3], thing, ("j",), write=False, bit=SECOND)
    assert not table.met
    table.note(sites[3], thing, ("j",), write=True, bit=SECOND)
    assert {sites[2], sites[3]} <= table.met


def test_one_thread_meets_nobody() -> None:
    table, thing = Accesses(), Thing()
    for _ in range(3):
        table.note(site(), thing, "n", write=True, bit=FIRST)
    assert not table.met


def test_a_third_site_at_a_place_where_threads_met_is_found_as_well() -> None:
    table, thing, sites = Accesses(), Thing(), [site(), site(), site()]
    table.note(sites[0], thing, "n", write=True, bit=FIRST)
    table.note(sites[1], thing, "n", write=False, bit=SECOND)
    table.note(sites[2], thing, "n", write=False, bit=FIRST)
    assert table.met == set(sites)


def test_code_that_guards_what_it_shares_meets_only_others() -> None:
    table, thing = Accesses(), Thing()
    table.note(site(trusted=True), thing, "n", write=True, bit=FIRST)
    table.note(site(trusted=True), thing, "n", write=True, bit=SECOND)
    assert not table.met
    table.note(site(), thing, "n", write=False, bit=SECOND)
    assert len(table.met) == 3


def test_locks_are_met_wherever_they_are_used() -> None:
    table, lock = Accesses(), _thread.allocate_lock()
    table.note(site(trusted=True), lock, None, write=True, bit=FIRST)
    table.note(site(trusted=True), lock, None, write=True, bit=SECOND)
    assert len(table.met) == 2


def test_what_was_cleared_is_forgotten() -> None:
    table, thing = Accesses(), Thing()
    table.note(site(), thing, "n", write=True, bit=FIRST)
    table.clear()
    table.note(site(), thing, "n", write=True, bit=SECOND)
    assert not table.met


def test_an_object_that_dies_takes_its_record_with_it() -> None:
    table, thing = Accesses(), Thing()
    table.note(site(), thing, "n", write=True, bit=FIRST)
    gone = weakref.ref(thing)
    del thing
    gc.collect()
    assert gone() is None
    assert not table.table


def test_containers_that_nobody_else_has_are_dropped_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accesses, "SWEEP_AT", 50)
    table = Accesses()
    kept = [[number] for number in range(10)]
    for thing in kept:
        table.note(site(), thing, None, write=True, bit=FIRST)
    for number in range(1000):
        table.note(site(), [number], None, write=True, bit=FIRST)
    assert len(table.table) <= 110
    assert all(id(thing) in table.table for thing in kept)


def test_an_object_in_c_that_is_gone_is_not_taken_for_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be referred to weakly: another one could get its id while its record is still there."""
    monkeypatch.setattr(accesses, "SWEEP_AT", 50)
    table = Accesses()
    for number in range(200):
        digest = hashlib.sha256(b"x")
        with pytest.raises(TypeError):
            weakref.ref(digest)
        table.note(site(), digest, None, write=True, bit=FIRST if number % 2 else SECOND)
        del digest
    assert not table.met
    assert len(table.table) <= 110
