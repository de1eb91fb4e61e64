"""The hazards of the programs of :mod:`hazards` and :mod:`no_hazards`, in a process of its own.

``python -m programs.hazard_answers [NAME ...]`` (from ``tests/``) prints a JSON object: for each program and each way to
search its verdict, and the kinds and lines of its hazards.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from programs.hazards import HAZARDS, Scenario
from programs.no_hazards import FINE
from pytest_gilcheck.races import Budget, Rules, explore

#: Enough for all orders of whole threads, and for most of what else there is.
BUDGET = Budget(seconds=10.0, schedules=80)
#: What hazards may come to is not judged.
RULES = Rules(ignored=frozenset({"lost-update", "unserialisable"}))
#: Strategies with their bounds. Without a preemption none of the programs fails.
WAYS = {"auto": ("auto", None), "no preemption": ("systematic", 0), "sampled": ("pos", None)}


def answer(scenario: Scenario) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for way, (strategy, bound) in WAYS.items():
        exploration = explore(scenario, strategy=strategy, bound=bound, budget=BUDGET, rules=RULES)
        found[way] = {
            "verdict": exploration.verdict.value,
            "hazards": [[hazard.kind, sorted({place.line for place in hazard.places})] for hazard in exploration.hazards],
        }
    return found


def main() -> None:
    programs = {name: scenario for name, (scenario, _) in HAZARDS.items()} | FINE
    wanted = sys.argv[1:]
    print(json.dumps({name: answer(scenario) for name, scenario in programs.items() if not wanted or name in wanted}))


if __name__ == "__main__":
    main()
