"""Systematic search misses no final state and invents none; and the programs that show it are worth running."""

from __future__ import annotations

from itertools import islice

import pytest

from property.interleavings import Step, final_states
from property.soundness import Case, cases, difference, explored

# A sample of what `python -m property.soundness` runs by the thousand.
PROGRAMS = 30
SEED = 1
MOST_PATHS = 60


def sample(count: int = PROGRAMS) -> list[Case]:
    return list(islice(cases(SEED, most_paths=MOST_PATHS), count))


@pytest.mark.parametrize("case", sample(), ids=lambda case: str(case.number))
def test_systematic_search_reaches_exactly_the_states_of_all_interleavings(case: Case) -> None:
    exploration, found = explored(case)
    problem = difference(case, exploration, found)
    assert problem is None, f"{problem}\n{case.program.source}"


def test_the_programs_are_of_every_sort() -> None:
    drawn = sample()
    assert sum(len(case.reached.states) > 1 for case in drawn) > PROGRAMS // 4
    assert any(len(case.program.threads) == 3 for case in drawn)
    assert any(case.reached.deadlock for case in islice(cases(SEED, most_paths=MOST_PATHS), 500))
    assert any("with lock" in case.program.source for case in drawn)


def test_the_enumerator_knows_a_lost_update_from_a_locked_one() -> None:
    def load(cells: dict[str, int], mine: dict[str, int], _: int) -> int:
        mine["t"] = cells["x"]
        return 1

    def store(cells: dict[str, int], mine: dict[str, int], _: int) -> int:
        cells["x"] = mine["t"] + 1
        return 1

    thread = [Step(load, ("x",), write=False), Step(store, ("x",), write=True)]
    reached = final_states({"x": 0}, [thread, thread], [{"t": 0}, {"t": 0}], 100)
    assert reached is not None
    assert {dict(cells)["x"] for cells, _ in reached.states} == {1, 2}  # type: ignore[misc, has-type]
    assert reached.paths == 6  # four steps, of which two belong to the first thread: 4! / (2! 2!)
