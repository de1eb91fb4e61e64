"""What free runs find and do not find, each in a process of its own, as threads run at once there and may get stuck.

The races here have a window of milliseconds in C code, or a sleep of the search falls into it within a few of hundreds of
runs: that none of them hits is less likely than a defect of the machine.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.races.alone import alone

HEAD = """
import ctypes, os, socket, sys, tempfile, threading, time
from concurrent.futures import ThreadPoolExecutor
from pytest_gilcheck.races import Budget, explore, replay, run

class Shared:
    def __init__(self):
        self.n = 0
        self.lock = threading.Lock()
    def careless(self):
        n = self.n
        time.sleep(0)
        self.n = n + 1
    def careful(self):
        with self.lock:
            self.careless()

def bad():
    shared = Shared()
    run(shared.careless, shared.careless)
    assert shared.n == 2, shared.n

def good():
    shared = Shared()
    run(shared.careful, shared.careful)
    assert shared.n == 2, shared.n

def forth_and_back(make):
    one, other = make(), make()
    def forth():
        with one:
            with other: pass
    def back():
        with other:
            with one: pass
    return forth, back

LONG = Budget(seconds=20.0, schedules=5000, limit=5.0)
"""


def test_a_race_with_a_sleep_inside_is_found_and_replayed(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
interval = sys.getswitchinterval()
found = explore(bad, name="bad", strategy="sleep", budget=LONG, seed=3)
assert (found.verdict, found.kind) == ("race", "exception"), found
assert "free run" in found.reason and "seed 3" in found.reason, found.reason
assert isinstance(found.failure.error, AssertionError)
for _ in range(5):
    again = replay(bad, found.token, name="bad")
    assert (again.verdict, str(again.failure.error)) == ("race", str(found.failure.error)), again
assert sys.getswitchinterval() == interval
assert threading.enumerate() == [threading.main_thread()]
""",
    )


def test_its_locked_twin_is_clean_and_says_what_was_done(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
code, start, hook = Shared.careful.__code__, threading.Thread.start, threading.excepthook
found = explore(good, strategy="sleep", budget=Budget(schedules=60, seconds=30.0), seed=5)
assert (found.verdict, found.coverage, found.schedules) == ("clean", "sampled", 60), found
assert found.reason == "sampled: 60 free runs with random sleeps (seed 5)", found.reason
assert (Shared.careful.__code__, threading.Thread.start, threading.excepthook) == (code, start, hook)
assert threading.enumerate() == [threading.main_thread()]
""",
    )


def test_a_race_of_what_c_code_uses(tmp_path: Path) -> None:
    """A check and an act on the file system, neither of which is an object of the program."""
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "x")
        def make():
            if not os.path.exists(path):
                os.mkdir(path)
        run(make, make)

found = explore(scenario, strategy="sleep", budget=LONG)
assert (found.verdict, found.kind) == ("race", "exception"), found
assert isinstance(found.failure.error, FileExistsError)
""",
    )


POOL = """
def scenario(how):
    shared = Shared()
    def serve(theirs):
        theirs.sendall(theirs.recv(10))
    def work():
        ours, theirs = socket.socketpair()
        with ours, theirs:
            server = threading.Thread(target=serve, args=(theirs,))
            server.start()
            ours.sendall(b"x")
            assert ours.recv(10) == b"x"
            server.join()
        how(shared)
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(work), pool.submit(work)]:
            future.result()
    assert shared.n == 2, shared.n

def quickly(shared):
    n = shared.n
    shared.n = n + 1
"""


def test_a_pool_that_talks_to_sockets(tmp_path: Path) -> None:
    # Its threads run at once in the plain run as well, where the race may show: then the verdict says just that.
    alone(
        tmp_path,
        HEAD
        + POOL
        + """
found = explore(lambda: scenario(quickly), strategy="sleep", budget=LONG)
assert found.verdict in {"race", "nondeterministic"}, found
assert "AssertionError: 1" in found.reason, found.reason
""",
    )


def test_its_locked_twin(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + POOL
        + """
found = explore(lambda: scenario(Shared.careful), strategy="sleep", budget=Budget(schedules=30, seconds=30.0))
assert (found.verdict, found.coverage) == ("clean", "sampled"), found
""",
    )


