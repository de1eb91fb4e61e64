"""What the oracles say of the programs of :mod:`programs.unasserted`, in a process of its own.

``python -m programs.unasserted_answers [NAME ...]`` (from ``tests/``) prints a JSON object: for each program its verdict,
the kind of its failure if it has one, and the reason.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
from typing import Any

from programs import unasserted
from programs.unasserted import BUGGY, CORRECT, Scenario
from pytest_gilcheck.races import Budget, explore

#: Enough for the serial orders, and for what is directed at what they show.
BUDGET = Budget(seconds=2.0, schedules=60)


def load() -> None:
    """Have all programs registered."""
    for module in pkgutil.iter_modules(unasserted.__path__, "programs.unasserted."):
        importlib.import_module(module.name)


def answer(scenario: Scenario) -> dict[str, Any]:
    found = explore(scenario, budget=BUDGET)
    text = "" if found.failure is None else found.failure.text
    return {"verdict": found.verdict.value, "kind": found.kind, "reason": found.reason, "text": text}


def main() -> None:
    load()
    programs = CORRECT | {name: scenario for name, (scenario, _) in BUGGY.items()}
    wanted = sys.argv[1:]
    print(json.dumps({name: answer(scenario) for name, scenario in programs.items() if not wanted or name in wanted}))


if __name__ == "__main__":
    main()
