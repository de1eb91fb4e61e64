"""Under control locks, conditions, queues and clocks do what the real ones can do, and nothing else."""

from __future__ import annotations

from functools import cache
from itertools import islice

import pytest

from property.fidelity import KINDS, Bench, Program, compare, problem, programs
from property.reference import Barrier, Clock, Condition, Lock, Model, Operation, Outcome, Queue, outcomes

# A sample of what `python -m property.fidelity` runs by the thousand.
PROGRAMS = 150
SEED = 1
MOST_STATES = 2000


@cache
def sample() -> list[Program]:
    return list(islice(programs(SEED, MOST_STATES), PROGRAMS))


def test_every_outcome_is_one_that_the_real_objects_can_have() -> None:
    blocked = several = 0
    with Bench().open() as bench:
        for program in sample():
            found, what = compare(bench, program, schedules=6)
            assert what is None, what
            blocked += any(not all(outcome.ended) for outcome in found)
            several += len(found) > 1
    # Programs whose outcome depends on the order, and such that wait for ever, are drawn often enough to mean something.
    assert blocked > PROGRAMS // 10
    assert several > PROGRAMS // 10


def test_programs_use_every_kind_of_object() -> None:
    sources = "".join(program.source for program in sample())
    for name in KINDS.keys() - {"Clock"}:
        assert f".{name}(" in sources
    assert ".sleep(" in sources
    assert "    with o" in sources


def test_an_outcome_that_cannot_be_is_noticed() -> None:
    program = Program(1, "", frozenset({Outcome(((True,), (False,)), (True, True))}))
    assert problem(program, {Outcome(((True,), (False,)), (True, True)): 0}) is None
    assert "no order of steps" in str(problem(program, {Outcome(((True,), (True,)), (True, True)): 0}))


def records(models: list[Model], *threads: list[tuple[object, ...]]) -> set[object]:
    programs = [[Operation(0, str(name), tuple(args)) for name, *args in thread] for thread in threads]
    found = outcomes(models, programs, 10_000)
    assert found is not None
    return {outcome.records if all(outcome.ended) else "for ever" for outcome in found}


@pytest.mark.parametrize(
    ("models", "threads", "expected"),
    [
        ([Lock()], [[("acquire", False)], [("acquire", False)]], {((True,), (False,)), ((False,), (True,))}),
        ([Lock()], [[("acquire",), ("acquire",)]], {"for ever"}),
        ([Lock()], [[("acquire",), ("acquire", True, 5)]], {((True, False),)}),
        ([Queue("last")], [[("put", 1), ("put", 2), ("get",)]], {((None, None, 2),)}),
        ([Queue("first", 1)], [[("put", 1), ("put", 2)], [("get",)]], {((None, None), (1,))}),
        ([Clock()], [[("sleep", 3)], [("sleep", 1)]], {((None,), (None,))}),
        ([Barrier(2)], [[("wait",)], [("wait",)]], {((0,), (1,)), ((1,), (0,))}),
        (
            [Condition()],
            [[("acquire",), ("wait",), ("release",)], [("acquire",), ("notify",), ("release",)]],
            {((True, True, None), (True, None, None)), "for ever"},
        ),
    ],
)
def test_the_reference_knows_the_classics(
    models: list[Model], threads: list[list[tuple[object, ...]]], expected: set[object]
) -> None:
    assert records(models, *threads) == expected
