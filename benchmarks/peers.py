"""Schedules a second, side by side with frontrun 0.7.0 and interleave-test 0.1.0, in one run.

Each tool runs each program in a process of its own, in turn, several rounds; the median counts.
``python benchmarks/peers.py --venvs DIR --make-venvs`` makes the environments of ``tools.py`` first.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tools
from peer_programs import PROGRAMS, Program

# A child that runs a program which its tool cannot get through (a modelled wait that times out) is stopped in the end.
CHILD_LIMIT = 120.0


def gilcheck(program: Program, schedules: int, strategy: str) -> int:
    from pytest_gilcheck.races import Budget, explore, run  # noqa: PLC0415 - each environment has one tool

    def scenario() -> None:
        state = program.setup()
        run(*[lambda worker=worker: worker(state) for worker in program.workers])

    budget = Budget(seconds=CHILD_LIMIT, schedules=schedules)
    return explore(scenario, name=program.title, strategy=strategy, budget=budget).schedules


def frontrun(program: Program, schedules: int, strategy: str) -> int:
    import frontrun as tool  # noqa: PLC0415 - each environment has one tool

    options: dict[str, Any] = {
        "dpor": {"max_executions": schedules, "stop_on_first": False, "total_timeout": CHILD_LIMIT / 4},
        "random": {"max_attempts": schedules, "seed": 0},
    }[strategy]
    result = tool.explore(
        program.setup, list(program.workers), lambda _: True, strategy=strategy, reproduce_on_failure=0, **options
    )
    return int(result.num_explored)


def interleave(program: Program, schedules: int, strategy: str) -> int:
    import interleave_test as tool  # noqa: PLC0415 - each environment has one tool

    def model() -> None:
        state = program.setup()
        tasks = [tool.spawn(worker, state) for worker in program.workers]
        for task in tasks:
            task.join()

    return int(tool.explore(model, iterations=schedules, seed=0, strategy=strategy, raise_on_failure=False).schedules_run)


Runner = Callable[[Program, int, str], int]

#: By the name in the table: environment, function, strategy, and how many schedules one measurement takes. Our systematic
#: search of these programs ends after so few schedules that its start is all that would be measured: see ``first_bug.py``.
TOOLS: dict[str, tuple[str, Runner, str, int]] = {
    "ours, random": ("gilcheck", gilcheck, "random", 5000),
    "ours, pct": ("gilcheck", gilcheck, "pct", 5000),
    "frontrun, dpor": ("frontrun", frontrun, "dpor", 100),
    "frontrun, random": ("frontrun", frontrun, "random", 100),
    "interleave-test, random": ("interleave-test", interleave, "random", 300),
    "interleave-test, pct": ("interleave-test", interleave, "pct", 300),
    "interleave-test, dfs": ("interleave-test", interleave, "dfs", 300),
}


def child(tool: str, name: str) -> None:
    """Print what one tool did with one program: schedules and seconds. A search that is soon exhausted is repeated."""
    _, runner, strategy, wanted = TOOLS[tool]
    program = PROGRAMS[name]
    runner(program, min(wanted, 20), strategy)  # imports, caches and first executions are not what is measured
    done = 0
    begin = time.perf_counter()
    while done < wanted and time.perf_counter() - begin < CHILD_LIMIT / 4:
        ran = runner(program, wanted - done, strategy)
        if not ran:
            break
        done += ran
    print(json.dumps([done, time.perf_counter() - begin]))


def rate(folder: Path, tool: str, name: str) -> float | None:
    """Schedules a second, or ``None`` where the tool did not get through the program."""
    try:
        schedules, seconds = tools.ask(folder / TOOLS[tool][0], "peers.py", tool, name, limit=CHILD_LIMIT)
    except (subprocess.TimeoutExpired, ValueError):
        return None
    return schedules / seconds if schedules else None


def compare(folder: Path, programs: list[str], rounds: int) -> None:
    print(f"schedules a second, median of {rounds}\n{'':26s}" + "".join(f"{tool:>25s}" for tool in TOOLS) + f"{'ratio':>9s}")
    for name in programs:
        rates: dict[str, list[float]] = {tool: [] for tool in TOOLS}
        for _ in range(rounds):
            for tool in TOOLS:
                if (found := rate(folder, tool, name)) is not None:
                    rates[tool].append(found)
        median = {tool: statistics.median(found) if found else 0.0 for tool, found in rates.items()}
        ours = max(value for tool, value in median.items() if tool.startswith("ours"))
        best = max(value for tool, value in median.items() if not tool.startswith("ours"))
        cells = "".join(f"{median[tool]:25,.0f}" if rates[tool] else f"{'–':>25s}" for tool in TOOLS)
        print(f"{PROGRAMS[name].title:26s}{cells}{f'×{ours / best:.0f}' if best else '–':>9s}", flush=True)
    print("ratio: our faster strategy to the fastest of the others")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tools.add_options(parser)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=PROGRAMS, default=list(PROGRAMS))
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    compare(tools.prepared(arguments), arguments.only, arguments.rounds)


if __name__ == "__main__":
    main()