def test_locks_in_two_orders_get_stuck_and_are_shown_as_a_deadlock(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
found = explore(lambda: run(*forth_and_back(threading.Lock)), name="x", strategy="sleep", budget=LONG)
assert found.verdict in {"deadlock", "hang"}, found
assert "forth" in found.failure.text or "with other" in found.failure.text, found.failure.text
assert threading.enumerate() == [threading.main_thread()]
""",
    )


def test_what_cannot_be_ended_is_named_and_the_process_ends_all_the_same(tmp_path: Path) -> None:
    """A wait in C that cannot be ended: ``alone`` would wait for ever for threads that keep a process alive."""
    alone(
        tmp_path,
        HEAD
        + """
libc = ctypes.CDLL(None)
first = []
def scenario():
    ours, theirs = os.pipe()
    def stuck():
        if first: libc.read(ours, ctypes.create_string_buffer(1), 1)
    thread = threading.Thread(target=stuck, name="the stuck one")
    thread.start()
    thread.join()
    first.append(1)

found = explore(scenario, strategy="sleep", budget=Budget(limit=1.0))
assert (found.verdict, found.kind, found.token) == ("hang", "timeout", None), found
assert "no replayable schedule was found" in found.reason and "seed 0" in found.reason, found.reason
assert "free run 1 of 1 failed" in found.reason, found.reason
assert "left behind: 'the stuck one'" in found.failure.text and " in scenario" in found.failure.text, found.failure.text
print("end")
""",
    )


@pytest.mark.parametrize(("endless", "verdict"), [(2, "uncontrolled"), (6, "hang")])
def test_a_run_that_goes_on_is_a_hang_only_if_others_were_much_shorter(tmp_path: Path, endless: int, verdict: str) -> None:
    """The plain run, which is the first, does not count: it is not slowed down as the others are."""
    alone(
        tmp_path,
        HEAD
        + f"""
runs = []
def scenario():
    runs.append(1)
    def work():
        while len(runs) == {endless}: pass
    run(work, work)
found = explore(scenario, strategy="sleep", budget=Budget(limit=3.0, seconds=30.0))
assert found.verdict == {verdict!r} and found.schedules == {endless} - 1, found
assert threading.enumerate() == [threading.main_thread()]
""",
    )


def test_a_wait_for_somebody_elses_thread_is_no_hang(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
lock, first, go = threading.Lock(), [], threading.Event()
def hold():
    go.wait()
    with lock: time.sleep(4)
threading.Thread(target=hold, daemon=True).start()
def scenario():
    if first:
        go.set()
        while not lock.locked(): pass
    def use():
        with lock: pass
    run(use, use)
    first.append(1)

found = explore(scenario, strategy="sleep", budget=Budget(limit=1.5))
assert found.verdict == "uncontrolled", found
assert "threads that it did not start" in found.reason, found.reason
""",
    )


def test_what_fails_by_chance_is_no_race(tmp_path: Path) -> None:
    # Every third run fails: the first is the plain one, the third the second free run, and the sixth the third of the
    # controls, of which there are at least three.
    alone(
        tmp_path,
        HEAD
        + """
import itertools
count = itertools.count(1)
def scenario():
    run(lambda: None, lambda: None)
    assert next(count) % 3, "by chance"

found = explore(scenario, strategy="sleep", budget=LONG)
assert found.verdict == "nondeterministic", found
assert "one after another" in found.reason, found.reason
""",
    )


@pytest.mark.parametrize("body", ["assert False", "run(lambda: 1 / 0)"])
def test_what_fails_whenever_it_runs_again_is_not_repeatable(tmp_path: Path, body: str) -> None:
    alone(
        tmp_path,
        HEAD
        + f"""
def scenario(): {body}
found = explore(scenario, strategy="sleep")
assert found.verdict == "not-repeatable", found
""",
    )


def test_an_interrupt_goes_through_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
import signal
runs = []
def scenario():
    runs.append(1)
    good()
    if len(runs) > 3: raise KeyboardInterrupt

interval, start, handler = sys.getswitchinterval(), threading.Thread.start, signal.getsignal(signal.SIGURG)
try:
    explore(scenario, strategy="sleep", budget=LONG)
except KeyboardInterrupt:
    pass
else:
    raise SystemExit("it did not go through")
assert (sys.getswitchinterval(), threading.Thread.start, signal.getsignal(signal.SIGURG)) == (interval, start, handler)
assert explore(good, budget=Budget(schedules=20)).verdict == "clean"
""",
    )


def test_it_runs_outside_of_the_main_thread(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
answers = []
def work():
    answers.append(explore(bad, strategy="sleep", budget=LONG))
    answers.append(explore(good, strategy="sleep", budget=Budget(schedules=20)))
thread = threading.Thread(target=work)
thread.start()
thread.join()
assert [found.verdict for found in answers] == ["race", "clean"], answers
""",
    )


