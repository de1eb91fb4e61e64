"""What the standard library keeps in its own attributes is left out of sight until other code looks at it."""

from __future__ import annotations

from pathlib import Path

from unit.races.alone import alone

HEAD = """
import queue, threading
from pytest_gilcheck.races import Budget, explore, hooks, run, targets
from pytest_gilcheck.races.rewriting import Rewriter
from pytest_gilcheck.races.sites import Kind, Site

redone = []
redo = Rewriter.redo
def noted(self, names):
    redone.extend(sorted(names))
    return redo(self, names)
Rewriter.redo = noted

def search(scenario):
    found = explore(scenario, budget=Budget(seconds=60, schedules=300))
    assert found.verdict == "clean", found

def hook(kind, name, function=queue.Queue.put, closed=True):
    return hooks.factory(
        Site(code=function.__code__, offset=0, line=1, kind=kind, name=name, guarded=True, trusted=True, closed=closed)
    )
"""


def test_trusted_code_is_watched_where_others_look(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
assert hook(Kind.LOAD_ATTR, "unfinished_tasks") is None
assert hook(Kind.READ, None) is None
assert hook(Kind.CALL, "len") is None
assert hook(Kind.CALL, "acquire") is not None

def scenario():
    jobs = queue.Queue()
    run(lambda: jobs.put(1), lambda: jobs.unfinished_tasks)
search(scenario)
assert redone == ["unfinished_tasks"], redone
for kind, name in ((Kind.LOAD_ATTR, "unfinished_tasks"), (Kind.READ, None), (Kind.CALL, "len")):
    assert hook(kind, name) is not None
assert hook(Kind.LOAD_ATTR, "maxsize") is None
redone.clear()
search(scenario)
assert not redone, "what was seen once is known"
""",
    )


def test_attributes_that_the_library_does_not_know_make_no_difference(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
class Worker(threading.Thread):
    def __init__(self):
        super().__init__()
        self.ripeness = None
    def run(self):
        self.ripeness = 1
def scenario():
    workers = [Worker(), Worker()]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.ripeness for worker in workers] == [1, 1]
search(scenario)
assert not redone, redone
""",
    )


def test_a_look_comes_before_the_library_is_rewritten(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
assert not targets.expose(queue.Queue(), "mutex_of_mine")
def later(self):
    return self.mutex_of_mine
assert hook(Kind.LOAD_ATTR, "mutex_of_mine", later, closed=False) is not None
assert hook(Kind.LOAD_ATTR, "another_of_mine", later, closed=False) is None
""",
    )


def test_all_of_an_object_is_looked_at_through_its_dictionary(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    jobs = queue.Queue()
    run(lambda: jobs.put(1), lambda: vars(jobs)["maxsize"])
search(scenario)
assert {"maxsize", "mutex", "queue"} <= set(redone), redone
""",
    )
