"""Which pairs of events could come the other way round, and what has to come first then."""

from __future__ import annotations

import pytest

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.reduction import Reduction
from unit.races.test_suspects import events

_MORE = {"b": Act.BLOCK, "y": Act.TRY, "k": Act.WAKE, "j": Act.JOIN, "u": Act.UNORDERED}


def noted(text: str) -> list[Event]:
    """As ``events``; ``b`` waits for a lock, ``y`` tries one, ``1k2`` wakes thread 2 and ``1j2`` joins it."""
    found = []
    for word in text.split():
        act = _MORE.get(word[1])
        if act is None:
            found += events(word)
        else:
            target = int(word[2]) if act in {Act.WAKE, Act.JOIN} else sum(map(ord, word[2:]))
            found.append(Event(int(word[0]), act, target, int, None, None, 0, 0, 0))
    return found


def reversals(text: str, *, attempts: bool = False) -> list[str]:
    words = text.split()
    found = Reduction(noted(text), attempts=attempts).reversals()
    return [f"{words[event]} after {thread}" for event, thread, _ in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1wx 2rx", ["1wx after 2"]),
        ("1rx 2wx", ["1rx after 2"]),
        ("1wx 2wx", ["1wx after 2"]),
        ("1rx 2rx", []),
        ("1wx 2wy", []),
        ("1wx 1wx 2rx", ["1wx after 2"]),  # the second: the first is reversed when that has been
        ("1wx 1k2 2rx", []),  # woken by it
        ("1wx 2j1 2rx", []),  # after its end
        ("1wx 2rx 2wy 3ry", ["1wx after 2", "2wy after 3"]),
        ("1wx 2rx 3wx", ["1wx after 2", "2rx after 3"]),  # 1wx comes before 3wx by way of 2rx
        # Locks: those who take one, whatever was done under it; not who frees it and who takes it then.
        ("1ta 1wx 1fa 2ta 2wx 2fa", ["1ta after 2"]),
        ("1ta 2ba 1fa 2ta", ["1ta after 2", "1ta after 2"]),
        ("1ta 1fa 1ta 1fa 2ta", ["1ta after 2"]),
        # Whether a lock is free is seen both before it is taken and before it is freed.
        ("1ta 2ya 1fa", ["1ta after 2", "2ya after 1"]),
        ("1ta 1fa 2ya 2ta", ["1fa after 2"]),
        # Each holds one lock and waits for the other: that they wait is all there is to see.
        ("1ta 2tb 1bb 2ba", ["2tb after 1", "1ta after 2"]),
    ],
)
def test_pairs(text: str, expected: list[str]) -> None:
    assert sorted(reversals(text)) == sorted(expected)


def test_to_wait_for_a_lock_is_another_order_where_switches_are_counted() -> None:
    assert reversals("1ta 1fa 2ta", attempts=True) == ["1ta after 2", "1fa after 2"]


@pytest.mark.parametrize(
    ("text", "initials"),
    [
        ("1wx 2rx", {2}),
        ("1wx 3wy 2ry 2rx", {3}),  # thread 2 can only do the same after thread 3
        ("1wx 3wy 2rx", {2, 3}),
        ("1wx 3rx 2rx", {2}),  # thread 3 comes after 1wx as well
        # What thread 3 does without a point in between has to go with it, and part of it comes after 1wx.
        ("1wx 3ta 3rx 3fa 2rx", {2}),
    ],
)
def test_what_can_come_first(text: str, initials: set[int]) -> None:
    number = len(text.split()) - 1
    found = [bits for event, thread, bits in Reduction(noted(text)).reversals() if (event, thread) == (0, 2)]
    assert found, number
    assert {thread for thread in range(4) if found[-1] >> thread & 1} == initials


def test_what_depends_on_the_time_is_not_reduced() -> None:
    assert Reduction(noted("1wx 2u 2rx")).unordered
    assert not Reduction(noted("1wx 2rx")).unordered
