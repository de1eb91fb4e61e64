"""Bodies that break under some interleaving, and their twins that do not, for suites of race checks.

Their checks end by themselves; the budget is for a machine that is busy with something else.
"""

from __future__ import annotations

#: What the other texts use: a counter that loses updates, one that does not, a fixture with the first.
COUNTERS = """
import threading
class Counter:
    def __init__(self): self.value = 0
    def increment(self): self.value += 1
class Locked(Counter):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
    def increment(self):
        with self.lock: self.value += 1
@pytest.fixture
def counter(): return Counter()
def in_threads(*functions):
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
"""

#: Two threads that each hold the lock that the other wants.
DEADLOCK = """
@pytest.mark.gilcheck_race(seconds=20)
def test_deadlock():
    a, b = threading.Lock(), threading.Lock()
    def forth():
        with a:
            with b: ...
    def back():
        with b:
            with a: ...
    in_threads(forth, back)
"""

#: A waiter that misses the only notification.
HANG = """
@pytest.mark.gilcheck_race(seconds=20)
def test_hang():
    ready = threading.Condition()
    done = []
    def wait():
        if not done:
            with ready: ready.wait()
    def finish():
        done.append(1)
        with ready: ready.notify()
    in_threads(finish, wait)
"""

RACE = """
@pytest.mark.gilcheck_race(seconds=20)
def test_race():
    counter = Counter()
    in_threads(counter.increment, counter.increment)
    assert counter.value == 2, "lost"
"""

SAFE = """
@pytest.mark.gilcheck_race(seconds=20)
def test_safe():
    counter = Locked()
    in_threads(counter.increment, counter.increment)
    assert counter.value == 2
"""
