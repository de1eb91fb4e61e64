"""Tests that need the whole machine have it to themselves, and get it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from turns import Turns

pytest.importorskip("fcntl", reason="without it nobody waits")


Make = Callable[[], Turns]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes locks between them all."""
    files = tmp_path / "queue", tmp_path / "taken"
    for file in files:
        file.touch()
    with ExitStack() as stack:
        yield lambda: stack.enter_context(closing(Turns(*files)))


def taking(turns: Turns, *, alone: bool) -> tuple[threading.Thread, threading.Event]:
    taken = threading.Event()

    def take() -> None:
        turns.take(alone=alone)
        taken.set()

    thread = threading.Thread(target=take)
    thread.start()
    return thread, taken


def test_who_wants_it_alone_waits_for_all_others_and_the_next_ones_wait_for_that(make: Make) -> None:
    one, other, alone, late = (make() for _ in range(4))
    one.take(alone=False)
    other.take(alone=False)
    first, has_it = taking(alone, alone=True)
    assert not has_it.wait(0.05)
    second, shares_it = taking(late, alone=False)
    one.give_back()
    assert not has_it.wait(0.05)
    assert not shares_it.wait(0.05), "it came later"
    other.give_back()
    assert has_it.wait(20)
    assert not shares_it.wait(0.05)
    alone.give_back()
    assert shares_it.wait(20)
    for thread in (first, second):
        thread.join()


def test_what_is_there_already_is_kept(make: Make) -> None:
    one, other = make(), make()
    one.take(alone=True)
    one.take(alone=True)
    thread, has_it = taking(other, alone=False)
    assert not has_it.wait(0.05)
    one.give_back()
    assert has_it.wait(20)
    thread.join()
