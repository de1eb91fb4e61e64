"""Correct programs: what threads share is guarded, handed over or waited for, so no schedule may be called a failure.

``python -m property.correct --programs 300 --seed 1`` (from ``tests/``) searches that many random ones for a failure.
"""

from __future__ import annotations

import argparse
import linecache
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from textwrap import indent

from pytest_gilcheck.races import Budget, Exploration, explore, run

SCHEDULES = 50


@dataclass(frozen=True, slots=True)
class Program:
    """A program by its source."""

    number: int
    source: str


def _locked(random: Random, cell: int) -> str:
    """Several ways to change a number under the lock that belongs to it."""
    lock = f"locks[{cell}]"
    change = random.choice([f"cells[{cell}] += 1", f"value = cells[{cell}]\ncells[{cell}] = value + 1"])
    with_lock = f"with {lock}:\n{indent(change, '    ')}"
    by_hand = f"{lock}.acquire()\ntry:\n{indent(change, '    ')}\nfinally:\n    {lock}.release()"
    return random.choice([with_lock, by_hand])


def _both(random: Random, _: int) -> str:
    """Two numbers that change together, under both locks in the one order."""
    return "with locks[0], locks[1]:\n    cells[0] += 1\n    cells[1] += 1\n    assert len(cells) == 2"


def _atomic(random: Random, cell: int) -> str:
    """What Python does in one step."""
    return random.choice([f"log.append({cell})", f"seen.add({cell})", f"table[{cell}] = {cell}", "next(numbers)"])


def _signalled(random: Random, cell: int) -> str:
    return f"with conditions[{cell}]:\n    flags[{cell}] = True\n    conditions[{cell}].notify_all()"


def _waited(random: Random, cell: int) -> str:
    loop = f"with conditions[{cell}]:\n    while not flags[{cell}]:\n        conditions[{cell}].wait()"
    predicate = f"with conditions[{cell}]:\n    conditions[{cell}].wait_for(lambda: flags[{cell}])"
    return random.choice([loop, predicate])


def _limited(random: Random, _: int) -> str:
    return "with semaphore:\n    with locks[0]:\n        cells[0] += 1"


def programs(seed: int) -> Iterator[Program]:
    """An endless supply."""
    random = Random(seed)
    number = 0
    while True:
        number += 1
        yield Program(number, _program(random))


#: What a thread may do, and which numbers that adds one to; ``None``: the one that was drawn.
_PARTS: tuple[tuple[Callable[[Random, int], str], tuple[int | None, ...]], ...] = (
    (_locked, (None,)),
    (_both, (0, 1)),
    (_atomic, ()),
    (_limited, (0,)),
)


def _program(random: Random) -> str:
    bodies: list[str] = []
    totals = [0, 0]
    waits = random.choice([True, False])
    for thread in range(random.choice([2, 2, 3])):
        lines: list[str] = []
        for _ in range(random.randint(1, 4)):
            cell = random.randrange(2)
            part, changed = random.choice(_PARTS)
            lines.append(part(random, cell))
            for number in changed:
                totals[cell if number is None else number] += 1
        if waits:
            # The first thread gives both signals; all others wait for one somewhere.
            more = [_signalled(random, cell) for cell in (0, 1)] if not thread else [_waited(random, random.randrange(2))]
            for line in more:
                lines.insert(random.randint(0, len(lines)), line)
        bodies.append("\n".join(lines))
    return _source(random, bodies, totals)


def _source(random: Random, bodies: list[str], totals: list[int]) -> str:
    lines = [
        "import itertools, queue, threading",
        "from concurrent.futures import ThreadPoolExecutor",
        "def scenario(run):",
        "    cells, flags, log, seen, table = [0, 0], [False, False], [], set(), {}",
        f"    locks = [threading.{random.choice(['Lock', 'RLock'])}() for _ in range(2)]",
        "    conditions = [threading.Condition() for _ in range(2)]",
        f"    semaphore = threading.{random.choice(['Semaphore', 'BoundedSemaphore'])}({random.choice([1, 2])})",
        "    numbers = itertools.count()",
        f"    channel = queue.{random.choice(['Queue', 'SimpleQueue', 'LifoQueue'])}()",
        "    done = threading.Event()",
    ]
    for number, body in enumerate(bodies):
        hand_over = "channel.put(1)" if number else f"for _ in range({len(bodies) - 1}):\n    channel.get()\ndone.set()"
        lines += [f"    def thread{number}():", indent(body, " " * 8), indent(hand_over, " " * 8)]
    names = ", ".join(f"thread{number}" for number in range(len(bodies)))
    how = random.randrange(3)
    if how == 0:
        lines.append(f"    run({names})")
    elif how == 1:
        lines += [
            f"    threads = [threading.Thread(target=body) for body in ({names})]",
            "    for thread in threads: thread.start()",
            "    for thread in threads: thread.join()",
        ]
    else:
        lines += [
            f"    with ThreadPoolExecutor({len(bodies)}) as executor:",
            f"        futures = [executor.submit(body) for body in ({names})]",
            "    for future in futures: future.result()",
        ]
    return "\n".join([*lines, "    assert done.is_set()", f"    assert cells == {totals}, cells", ""])


def searched(program: Program, schedules: int = SCHEDULES) -> Exploration:
    """The search of a program."""
    namespace: dict[str, object] = {"__name__": "correct_program"}
    file = f"correct_program_{program.number}.py"
    # Hazards are judged by the source as well.
    linecache.cache[file] = len(program.source), None, program.source.splitlines(keepends=True), file
    exec(compile(program.source, file, "exec"), namespace)
    scenario = namespace["scenario"]
    assert callable(scenario)
    budget = Budget(seconds=600.0, schedules=schedules, limit=30.0)
    return explore(_calling(scenario), name=f"program {program.number}", budget=budget, seed=program.number)


def _calling(scenario: Callable[..., object]) -> Callable[[], object]:
    return lambda: scenario(run)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--schedules", type=int, default=SCHEDULES)
    arguments = parser.parse_args()
    alarms = schedules = exhausted = 0
    for program in programs(arguments.seed):
        if program.number > arguments.programs:
            break
        exploration = searched(program, arguments.schedules)
        schedules += exploration.schedules
        exhausted += exploration.coverage == "exhausted" and exploration.preemption_bound is None
        if exploration.verdict != "clean" or exploration.hazards:
            alarms += 1
            print(f"--- program {program.number}: {exploration.verdict}: {exploration.reason}\n{program.source}", flush=True)
            for hazard in exploration.hazards:
                print(hazard)
    print(f"{arguments.programs} programs, {schedules:,} schedules, {exhausted} exhausted, {alarms} alarms")
    return 1 if alarms else 0


if __name__ == "__main__":
    sys.exit(main())
