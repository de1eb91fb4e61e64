"""Shared state: a lock that serialises the threads, a counter, and a test that cannot be run in threads."""

import sys

import pytest
from archive.store import Journal, Visits


@pytest.fixture
def journal() -> Journal:
    """An empty journal; the threads of one measurement share it."""
    return Journal()


@pytest.fixture
def visits() -> Visits:
    """A counter at zero; the threads of one measurement share it."""
    return Visits()


@pytest.mark.gilcheck(threads=8)
def test_journal(journal):
    """lock-bound: nobody holds the GIL, but all the threads wait for one lock."""
    journal.append("opened")
    assert "opened" in journal.entries


@pytest.mark.gilcheck(threads=8)
def test_visits(visits):
    """too-short: one addition is over long before anything could be measured."""
    visits.increment()
    assert visits.count >= 1


@pytest.mark.gilcheck(threads=8)
def test_report(capsys):
    """skipped: ``capsys`` swaps ``sys.stdout`` for the whole process; two copies would mix their output."""
    sys.stdout.write("12 documents\n")
    assert capsys.readouterr().out == "12 documents\n"
