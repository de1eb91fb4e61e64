"""What the engine says about the GIL beside what happens: can a race happen on this interpreter?

Each program of ``tests/programs/handover.py`` runs freely, in a process of its own: two real threads, over and over, while
the interpreter is asked to switch as often as it can. ``python benchmarks/handover.py --seconds 3``, with each Python in
question. A failure that shows although the engine said that it cannot happen is marked, and ends the script with status 1.
One that it says can happen need not show: some do only before code is specialised, which is in its first few executions.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

from programs.handover import PROGRAMS, Program, Shared  # noqa: E402

from pytest_gilcheck.races import explore  # noqa: E402

# So long is one state used; a thread that is not done so much later waits for ever.
ROUND_SECONDS = 0.25
STUCK_SECONDS = 2.0
LIMIT = 60.0


class Round:
    """Both threads of ``program`` with one state, for a while: ``steps`` were made, and ``failure`` is what went wrong."""

    def __init__(self, program: Program) -> None:
        self.steps = 0
        self.failure: str | None = None
        self._until = time.monotonic() + ROUND_SECONDS
        self._shared = Shared()
        program.begin(self._shared)
        threads = [threading.Thread(target=self._repeat, args=(step,), daemon=True) for step in program.steps]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(ROUND_SECONDS + STUCK_SECONDS)
        if any(thread.is_alive() for thread in threads):
            self.failure = "deadlock"
        elif self.failure is None and not program.holds(self._shared, self.steps):
            self.failure = f"failed in {self.steps:,} steps"

    def _repeat(self, step: Callable[[Shared], object]) -> None:
        count = 0
        try:
            while time.monotonic() < self._until:
                for _ in range(20):
                    step(self._shared)
                    count += 1
        except Exception as error:  # noqa: BLE001 - it is the answer
            self.failure = f"{type(error).__name__}: {error}"
        with _adding:
            self.steps += count


_adding = threading.Lock()


def freely(program: Program, seconds: float) -> str:
    """How it failed, or in how many steps it did not."""
    sys.setswitchinterval(1e-6)
    end = time.monotonic() + seconds
    steps = 0
    while time.monotonic() < end:
        this = Round(program)
        if this.failure is not None:
            return this.failure
        steps += this.steps
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
