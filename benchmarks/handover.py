"""What the engine says about the GIL beside what happens: can a race happen on this interpreter?

Each program of ``tests/programs/handover.py`` runs freely, in a process of its own: two real threads, over and over, while the
interpreter is asked to switch as often as it can. ``python benchmarks/handover.py --seconds 3``, with each Python in question.
A failure that shows although the engine said that it cannot happen is marked, and ends the script with status 1. One that it
says can happen need not show: some need a switch at one look of the interpreter in thousands, or before code is specialised.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

from programs.handover import PROGRAMS, Program, Shared  # noqa: E402
from pytest_gilcheck.races import explore  # noqa: E402

# Looked at so often, and the state begun anew; a thread that is not done by then waits for ever.
ROUND_SECONDS = 0.25
STUCK_SECONDS = 2.0
LIMIT = 60.0


def freely(program: Program, seconds: float) -> str:
    """How it failed, if it did."""
    sys.setswitchinterval(1e-6)
    end = time.monotonic() + seconds
    steps = 0
    while time.monotonic() < end:
        shared = Shared()
        program.begin(shared)
        until = time.monotonic() + ROUND_SECONDS
        done: list[int] = []
        errors: list[BaseException] = []

        def repeat(step, done=done, errors=errors, until=until, shared=shared):
            count = 0
            try:
                while time.monotonic() < until:
                    for _ in range(20):
                        step(shared)
                        count += 1
            except Exception as error:
                errors.append(error)
            done.append(count)

        threads = [threading.Thread(target=repeat, args=(step,), daemon=True) for step in program.steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()) + STUCK_SECONDS)
        if any(thread.is_alive() for thread in threads):
            return "deadlock"
        steps += sum(done)
        if errors:
            return f"{type(errors[0]).__name__}: {errors[0]}"
        if not program.holds(shared, sum(done)):
            return f"failed in {sum(done):,} steps"
    return f"never in {steps:,} steps"


def main() -> int:
    """Print one line for each program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--freely", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.freely:
        print(freely(PROGRAMS[arguments.freely], arguments.seconds), flush=True)
        return 0
    print(sys.version.split("\n", maxsplit=1)[0])
    wrong = 0
    for name, program in PROGRAMS.items():
        found = explore(program, name=name)
        command = [sys.executable, __file__, "--freely", name, "--seconds", str(arguments.seconds)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT + arguments.seconds, check=True)
        happened = done.stdout.strip()
        impossible = found.gil_feasible is False and not happened.startswith("never")
        wrong += impossible
        print(f"{'WRONG ' if impossible else ''}{name:60} {found.gil_said:40} {happened}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
