"""Which gaps of a noted execution look as if nobody should come between."""

from __future__ import annotations

import pytest

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.suspects import Pattern, Suspicion, suspicions

_ACTS = {"r": Act.READ, "w": Act.WRITE, "n": Act.NEAR_LOCK, "t": Act.TAKE, "f": Act.FREE}
_sites: dict[str, Site] = {}


def site(name: str) -> Site:
    return _sites.setdefault(name, Site(code=(lambda: None).__code__, offset=len(_sites), line=1, kind=Kind.CALL))


def events(text: str) -> list[Event]:
    """``1rx`` is thread 1 reading ``x``; ``n``, ``t`` and ``f`` are for locks. All threads that come later could run."""
    words = text.split()
    found = []
    for number, word in enumerate(words):
        thread, act, what = int(word[0]), _ACTS[word[1]], word[2:]
        ready = 0
        for later in words[number:]:
            ready |= 1 << int(later[0])
        where = site(word) if act in {Act.READ, Act.WRITE, Act.NEAR_LOCK} else None
        found.append(Event(thread, act, sum(map(ord, what)), int, None, where, 1, ready if where else 0, 0))
    return found


def most_promising(text: str) -> Suspicion | None:
    return min(suspicions(events(text)), key=lambda suspicion: suspicion.pattern, default=None)


@pytest.mark.parametrize(
    ("text", "pattern", "event"),
    [
        ("1rx 1wx 2rx 2wx", Pattern.LOST_UPDATE, 1),
        ("1wx 1wx 2rx", Pattern.UNSERIALISABLE, 1),
        ("1rx 1rx 2wx", Pattern.UNSERIALISABLE, 1),
        ("1wx 1rx 2wx", Pattern.UNSERIALISABLE, 1),
        ("1wx 1wy 2rx 2ry", Pattern.HALF_DONE, 1),
        ("1rx 1ry 2wx 2wy", Pattern.HALF_DONE, 1),
        ("1rx 1wx 2rx", Pattern.STALE_READ, 1),
        ("1rx 1wy 2wx 2ry", Pattern.SEVERAL_LOCATIONS, 1),
        # Each takes one lock and then the other: between the two, before the second.
        ("1na 1ta 1nb 1tb 1fb 1fa 2nb 2tb 2na 2ta 2fa 2fb", Pattern.LOCK_ORDER, 2),
        # Two critical sections of one lock: between them, before the lock is taken again.
        ("1na 1ta 1rx 1na 1fa 1na 1ta 1wx 1na 1fa 2na 2ta 2rx 2wx 2fa", Pattern.LOST_UPDATE, 5),
    ],
)
def test_the_pattern_and_where_to_interrupt(text: str, pattern: Pattern, event: int) -> None:
    found = most_promising(text)
    assert found is not None
    assert (found.pattern, found.event) == (pattern, event)
    assert (found.thread, found.other) == (1, 2)


@pytest.mark.parametrize(
    "text",
    [
        "1rx 1rx 2rx",  # nobody writes
        "1rx 1wx 2ry 2wy",  # they share nothing
        "1rx 2wx",  # there is no gap
        "1na 1ta 1rx 1wx 1fa 2na 2ta 2rx 2wx 2fa",  # a lock keeps the other out
    ],
)
def test_nothing_is_suspicious(text: str) -> None:
    assert most_promising(text) is None


def test_a_thread_that_comes_to_the_location_before_it_has_to_wait_is_not_kept_out() -> None:
    found = most_promising("1na 1ta 1rx 1wx 1fa 2rx 2wx 2na 2ta 2fa")
    assert found is not None
    assert found.pattern is Pattern.LOST_UPDATE


def test_all_of_an_object_is_each_part_of_it() -> None:
    one, two, other = events("1rx 1wx 2wx")
    part = other._replace(key="part")
    assert [found.pattern for found in suspicions([one, two, part])] == [Pattern.LOST_UPDATE]
    assert not suspicions([one._replace(key="another"), two._replace(key="another"), part])


def test_nothing_is_proposed_again_where_the_execution_was_switched_already() -> None:
    first, second, *rest = events("1rx 1wx 2rx 2wx")
    assert not suspicions([first, second._replace(ready=0), *rest])


def test_only_what_comes_after_counts() -> None:
    assert suspicions(events("1rx 1wx 2rx 2wx"), since=1)
    assert not suspicions(events("1rx 1wx 2rx 2wx"), since=2)


def test_code_that_runs_often_is_suspicious_once() -> None:
    found = suspicions(events("1rx 1wx 1rx 1wx 1rx 1wx 2rx 2wx"))
    signatures = [suspicion.signature for suspicion in found]
    assert len(signatures) == len(set(signatures))
