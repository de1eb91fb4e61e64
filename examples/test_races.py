"""Interleavings that break a test, each beside code that no interleaving breaks."""

import threading

import pytest
from archive.shelves import Desk, Shelf, move, move_in_order
from archive.store import Visits

LOCK = threading.Lock()


@pytest.fixture
def visits(gilcheck) -> Visits:
    """A counter at zero, anew for each interleaving; when all threads have ended, it must have counted each."""
    visits = Visits()
    yield visits
    assert visits.count == gilcheck.thread_count


@pytest.mark.gilcheck_race(threads=2)
def test_every_visit_counts(visits):
    """race: both threads can read the counter before one of them writes it."""
    visits.increment()


@pytest.mark.gilcheck_race(threads=2)
def test_every_locked_visit_counts(visits):
    """clean: reading and writing happen under one lock."""
    with LOCK:
        visits.increment()


def test_moves_in_both_directions(gilcheck):
    """deadlock: each thread can hold the lock that the other one wants. No marker is needed beside ``gilcheck.run``."""
    here, there = Shelf(1, "a"), Shelf(2, "b")
    gilcheck.run(lambda: move("a", here, there), lambda: move("b", there, here))
    assert (here.documents, there.documents) == (["b"], ["a"])


def test_ordered_moves_in_both_directions(gilcheck):
    """clean: both threads take the locks in the same order."""
    here, there = Shelf(1, "a"), Shelf(2, "b")
    gilcheck.run(lambda: move_in_order("a", here, there), lambda: move_in_order("b", there, here))
    assert (here.documents, there.documents) == (["b"], ["a"])


@pytest.mark.gilcheck_race
def test_a_reader_is_woken():
    """hang: the document can be laid down between the reader's look and its wait."""
    desk = Desk()
    thread = threading.Thread(target=desk.lay, args=("letter",))
    thread.start()
    assert desk.read() == "letter"
    thread.join()
