"""What comes before what, whatever the schedule."""

from __future__ import annotations

import pytest

from pytest_gilcheck.races.happens_before import Order
from unit.races.test_reduction import noted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1wx 2rx", False),  # to see a value is no order by itself
        ("1wx 1rx 2wy 2rx", False),
        ("1ta 1wx 1fa 2ta 2rx", True),
        ("1ta 1wx 1fa 2tb 2rx", False),  # another lock
        ("1ta 1fa 1wx 2ta 2rx", False),  # after it was freed
        ("1wx 1ta 1fa 2rx 2ta", False),  # before it was taken
        ("1wx 1k2 2rx", True),  # started or woken by it
        ("1k2 1wx 2rx", False),
        ("1wx 2j1 2rx", True),
        ("1wx 1ta 1fa 3ta 3fa 3k2 2rx", True),  # by way of a third
        ("1wx 1ta 1fa 2ya 2rx", True),  # who sees that a lock is free comes after who freed it
    ],
)
def test_what_locks_and_threads_order(text: str, expected: bool) -> None:
    words = text.split()
    assert Order(noted(text)).before(words.index("1wx"), words.index("2rx")) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1wx 1wf 2rf 2rx", True),  # a flag was seen
        ("1wf 1wx 2rf 2rx", False),
        ("1wx 1wf 2rg 2rx", False),
        ("1wx 1wf 3rf 3wg 2rg 2rx", True),
        ("1wx 2rx", False),
    ],
)
def test_what_single_accesses_order(text: str, expected: bool) -> None:
    words, events = text.split(), noted(text)
    wrote, read = words.index("1wx"), words.index("2rx")
    order = Order(events, accesses=True, but_for=(2, (events[wrote].target, None)))
    assert order.before(wrote, read) is expected
    assert not Order(events).before(wrote, read)


def test_what_one_thread_sees_of_the_location_itself_can_be_left_out() -> None:
    text = "1wx 2rx 3rx"
    events = noted(text)
    order = Order(events, accesses=True, but_for=(2, (events[0].target, None)))
    assert not order.before(0, 1)
    assert order.before(0, 2)


def test_a_lock_that_is_left_out_orders_nothing() -> None:
    events = noted("1ta 1wx 1fa 2ta 2rx 2fa")
    assert Order(events).before(1, 4)
    assert not Order(events, apart_from={events[0].target}).before(1, 4)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1rx 1wx 2wx", True),
        ("2wx 1rx 1wx", True),
        ("1rx 2wx 1wx", True),
        ("2wx 2k1 1rx 1wx", False),  # it came before both
        ("1rx 1wx 1k2 2wx", False),  # it comes after both
        ("1rx 1k2 1wx 2wx", True),
        ("1ta 1rx 1wx 1fa 2ta 2wx 2fa", False),
    ],
)
def test_what_may_come_between(text: str, expected: bool) -> None:
    words = text.split()
    order = Order(noted(text))
    assert order.may_come_between(words.index("1rx"), words.index("2wx"), words.index("1wx")) is expected
