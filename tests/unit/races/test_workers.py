"""Threads that serve one execution after another: what runs in them must not notice, and none may stay."""

from __future__ import annotations

from pathlib import Path

from unit.races.alone import alone

HEAD = """
import contextvars, os, sys, threading, time
from pytest_gilcheck.races import Budget, explore, run

def idents(scenario, schedules=60):
    found = explore(scenario, strategy="random", budget=Budget(seconds=60, schedules=schedules))
    assert found.verdict == "clean", found
    return seen

seen = []
"""


def test_one_thread_serves_many_executions_and_ends_with_the_exploration(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    def body():
        seen.append(threading.get_native_id())
    run(body, body)
assert len(set(idents(scenario))) == 2, seen
for _ in range(500):  # the system's threads end a moment after Python's
    left = {str(number) for number in seen} & set(os.listdir("/proc/self/task"))
    if not left:
        break
    time.sleep(0.01)
assert not left
assert threading.enumerate() == [threading.main_thread()]
""",
    )


def test_no_thread_serves_twice_in_one_execution(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    one = run(threading.get_ident, threading.get_ident)
    other = run(threading.get_ident, threading.get_ident)
    assert len({*one, *other}) == 4
    seen.append((one, other))
assert len(set(map(str, idents(scenario)))) == 1, "the order is the same in each"
""",
    )


def test_a_thread_local_is_empty_in_every_execution(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
own = threading.local()
def scenario():
    def body():
        assert not hasattr(own, "value"), own.value
        own.value = 1
    run(body, body)
idents(scenario)
""",
    )


def test_a_context_is_empty_in_every_execution(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
variable = contextvars.ContextVar("variable", default=0)
variable.set(5)
def scenario():
    def body():
        assert variable.get() == 0
        variable.set(1)
    run(body, body)
idents(scenario)
""",
    )


def test_the_object_of_a_thread_is_a_new_one_in_every_execution(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    def body():
        thread = threading.current_thread()
        assert not hasattr(thread, "mine") and thread.is_alive() and thread in threading.enumerate()
        thread.mine = True
    run(body, body)
idents(scenario)
""",
    )


def test_a_thread_that_was_left_with_a_tracer_is_not_used_again(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    def body():
        assert sys.gettrace() is None
        sys.settrace(lambda *_: None)
    run(body)
idents(scenario)
""",
    )


def test_a_thread_that_has_to_be_killed_is_replaced(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
first = [True]
def scenario():
    def body():
        seen.append(threading.get_ident())
        if len(seen) == 30:
            while True:
                pass
    run(body, body)
found = explore(scenario, strategy="random", budget=Budget(seconds=60, schedules=60, limit=0.3))
assert len(seen) > 60, (found, len(seen))
deadline = time.monotonic() + 20
while len(os.listdir("/proc/self/task")) > 1 and time.monotonic() < deadline:
    time.sleep(0.01)
assert len(os.listdir("/proc/self/task")) == 1
""",
    )


def test_what_a_thread_runs_dies_with_the_execution(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
import weakref
class Thing:
    def use(self):
        return 1
def scenario():
    assert not seen or seen[-1]() is None, "the last one is still there"
    thing = Thing()
    seen.append(weakref.ref(thing))
    run(thing.use, thing.use)
idents(scenario)
""",
    )
