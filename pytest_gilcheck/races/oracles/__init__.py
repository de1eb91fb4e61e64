"""Oracles: what tells that an execution went wrong. Each has a name, of :data:`~pytest_gilcheck.verdict.ORACLES`."""

from __future__ import annotations

from dataclasses import dataclass

#: The oracle to which a kind of failure belongs.
OF_KIND = {
    "exception": "failure",
    "order": "failure",
    "exit": "failure",
    "timeout": "failure",
    "lost-update": "lost-update",
    "unserialisable": "unserialisable",
    "deadlock": "deadlock",
    "self-deadlock": "deadlock",
    "lock-left-held": "deadlock",
    "lost-wakeup": "deadlock",
    "livelock": "deadlock",
    "thread-left": "left-over",
    "lock-held": "left-over",
}

#: Kinds that are judged by the events of an execution, or by what came of its operations.
JUDGED = frozenset({"lost-update", "unserialisable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What counts as a failure.

    ``ignored`` are names of :data:`~pytest_gilcheck.verdict.ORACLES` that shall not judge. ``approximate`` are patterns (of
    :mod:`fnmatch`) of locations, such as ``Stats.hits``, whose updates may get lost. ``atomic``: whatever runs at once has
    to come out as in some serial order, the order of what is in lists included, whatever steps it takes.
    """

    ignored: frozenset[str] = frozenset()
    approximate: tuple[str, ...] = ()
    atomic: bool = False
