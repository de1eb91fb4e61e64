"""Schedules and seconds to the first bug, and to the end of the search of a correct program, side by side in one run.

Beside the tools of ``tools.py`` stands a bare pool of threads that start together. Each tool runs each program in a process
of its own; imports and first executions of another program are not measured. Where nothing controls the threads, schedules
are executions.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import tools
from bug_programs import PAIRS, Pair, Worker

SECONDS = 12.0
SCHEDULES = 20_000
CHILD_LIMIT = 4 * SECONDS


class Found(NamedTuple):
    """What a tool says of a program; ``None``: it cannot tell. ``seconds`` where not all of the call is its search."""

    schedules: int
    failed: bool | None
    exhausted: bool | None
    seconds: float | None = None


def gilcheck(pair: Pair, workers: tuple[Worker, ...], _: str) -> Found:
    from pytest_gilcheck.races import Budget, explore, run  # noqa: PLC0415 - each environment has one tool

    def scenario() -> None:
        state = pair.setup()
        run(*[lambda worker=worker: worker(state) for worker in workers])
        assert pair.check(state)

    begin = time.perf_counter()
    found = explore(scenario, name=pair.title, budget=Budget(seconds=SECONDS, schedules=SCHEDULES))
    # Whether it can happen with the GIL is asked when the bug is found; no other tool answers that.
    seconds = time.perf_counter() - begin - found.gil_seconds
    all_of_them = found.coverage == "exhausted" and found.preemption_bound is None
    return Found(found.first_failure or found.schedules, found.verdict != "clean", all_of_them, seconds)


def frontrun(pair: Pair, workers: tuple[Worker, ...], strategy: str) -> Found:
    import frontrun as tool  # noqa: PLC0415 - each environment has one tool

    options: dict[str, Any] = {
        "dpor": {"max_executions": SCHEDULES, "stop_on_first": True, "total_timeout": SECONDS, "preemption_bound": None},
        "random": {"max_attempts": 300, "seed": 0},
    }[strategy]
    begin = time.perf_counter()
    found = tool.explore(pair.setup, list(workers), pair.check, strategy=strategy, reproduce_on_failure=0, **options)
    number, holds = int(found.num_explored), found.property_holds
    # It says nothing about the end of a search: one that stopped before its limits has come to it.
    ended = strategy == "dpor" and number < SCHEDULES and time.perf_counter() - begin < SECONDS
    return Found(number, None if holds is None else not holds, ended)


def interleave(pair: Pair, workers: tuple[Worker, ...], strategy: str) -> Found:
    import interleave_test as tool  # noqa: PLC0415 - each environment has one tool

    def model() -> None:
        state = pair.setup()
        tasks = [tool.spawn(worker, state) for worker in workers]
        for task in tasks:
            task.join()
        assert pair.check(state)

    iterations = SCHEDULES if strategy == "dfs" else 2000
    found = tool.explore(model, iterations=iterations, seed=0, strategy=strategy, raise_on_failure=False)
    return Found(found.schedules_run, found.failure is not None, found.exhausted)


def run_parallel(pair: Pair, workers: tuple[Worker, ...], _: str) -> Found:
    from free_running import Turns  # noqa: PLC0415 - each environment has one tool

    turns = Turns(pair.setup, workers, pair.check)
    seconds = turns.run(SECONDS)
    return Found(turns.iterations, turns.failed, None, seconds)


def pool(pair: Pair, workers: tuple[Worker, ...], _: str) -> Found:
    """Run them at once, over and over. A deadlock is a bug that was found, too."""
    end = time.perf_counter() + SECONDS
    number = 0
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(len(workers)) as executor:
        while time.perf_counter() < end:
            number += 1
            state, together = pair.setup(), threading.Barrier(len(workers))
            futures = [executor.submit(_started, together, worker, state) for worker in workers]
            try:
                for future in futures:
                    future.result(timeout=1.0)
            except TimeoutError:
                for lock in (state.lock, state.other):
                    if lock.locked():
                        lock.release()
                return Found(number, True, None)
            if not pair.check(state):
                return Found(number, True, None)
    return Found(number, False, None)


def _started(together: threading.Barrier, worker: Worker, state: object) -> None:
    together.wait()
    worker(state)


def _idle(_: object) -> None:
    """A worker."""


Runner = Callable[[Pair, tuple[Worker, ...], str], Found]
TOOLS: dict[str, tuple[str, Runner, str]] = {
    "ours": ("gilcheck", gilcheck, ""),
    "frontrun dpor": ("frontrun", frontrun, "dpor"),
    "frontrun random": ("frontrun", frontrun, "random"),
    "interleave pct": ("interleave-test", interleave, "pct"),
    "interleave dfs, bound 2": ("interleave-test", interleave, "dfs"),
    "pytest-run-parallel": ("pytest-run-parallel", run_parallel, ""),
    "thread pool": ("gilcheck", pool, ""),
}


def child(tool: str, name: str, side: str) -> None:
    """Print what one tool did with one program."""
    _, runner, strategy = TOOLS[tool]
    if runner not in {pool, run_parallel}:
        runner(PAIRS["publish" if name != "publish" else "counter"], (_idle, _idle), strategy)
    pair = PAIRS[name]
    begin = time.perf_counter()
    found = runner(pair, pair.bad if side == "bad" else pair.good, strategy)
    seconds = time.perf_counter() - begin if found.seconds is None else found.seconds
    print(json.dumps([found.schedules, found.failed, found.exhausted, seconds]), flush=True)
    os._exit(0)  # threads that wait for ever do not keep it


def measure(folder: Path, tool: str, name: str, side: str) -> str:
    """One cell of the table."""
    try:
        environment = folder / TOOLS[tool][0]
        schedules, failed, exhausted, seconds = tools.ask(environment, "first_bug.py", tool, name, side, limit=CHILD_LIMIT)
    except subprocess.TimeoutExpired:
        return f"no end in {CHILD_LIMIT:.0f} s"
    except ValueError:
        return "no answer"
    if side == "bad":
        return (
            f"{schedules} in {seconds * 1e3:.0f} ms"
            if failed
            else ("says it holds" if exhausted else f"missed in {schedules}")
        )
    if failed:
        return "false alarm"
    return f"all {schedules} in {seconds * 1e3:.0f} ms" if exhausted else f"not all, {schedules}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    tools.add_options(parser)
    parser.add_argument("--only", nargs="*", choices=PAIRS, default=list(PAIRS))
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    folder = tools.prepared(arguments)
    print(tools.versions(folder))
    for side, title in (("bad", "schedules to the first bug"), ("good", "schedules to the end of a correct program")):
        print(f"\n{title:44s}" + "".join(f"{tool:>25s}" for tool in TOOLS))
        for name in arguments.only:
            cells = "".join(f"{measure(folder, tool, name, side):>25s}" for tool in TOOLS)
            print(f"{PAIRS[name].title:44s}{cells}", flush=True)


if __name__ == "__main__":
    main()
