"""A pytest plugin that notes when each schedule of each race check ended: ``-p race_observer``; ``RACE_TIMES`` names a file.

The file gets one line of JSON for each exploration: seconds from its start to the end of each schedule, and the peak memory.
"""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_gilcheck.plugin import racecheck


def watched(explore: Callable[..., Any]) -> Callable[..., Any]:
    def explore_and_note(
        scenario: Callable[[], object], *, observer: Callable[[int], None] | None = None, **options: Any
    ) -> Any:
        begin = time.perf_counter()
        times: list[float] = []

        def note(number: int) -> None:
            times.append(time.perf_counter() - begin)
            if observer is not None:
                observer(number)

        found = explore(scenario, observer=note, **options)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        with Path(os.environ["RACE_TIMES"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"times": times, "seconds": time.perf_counter() - begin, "megabytes": peak}) + "\n")
        return found

    return explore_and_note


def pytest_configure() -> None:
    racecheck.explore = watched(racecheck.explore)
