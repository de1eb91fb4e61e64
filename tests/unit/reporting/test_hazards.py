from __future__ import annotations

from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.reporting.hazards import full, short
from pytest_gilcheck.reporting.races import summary, table
from pytest_gilcheck.verdict import Hazard, HazardPlace, Race

READ = HazardPlace(thread=1, file="a.py", line=4, function="C.f", source="v = self.n", act="reads .n", locks=("a.py:3",))
WRITE = HazardPlace(thread=2, file="a.py", line=9, function="C.g", source="self.n = 0", act="writes .n")
BOTH = HazardPlace(thread=2, file="a.py", line=4, function="C.f", source="x", act="reads .n", locks=("a.py:1", "b.py:2"))
HAZARD = Hazard(kind="unordered", text="two threads write it", places=(READ, READ, WRITE))


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


def test_the_table_has_them_and_the_summary_of_every_run_has_not() -> None:
    records = {"t": RaceRecord(verdict=Race.CLEAN, reason="all ran", hazards=(HAZARD,))}
    assert table(records, 100)[2:] == [
        "    all ran",
        "    1 hazard",
        "    ? unordered: two threads write it (a.py:4, a.py:9)",
    ]
    assert summary(records, full=False) == summary(records, full=True) == []
