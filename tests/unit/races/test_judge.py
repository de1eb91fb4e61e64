"""What the oracles find that is no failure is told as a hazard, and what is not seen again is said of the search."""

from __future__ import annotations

from pathlib import Path

from unit.races.alone import alone

HEAD = """
import threading
from pytest_gilcheck.races import Budget, Rules, Scope, explore, run
class Shared:
    def __init__(self):
        self.n = 0
        self.lock = threading.Lock()
    def careful(self):
        with self.lock:
            self.n += 1
"""


def test_an_outcome_of_none_of_the_orders_that_were_run_is_a_hazard_if_there_are_more(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def swapped():
    shared = Shared()
    def swap(number):
        before, shared.n = shared.n, number
        return before
    run(*[lambda number=number: swap(number) for number in range(1, 6)])
found = explore(swapped, budget=Budget(seconds=20, schedules=60))
assert found.verdict == "clean", found
assert [hazard.kind for hazard in found.hazards if hazard.kind == "unserialisable"] == ["unserialisable"], found.hazards
without = explore(swapped, budget=Budget(seconds=20, schedules=60), rules=Rules(ignored=frozenset({"hazard"})))
assert without.hazards == (), without.hazards
""",
    )


def test_an_update_that_is_lost_in_installed_code_is_a_hazard_until_it_is_named(tmp_path: Path) -> None:
    site = tmp_path / "site"
    (site / "counting-1.0.dist-info").mkdir(parents=True)
    (site / "counting-1.0.dist-info" / "RECORD").write_text("counting.py,,\n")
    (site / "counting.py").write_text("class Hits:\n    n = 0\n    def add(self):\n        self.n += 1\n")
    alone(
        tmp_path,
        f"""
import sys
sys.path.insert(0, {str(site)!r})
{HEAD}
import counting
def both():
    hits = counting.Hits()
    run(hits.add, hits.add)
found = explore(both)
assert found.verdict == "clean", found
(hazard,) = [hazard for hazard in found.hazards if hazard.kind == "lost-update"]
assert [place.line for place in hazard.places] == [4, 4, 4], hazard
named = explore(both, scope=Scope.parse("counting", {str(tmp_path)!r}))
assert (named.verdict, named.kind) == ("race", "lost-update"), named
""",
    )


def test_a_search_in_which_a_lost_update_did_not_come_again_is_not_exhausted(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.quiet import quiet
from pytest_gilcheck.races.search import Search
def both():
    shared = Shared()
    run(shared.careful, shared.careful)
def searched(unrepeated):
    laboratory = Laboratory(both, Scope())
    search = Search(laboratory, name="", strategy="auto", budget=Budget(seconds=20), seed=0, bound=None)
    search._unrepeated = unrepeated
    with quiet(), laboratory.open():
        return search.explore()
assert searched(False).coverage == "exhausted"
found = searched(True)
assert (found.verdict, found.coverage) == ("clean", "sampled"), found
assert "was not lost when it ran again" in found.reason, found
""",
    )