FALLBACK = """
from pytest_gilcheck.races import Scope
from pytest_gilcheck.races.exploration import Exploration
from pytest_gilcheck.races.free.search import searching
from pytest_gilcheck.races.free.subject import Subject
from pytest_gilcheck.races.oracles import Rules
from pytest_gilcheck.races.quiet import quiet
from pytest_gilcheck.verdict import Race

def fallen_back(scenario, strategy="auto", verdict=Race.UNCONTROLLED, lines=("a",)):
    budget = Budget(schedules=30, seconds=30.0)
    subject = Subject(scenario=scenario, scope=Scope(), name="x", budget=budget, seed=2, observer=None, rules=Rules())
    before = Exploration(verdict=verdict, reason="it cannot be controlled", schedules=5, uncontrolled=lines, seconds=1.0)
    with quiet():
        return searching(subject, strategy, None, lambda: before)
"""


def test_auto_falls_back_to_it_where_nothing_can_be_controlled(tmp_path: Path) -> None:
    """The window is in C code, and open long enough for any two threads that run at once."""
    alone(
        tmp_path,
        HEAD
        + FALLBACK
        + """
libc = ctypes.CDLL(None)
def scenario():
    shared = Shared()
    def add():
        n = shared.n
        libc.usleep(100_000)
        shared.n = n + 1
    run(add, add)
    assert shared.n == 2, shared.n

found = fallen_back(scenario)
assert (found.verdict, found.kind) == ("race", "exception"), found
assert "failed, with random sleeps from seed 2" in found.reason, found.reason
assert found.uncontrolled == ("a",) and found.first_failure > 5, found
for strategy, verdict in (("pct", Race.UNCONTROLLED), ("auto", Race.NONDETERMINISTIC)):
    assert fallen_back(scenario, strategy, verdict).reason == "it cannot be controlled"
# Where nothing failed, it depends on whether all of it was controlled.
assert fallen_back(scenario, "auto", Race.CLEAN).verdict == "race"
assert fallen_back(scenario, "auto", Race.CLEAN, ()).reason == "it cannot be controlled"
""",
    )


def test_a_fallback_that_finds_nothing_leaves_the_verdict_uncontrolled(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + FALLBACK
        + """
found = fallen_back(good)
assert (found.verdict, found.coverage, found.schedules) == ("uncontrolled", None, 30), found
assert found.reason == (
    "it cannot be controlled; and 25 free runs with random sleeps did not fail either (seed 2)"
), found.reason
assert found.uncontrolled == ("a",), found
""",
    )


def test_a_clean_search_is_not_clean_when_free_runs_fail_by_chance(tmp_path: Path) -> None:
    """Executions under control passed, and parts of them were not controlled."""
    alone(
        tmp_path,
        HEAD
        + FALLBACK
        + """
def failing(): raise ValueError("always")
found = fallen_back(failing, verdict=Race.CLEAN)
assert (found.verdict, found.coverage) == ("not-repeatable", None), found
assert found.reason.endswith("ValueError: always; under control: it cannot be controlled"), found.reason
assert fallen_back(failing).verdict == "uncontrolled"

runs = []
def sometimes():
    runs.append(1)
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    assert len(runs) > 1
found = fallen_back(sometimes, verdict=Race.CLEAN)
assert (found.verdict, found.coverage) == ("nondeterministic", None), found
assert "it fails when it runs again as it is: AssertionError" in found.reason, found.reason
runs.clear()
found = fallen_back(sometimes)
assert found.verdict == "uncontrolled", found
assert "did not fail either" not in found.reason and "it fails when it runs again as it is" in found.reason, found.reason
""",
    )


def test_threads_that_runs_leave_behind_end_the_search(tmp_path: Path) -> None:
    alone(
        tmp_path,
        HEAD
        + """
def scenario():
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    good()
found = explore(scenario, strategy="sleep", budget=LONG)
assert (found.verdict, found.coverage) == ("clean", "sampled"), found
assert "no more, as they leave threads behind" in found.reason, found.reason
assert found.schedules < 30, found
""",
    )


@pytest.mark.parametrize("name", ["unhashable", "refusing", "hiding"])
def test_no_metaclass_is_asked(tmp_path: Path, name: str) -> None:
    tests = Path(__file__).resolve().parents[3]
    alone(
        tmp_path,
        HEAD
        + f"""
from programs.races import metaclasses
assert explore(metaclasses.{name}_bad, strategy="sleep", budget=LONG).verdict == "race"
found = explore(metaclasses.{name}_twin, strategy="sleep", budget=Budget(schedules=20))
assert (found.verdict, found.schedules) == ("clean", 20), found
""",
        PYTHONPATH=str(tests),
    )
