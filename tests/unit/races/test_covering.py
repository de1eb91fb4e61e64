"""Which lines of executions under control, and of free runs, are reached, and which while several threads are under way."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from unit.races.alone import alone

# The comments say what of a line is known: it is reached (r), and while two threads or more are under way (t).
PROGRAM = """
import json, sys, threading
from pytest_gilcheck.races import Budget, explore, run
from pytest_gilcheck.races import covering

lock = threading.Lock()

class Counter:
    def __init__(self):
        self.value = 0  # r

    def up(self):
        with lock:  # r t
            self.value += 1  # r t
            value = self.value  # r t
        if value != self.value:  # r t
            self.overtaken()  # RARE

    def overtaken(self):
        len("seen by nobody")  # RARE

def never():
    return 1

def before_and_within(counter):
    return counter.value  # r t

def together():
    counter = Counter()  # r
    before_and_within(counter)  # r
    run(counter.up, counter.up, lambda: before_and_within(counter))  # r t
    counter.after = True  # r

def own():
    counter = Counter()  # r
    def work():
        counter.up()  # r t
    thread = threading.Thread(target=work)  # r
    thread.start()  # r
    counter.up()  # r t LUCK
    thread.join()  # r t LUCK
    counter.after = True  # r

recorder = covering.recorder()
with recorder.on():
    found = [explore(scenario, strategy=sys.argv[1], budget=Budget(seconds=20, schedules=60),
                     observer=lambda number: covering.executed(recorder, number)) for scenario in (together, own)]
assert [each.verdict for each in found] == ["clean", "clean"], found
def numbers(lines):
    return sorted(lines[__file__])
print(json.dumps({"reached": numbers(recorder.reached), "together": numbers(recorder.together)}))
"""


def marked(folder: Path, *words: str) -> list[int]:
    text = (folder / "program.py").read_text("utf-8").splitlines()
    return [number for number, line in enumerate(text, 1) if set(line.partition("  # ")[2].split()) & set(words)]


def test_under_control_down_to_what_few_schedules_reach(tmp_path: Path) -> None:
    found = json.loads(alone(tmp_path, PROGRAM.replace("sys.argv[1]", '"auto"').replace("RARE", "r t")))
    # What a def or a lambda of a scenario is made of runs in it as well.
    assert set(found["reached"]) - set(marked(tmp_path, "r")) <= {line(tmp_path, "def work")}
    assert set(marked(tmp_path, "r")) <= set(found["reached"])
    assert found["together"] == marked(tmp_path, "t")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="free runs are watched by sys.monitoring only")
def test_in_free_runs(tmp_path: Path) -> None:
    found = json.loads(alone(tmp_path, PROGRAM.replace("sys.argv[1]", '"sleep"')))
    # The other thread may have ended before the one that started it comes there.
    free = set(marked(tmp_path, "RARE", "LUCK"))
    assert set(marked(tmp_path, "r")) <= set(found["reached"])
    assert set(found["together"]) - free == set(marked(tmp_path, "t")) - free


def line(folder: Path, text: str) -> int:
    """The number of the line with this text."""
    return next(number for number, line in enumerate((folder / "program.py").read_text().splitlines(), 1) if text in line)
