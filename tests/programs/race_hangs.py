"""Rows of the table in ``races.hangs``: ``python -m programs.race_hangs NAME ...`` (from ``tests/``) prints JSON lines.

Without a name all rows run, each in a process of its own, and a table with their seconds is printed.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from programs.races.hangs_outside import BEFORE, ROWS  # and those of hangs
from pytest_gilcheck.races import Budget, explore

#: A check ends within this time, in seconds, whatever its threads do.
LIMIT = 3.0
BUDGET = Budget(seconds=1.0, schedules=200, limit=1.2)
#: The search that is interrupted would go on for long.
ENDLESS = Budget(seconds=LIMIT, schedules=10**9, limit=LIMIT)

TESTS = Path(__file__).resolve().parent.parent


def os_threads() -> int | None:
    folder = Path("/proc/self/task")
    return len(list(folder.iterdir())) if folder.exists() else None


def check(name: str) -> dict[str, Any]:
    """Run the row here."""
    row = ROWS[name]
    BEFORE.get(name, lambda: None)()
    before = {thread.ident for thread in threading.enumerate()}, os_threads()
    faulthandler.dump_traceback_later(LIMIT + 1, exit=True)
    begin = time.perf_counter()
    answer: dict[str, Any]
    try:
        found = explore(row.scenario, name=name, budget=ENDLESS if name == "keyboard_interrupt" else BUDGET)
    except KeyboardInterrupt:
        answer = {"verdict": "KeyboardInterrupt", "kind": None, "said": ""}
    else:
        failure = found.failure
        said = [found.reason, *found.uncontrolled, failure.text if failure is not None else ""]
        answer = {"verdict": str(found.verdict), "kind": found.kind, "said": "\n".join(said), "schedules": found.schedules}
    answer["seconds"] = time.perf_counter() - begin
    faulthandler.cancel_dump_traceback_later()
    answer["left"] = [thread.name for thread in threading.enumerate() if thread.ident not in before[0]]
    gone = before[1] is None or _settles(before[1])
    answer["os_threads"] = "as before" if gone else f"{os_threads()} after {before[1]}"
    return answer


def _settles(number: int) -> bool:
    """The system's threads end a moment after Python's; a foreign thread may end as well."""
    for _ in range(100):
        if (os_threads() or 0) <= number:
            return True
        time.sleep(0.01)
    return False


def in_a_process(*names: str) -> dict[str, dict[str, Any]]:
    """Run rows in a process of their own; a process that has to be stopped, or that dies, is an answer as well."""
    command = [sys.executable, "-m", "programs.race_hangs", *names]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60.0, check=False)
    except subprocess.TimeoutExpired as error:
        return {name: _no_answer("never ended", str(error.stderr)) for name in names}
    answers = dict(zip(names, map(json.loads, done.stdout.splitlines()), strict=False))
    said = f"status {done.returncode}\n{done.stdout}{done.stderr}"
    return {name: answers.get(name) or _no_answer("no answer", said) for name in names}


def _no_answer(verdict: str, said: str) -> dict[str, Any]:
    return {"verdict": verdict, "kind": None, "said": said, "left": [], "os_threads": "", "seconds": 0.0}


def problems(name: str, answer: dict[str, Any]) -> list[str]:
    """What is wrong with an answer."""
    row = ROWS[name]
    found = []
    if (answer["verdict"], answer["kind"]) not in row.ends:
        found.append(f"verdict {answer['verdict']} ({answer['kind']}), expected one of {sorted(row.ends, key=str)}")
    found += [f"{text!r} is not in the report" for text in row.names if text not in answer["said"]]
    if answer["left"]:
        found.append(f"threads left: {answer['left']}")
    if answer["os_threads"] != "as before":
        found.append(f"threads of the system: {answer['os_threads']}")
    if answer["seconds"] > LIMIT:
        found.append(f"took {answer['seconds']:.1f} s")
    return found


def main() -> None:
    if len(sys.argv) > 1:
        for name in sys.argv[1:]:
            print(json.dumps(check(name)), flush=True)
        return
    for name in ROWS:
        answer = in_a_process(name)[name]
        wrong = problems(name, answer)
        ended = f"{answer['verdict']:14s}{answer['kind'] or '':15s}{answer['seconds']:5.2f} s"
        print(f"{'FAIL' if wrong else 'ok':5s}{name:38s}{ended}")
        if wrong:
            print(
                "     "
                + "; ".join(wrong)
                + "\n"
                + "\n".join(f"        {line}" for line in answer["said"].splitlines()[-30:])
            )


if __name__ == "__main__":
    main()
