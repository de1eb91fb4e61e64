"""Work on the CPU that holds the GIL: threads do not help, processes do."""

import sys

import pytest
from archive import index
from archive.search import closest, frequencies

WORDS = ("interleaving", "preemption", "free-threading", "scheduling", "interpreter", "throughput") * 140
TEXT = "Threads take turns; one runs byte code while the others wait.\n" * 5_500
ENTRY = '{"number": 7, "title": "A short treatise on waiting", "pages": 212, "tags": ["time", "queues"]}'

#: A free-threaded build runs without the GIL, unless something switched it on.
HAS_GIL = getattr(sys, "_is_gil_enabled", lambda: True)()


@pytest.fixture
def index_text() -> str:
    """The JSON text of a large index."""
    return '{"entries": [' + ",\n".join([ENTRY] * 30_000) + "]}"


@pytest.mark.gilcheck(threads=8)
def test_closest_word():
    """gil-bound: byte code from the first line to the last."""
    assert closest("interleavings", WORDS) == "interleaving"


@pytest.mark.gilcheck_scaling(threads=4, expect="gil-bound" if HAS_GIL else "scales")
def test_letter_frequencies():
    """gil-bound, and the test says so: it fails on the day when this is no longer true."""
    assert max(frequencies(TEXT).values()) > 10_000


@pytest.mark.gilcheck(threads=8)
def test_load_index(index_text):
    """gil-bound: ``json.loads`` is one long C call that never lets go of the GIL."""
    assert index.load(index_text) == {7: "A short treatise on waiting"}
