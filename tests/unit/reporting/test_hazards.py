from __future__ import annotations

from pytest_gilcheck.reporting.hazards import full, short
from pytest_gilcheck.verdict import Hazard, HazardPlace
from unit.reporting.samples import HAZARD, READ, WRITE

BOTH = HazardPlace(thread=2, file="a.py", line=4, function="C.f", source="x", act="reads .n", locks=("a.py:1", "b.py:2"))


def test_a_line_for_each() -> None:
    assert short([]) == []
    assert short([HAZARD]) == ["1 hazard", "? unordered: two threads write it (a.py:4, a.py:9)"]
    assert short([HAZARD, HAZARD])[0] == "2 hazards"


def test_of_many_the_first() -> None:
    lines = short([HAZARD] * 20)
    assert (len(lines), lines[0], lines[-1]) == (10, "20 hazards", "? and 12 more, which --gilcheck-json writes")


def test_the_places_with_their_locks() -> None:
    assert full([Hazard(kind="split", text="t", places=(READ, WRITE, BOTH))]) == [
        "hazard (split): t",
        "    a.py:4 in C.f  v = self.n",
        "        thread 1 reads .n, with the lock taken at a.py:3",
        "    a.py:9 in C.g  self.n = 0",
        "        thread 2 writes .n, without a lock",
        "    a.py:4 in C.f  x",
        "        thread 2 reads .n, with the locks taken at a.py:1, b.py:2",
    ]
