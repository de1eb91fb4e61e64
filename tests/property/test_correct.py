"""Programs that guard, hand over or wait for all that they share are never called wrong."""

from __future__ import annotations

import re
from itertools import islice

from property.correct import Program, programs, searched
from pytest_gilcheck.verdict import Race

# A sample of what ``python -m property.correct`` runs by the hundred.
PROGRAMS = 40
SCHEDULES = 25
SEED = 1


def test_no_schedule_of_a_correct_program_is_a_failure() -> None:
    schedules = 0
    for program in islice(programs(SEED), PROGRAMS):
        exploration = searched(program, SCHEDULES)
        assert exploration.verdict == "clean", f"{exploration.reason}\n{program.source}"
        assert not exploration.hazards, f"{exploration.hazards}\n{program.source}"
        schedules += exploration.schedules
    assert schedules > PROGRAMS * SCHEDULES / 2, "most of them have many interleavings"


def test_the_programs_are_of_every_sort() -> None:
    drawn = list(islice(programs(SEED), PROGRAMS))
    words = (
        "with locks",
        ".acquire()",
        "wait_for",
        "while not flags",
        "ThreadPoolExecutor(",
        "threading.Thread(",
        "semaphore:",
    )
    for word in words:
        assert any(word in program.source for program in drawn), word


def test_without_their_locks_many_go_wrong() -> None:
    found = []
    hazards = 0
    for program in islice(programs(SEED), PROGRAMS):
        source = re.sub(r"with locks\[\d\](, locks\[1\])?:", "if True:", program.source)
        if source != program.source and "run(thread" in source:
            exploration = searched(Program(program.number, source))
            found.append(exploration.verdict)
            hazards += any(hazard.kind == "unordered" for hazard in exploration.hazards)
    assert len(found) > 5
    assert hazards > len(found) / 2
    assert found.count(Race.RACE) > len(found) / 2
