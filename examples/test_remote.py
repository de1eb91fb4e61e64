"""Waiting for others: threads help as they are."""

import pytest
from archive.remote import fetch, ping
from archive.search import closest

WORDS = ("interleaving", "preemption", "free-threading", "scheduling", "interpreter", "throughput") * 55
NAMES = ("charter", "ledger", "minutes", "survey", "treaty")


@pytest.mark.gilcheck_scaling(threads=8, expect="io-bound")
def test_ping():
    """io-bound, and the test says so."""
    assert ping()


@pytest.mark.gilcheck(threads=8)
def test_fetch_over_a_socket(port):
    """io-bound: the client waits for the server."""
    assert fetch(port, NAMES) == [f"document {name}" for name in NAMES]


@pytest.mark.gilcheck_scaling(threads=4, min_speedup=2)
def test_four_downloads_at_once(port):
    """io-bound: four threads must do at least twice the work of one in the same time."""
    assert len(fetch(port, NAMES)) == len(NAMES)


@pytest.mark.gilcheck(threads=8)
def test_ping_and_search():
    """partly-gil-bound: some waiting, some byte code; threads help until the byte code fills one CPU."""
    assert ping(0.018)
    assert closest("interleavings", WORDS) == "interleaving"
