"""What can be found, as rules: the name of each, what it means, what to do about it, and how bad it is in itself."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple


class Level(IntEnum):
    """How bad a finding is, the worst first."""

    ERROR = 0
    WARNING = 1
    NOTE = 2


class Rule(NamedTuple):
    """``name`` is a few words, ``meaning`` and ``help`` are sentences; ``level`` is that of a
    finding as long as the options of a run do not change what fails."""

    name: str
    meaning: str
    help: str
    level: Level


_REPLAY = "Replay the schedule with --gilcheck-replay; a run of the test finds out whether it is mended."
_HAZARD = "Guard all the lines that take part with one lock, or say that it is meant with a comment `# gilcheck: ok`."
_SCALING = "`--gilcheck-report` shows the figures behind the verdict."

RULES: Final = {
    "race": Rule(
        "Race",
        "Under some interleaving of its threads the test fails, an update is lost, or operations come out as in no serial "
        "order, although the ordinary run passed.",
        f"Make the operations that interleave atomic: one lock around each of them, or one owner for the state. {_REPLAY}",
        Level.ERROR,
    ),
    "deadlock": Rule(
        "Deadlock",
        "Under some interleaving threads wait for one another, one waits for itself, or a lock is left taken.",
        f"Take the locks in the same order everywhere, and release them with `with`. {_REPLAY}",
        Level.ERROR,
    ),
    "hang": Rule(
        "Hang",
        "Under some interleaving a thread waits for what nobody will do, spins for ever, or does not end in time.",
        f"Wait for a condition in a loop that tests it under its lock, and end what was started. {_REPLAY}",
        Level.ERROR,
    ),
    "failed-in-rerun": Rule(
        "Failed when it was rerun",
        "The test passed alone and failed in threads or in a process of its own.",
        "See the failure of the test: its body is not safe beside itself, or depends on what only one process has.",
        Level.ERROR,
    ),
    "expectation": Rule(
        "Expectation not met",
        "The measured scaling is not what `expect=` or `min_speedup=` of the test's marker say.",
        f"Mend what keeps threads from helping, or state what is true. {_SCALING}",
        Level.ERROR,
    ),
    "expectation-unchecked": Rule(
        "Expectation left open",
        "The marker expects something of the test's scaling, and the measurement could not decide it.",
        "Use a quieter machine, a longer body, or more `seconds`.",
        Level.NOTE,
    ),
    "regression": Rule(
        "Scaling regression",
        "The test scales worse than in the baseline.",
        f"Compare with the baseline what the test does now. {_SCALING}",
        Level.ERROR,
    ),
    "nondeterministic": Rule(
        "Executions differ",
        "Two executions of one schedule differ, so that no failure could be blamed on the interleaving.",
        "Take the clock, random numbers and the order of sets out of the test, or fix their seeds.",
        Level.WARNING,
    ),
    "uncontrolled": Rule(
        "Executions that could not be controlled",
        "Threads waited where the checker has no say: for a socket, a process, a lock in C.",
        'Take that out of the test, or search with `strategy="sleep"`, which needs no control.',
        Level.WARNING,
    ),
    "hazard-unordered": Rule(
        "Hazard: unordered accesses",
        "A compound operation on shared state, and nothing keeps another thread from changing that state in its middle.",
        _HAZARD,
        Level.WARNING,
    ),
    "hazard-split": Rule(
        "Hazard: split critical section",
        "Something is read under a lock, and what depends on it is written in another section of the same lock.",
        "Do both in one section, or read again in the second.",
        Level.WARNING,
    ),
    "hazard-lock-order": Rule(
        "Hazard: lock order",
        "Threads take locks in opposite orders, so that they may wait for one another for ever.",
        "Take the locks in the same order everywhere.",
        Level.WARNING,
    ),
    "hazard-lost-update": Rule(
        "Hazard: update lost in a library",
        "An update was lost in an installed package that is not under test.",
        "Guard the calls into the package with a lock, or name it in --gilcheck-source if it is yours.",
        Level.WARNING,
    ),
    "hazard-unserialisable": Rule(
        "Hazard: no serial order found",
        "Operations came out as in none of the serial orders that were run; not all were.",
        "Give the test fewer operations, so that all their orders can be run.",
        Level.WARNING,
    ),
    "hazard": Rule("Hazard", "Something that may go wrong and was not seen to.", _HAZARD, Level.WARNING),
    "lock-bound": Rule(
        "Bound by a lock",
        "The body leaves the GIL free, but its threads wait for one another.",
        f"Hold the lock for less of the work, or have one for each thread. {_SCALING}",
        Level.NOTE,
    ),
    "shared-resource": Rule(
        "Bound by a shared resource",
        "The body slows down in processes as much as in threads: a disk, a pool of one connection, memory.",
        f"Use less of the resource. {_SCALING}",
        Level.NOTE,
    ),
    "gil-bound": Rule(
        "Bound by the GIL",
        "The body holds the GIL nearly all the time: threads run it one at a time.",
        f"Use processes, or code that releases the GIL. {_SCALING}",
        Level.NOTE,
    ),
    "partly-gil-bound": Rule(
        "Partly bound by the GIL",
        "The body holds the GIL for part of the time: a few threads fill it.",
        f"Use a few threads, and beyond that processes. {_SCALING}",
        Level.NOTE,
    ),
    "inconclusive": Rule(
        "Scaling not decided",
        "The measurement could not decide whether threads help the test, and the run asks that it does.",
        "Use a quieter machine, a longer body, or more `seconds`.",
        Level.NOTE,
    ),
    "other": Rule("Fails the run", "The run fails on this test.", "See the end of the run.", Level.WARNING),
}


def hazard_rule(kind: str) -> str:
    """The rule for a kind of hazard."""
    name = f"hazard-{kind}"
    return name if name in RULES else "hazard"
