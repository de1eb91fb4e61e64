"""Soundness of systematic search: it reaches exactly the final states that some interleaving of a small program reaches.

``python -m property.soundness --programs 2000 --seed 1`` (from ``tests/``) compares that many random programs. For each, the
states that ``explore(strategy="systematic")`` reaches without a bound are held against those of ``interleavings``. Where
threads can wait for ever the search ends at the first deadlock: then that verdict is what is compared, and that no state
is reached which should not be.
"""

from __future__ import annotations

import argparse
import collections
import sys
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from random import Random

from property.interleavings import Reached, final_states
from property.small_programs import Program, random_program
from pytest_gilcheck.races import Budget, Exploration, Rules, explore, run

#: Programs with more paths than this are not drawn: a search without any reduction runs every one of them, and more.
MOST_PATHS = 200
#: No search of such a program needs as much: coming to an end of this is a failure as well.
BUDGET = Budget(seconds=600.0, schedules=5_000_000, limit=30.0)
#: Nothing is to end the search of a program before it has come to all states.
RULES = Rules(ignored=frozenset({"lost-update", "unserialisable"}))


@dataclass(frozen=True, slots=True)
class Case:
    """A program, and every final state that it can reach."""

    number: int
    program: Program
    reached: Reached


def cases(seed: int, *, plain: bool = False, most_paths: int = MOST_PATHS) -> Iterator[Case]:
    """An endless supply of programs in which something is decided by the order: at least two paths."""
    random = Random(seed)
    number = 0
    while True:
        program = random_program(random, plain=plain)
        reached = final_states(program.cells, program.threads, program.registers, most_paths)
        if reached is not None and reached.paths > 1:
            number += 1
            yield Case(number, program, reached)


def explored(case: Case) -> tuple[Exploration, set[Hashable]]:
    """What a systematic search without a bound finds."""
    namespace: dict[str, object] = {"__name__": "small_program"}
    exec(compile(case.program.source, f"small_program_{case.number}.py", "exec"), namespace)
    scenario = namespace["scenario"]
    assert callable(scenario)
    found: list[Hashable] = []
    exploration = explore(
        lambda: scenario(run, found),
        name=f"program {case.number}",
        strategy="systematic",
        budget=BUDGET,
        bound=None,
        rules=RULES,
    )
    return exploration, set(found)


def difference(case: Case, exploration: Exploration, found: set[Hashable]) -> str | None:
    """What is wrong, in one line."""
    expected = case.reached
    if extra := found - expected.states:
        return f"{len(extra)} states that no interleaving reaches, such as {min(map(repr, extra))}"
    if expected.deadlock:
        if exploration.verdict != "deadlock":
            return f"threads can wait for ever, but the verdict is {exploration.verdict}: {exploration.reason}"
        return None
    if exploration.verdict != "clean":
        return f"nothing fails, but the verdict is {exploration.verdict}: {exploration.reason}"
    if missing := expected.states - found:
        return f"{len(missing)} of {len(expected.states)} states not reached, such as {min(map(repr, missing))}"
    if exploration.coverage != "exhausted" or exploration.preemption_bound is not None:
        return f"coverage is {exploration.coverage} with bound {exploration.preemption_bound}: {exploration.reason}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--plain", action="store_true", help="only the plain spelling of each access")
    parser.add_argument("--most-paths", type=int, default=MOST_PATHS)
    parser.add_argument("--only", type=int, nargs="*", help="only the programs of these numbers; shows their source")
    arguments = parser.parse_args()
    wrong: list[int] = []
    figures: collections.Counter[str] = collections.Counter()
    for case in cases(arguments.seed, plain=arguments.plain, most_paths=arguments.most_paths):
        if case.number > arguments.programs:
            break
        if arguments.only and case.number not in arguments.only:
            continue
        exploration, found = explored(case)
        problem = difference(case, exploration, found)
        figures.update(
            programs=1, deadlocks=case.reached.deadlock, states=len(case.reached.states), paths=case.reached.paths
        )
        figures.update(schedules=exploration.schedules, milliseconds=round(exploration.seconds * 1e3))
        if problem or arguments.only:
            print(f"--- program {case.number} of seed {arguments.seed}: {problem}")
            print(case.program.source.partition("threading.Lock()\n")[2])
        if problem:
            wrong.append(case.number)
    print(dict(figures))
    print(f"{len(wrong)} programs differ" + (f": {wrong[:50]}" if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
