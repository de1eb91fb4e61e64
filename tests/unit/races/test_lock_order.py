"""Locks that are held at which event, and those that are taken in opposite orders."""

from __future__ import annotations

import pytest

from pytest_gilcheck.races.holding import Holding
from pytest_gilcheck.races.lock_order import cycles
from pytest_gilcheck.races.sites import Kind, Site
from unit.races.test_reduction import noted


def held(text: str) -> dict[str, set[str]]:
    """For each access the locks that are held at it, by the words that took them."""
    words = text.split()
    found = Holding(noted(text)).held
    return {word: {words[take] for take in found[n].values()} for n, word in enumerate(words) if word[1] in "rw"}


def test_locks_are_held_until_they_are_freed() -> None:
    text = "1rx 1ta 1ry 1tb 1rz 1fa 1wx 1fb 1wy"
    assert held(text) == {"1rx": set(), "1ry": {"1ta"}, "1rz": {"1ta", "1tb"}, "1wx": {"1tb"}, "1wy": set()}


def test_each_thread_holds_its_own() -> None:
    assert held("1ta 2rx 1ry 2tb 2wx") == {"2rx": set(), "1ry": {"1ta"}, "2wx": {"2tb"}}


def test_what_another_thread_frees_protects_nothing() -> None:
    assert held("1ta 1rx 2fa 2ta 2rx 1tb 1ry") == {"1rx": set(), "2rx": set(), "1ry": {"1tb"}}


def test_it_is_known_where_a_lock_was_taken() -> None:
    holding = Holding(noted("1na 2nb 1ta 1na 1fa 1tc 2yb 2tb"))
    assert holding.near == {2: 0, 7: 1}
    assert holding.tried == {7}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1na 1ta 1nb 1tb 1fb 1fa 2nb 2tb 2na 2ta 2fa 2fb", 1),
        ("1na 1ta 1nb 1tb 1fb 1fa 2na 2ta 2nb 2tb 2fb 2fa", 0),  # the same order
        ("1na 1ta 1nb 1tb 1fb 1fa 1nb 1tb 1na 1ta 1fa 1fb", 0),  # the same thread
        ("1na 1ta 1fa 1nb 1tb 1fb 2nb 2tb 2na 2ta 2fa 2fb", 0),  # one at a time
        # A gate before both.
        ("1ng 1tg 1na 1ta 1nb 1tb 1fb 1fa 1fg 2ng 2tg 2nb 2tb 2na 2ta 2fa 2fb 2fg", 0),
        # Gates that are two.
        ("1ng 1tg 1na 1ta 1nb 1tb 1fb 1fa 1fg 2nh 2th 2nb 2tb 2na 2ta 2fa 2fb 2fh", 1),
        # One thread after the other: started by it, joined, told by a flag.
        ("1na 1ta 1nb 1tb 1fb 1fa 1k2 2nb 2tb 2na 2ta 2fa 2fb", 0),
        ("1na 1ta 1nb 1tb 1fb 1fa 2j1 2nb 2tb 2na 2ta 2fa 2fb", 0),
        ("1na 1ta 1nb 1tb 1fb 1fa 1wx 2rx 2nb 2tb 2na 2ta 2fa 2fb", 0),
        # Neither waits for a lock that it tries.
        ("1na 1ta 1nb 1tb 1fb 1fa 2nb 2tb 2na 2ya 2ta 2fa 2fb", 0),
        # A ring of three.
        ("1na 1ta 1nb 1tb 1fb 1fa 2nb 2tb 2nc 2tc 2fc 2fb 3nc 3tc 3na 3ta 3fa 3fc", 1),
        ("1na 1ta 1nb 1tb 1fb 1fa 2nb 2tb 2nc 2tc 2fc 2fb 3na 3ta 3nc 3tc 3fc 3fa", 0),
    ],
)
def test_cycles(text: str, found: int) -> None:
    # Of the calls that ``noted`` makes there is no source that says whether they wait.
    entered = Site(code=test_cycles.__code__, offset=0, line=1, kind=Kind.ENTER)
    events = [event if event.site is None else event._replace(site=entered) for event in noted(text)]
    assert len(cycles(events, Holding(events))) == found
