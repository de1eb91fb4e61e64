"""What the engine says about the programs of one module of ``races``, in a process of its own.

``python -m programs.race_answers MODULE [NAME ...]`` (from ``tests/``) prints a JSON object: for each program its verdict,
what came with it, and what replaying its token gave.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from programs import races
from pytest_gilcheck.races import Budget, explore, replay

#: Enough for every bad program with every seed: the rarest of them needs one of a few dozen orders.
BAD = Budget(seconds=20.0, schedules=1000, limit=5.0)
#: A twin has to stay clean in any number of schedules; these are what a test can wait for.
TWIN = Budget(seconds=1.0, schedules=100, limit=5.0)
REPLAYS = 3

Scenario = Callable[[], object]


def modules() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(races.__path__) if not module.name.startswith("hangs"))


def load(name: str) -> ModuleType:
    return importlib.import_module(f"{races.__name__}.{name}")


def programs(module: ModuleType) -> dict[str, Scenario]:
    return {name: found for name, found in vars(module).items() if name.endswith(("_bad", "_twin"))}


def expected(module: ModuleType, name: str) -> set[str]:
    """The verdicts that are right for a program."""
    usual = {"clean"} if name.endswith("_twin") else {"race"}
    return set(getattr(module, "ENDS", {}).get(name, usual))


def answer(name: str, scenario: Scenario) -> dict[str, Any]:
    before = set(threading.enumerate())
    budget = BAD if name.endswith("_bad") else TWIN
    found = explore(scenario, name=name, budget=budget)
    replays = []
    if found.token is not None:
        for _ in range(REPLAYS):
            again = replay(scenario, found.token, name=name)
            replays.append([str(again.verdict), again.kind, _error(again)])
    return {
        "verdict": str(found.verdict),
        "kind": found.kind,
        "reason": found.reason,
        "error": _error(found),
        "schedules": found.schedules,
        "seconds": round(found.seconds, 3),
        "token": found.token,
        "replays": replays,
        "hazards": [str(hazard) for hazard in found.hazards],
        "threads": sorted(thread.name for thread in set(threading.enumerate()) - before),
    }


def _error(exploration: Any) -> str | None:
    failure = exploration.failure
    return None if failure is None or failure.error is None else re.sub("0x[0-9a-f]+", "0x", repr(failure.error))


def main() -> None:
    module = load(sys.argv[1])
    getattr(module, "before", lambda: None)()
    wanted = sys.argv[2:]
    answers = {name: answer(name, program) for name, program in programs(module).items() if not wanted or name in wanted}
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
