"""Whatever keeps a thread from going on, or ends it in an unusual way, and how a check of it has to end.

``ROWS`` is the table. ``python -m programs.race_hangs NAME`` runs one row in a process of its own.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace

from pytest_gilcheck.races import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``ends`` are the pairs of verdict and kind that are right; ``names`` have to be in what the report says."""

    scenario: Callable[[], object]
    ends: frozenset[tuple[str, str | None]]
    names: tuple[str, ...] = ()


ROWS: dict[str, Row] = {}
#: What to do before the exploration of a row begins.
BEFORE: dict[str, Callable[[], None]] = {}


def row(
    *ends: tuple[str, str | None], names: tuple[str, ...] = ()
) -> Callable[[Callable[[], object]], Callable[[], object]]:
    def add(scenario: Callable[[], object]) -> Callable[[], object]:
        ROWS[scenario.__name__] = Row(scenario=scenario, ends=frozenset(ends), names=names)
        return scenario

    return add


OK = ("clean", None)
HERE = "hangs.py"


@row(("deadlock", "deadlock"), names=(HERE, "lock"))
def deadlock() -> None:
    one, other = threading.Lock(), threading.Lock()

    def forth() -> None:
        with one, other:
            pass

    def back() -> None:
        with other, one:
            pass

    run(forth, back)


@row(OK)
def deadlock_twin() -> None:
    one, other = threading.RLock(), threading.Lock()

    def forth() -> None:
        with one, one, other:
            pass

    run(forth, forth)


@row(("deadlock", "self-deadlock"), names=(HERE,))
def self_deadlock() -> None:
    lock = threading.Lock()

    def twice() -> None:
        with lock, lock:
            pass

    run(twice, lambda: None)


@row(OK)
def self_deadlock_twin() -> None:
    lock = threading.RLock()

    def twice() -> None:
        with lock, lock:
            pass

    run(twice, twice)


@row(("hang", "lost-wakeup"), names=(HERE,))
def lost_notify() -> None:
    changed = threading.Condition()

    def wait() -> None:
        with changed:
            changed.wait()

    def announce() -> None:
        with changed:
            changed.notify()

    run(wait, announce)


@row(OK)
def lost_notify_twin() -> None:
    changed = threading.Condition()
    said: list[int] = []

    def wait() -> None:
        with changed:
            changed.wait_for(lambda: said)

    def announce() -> None:
        with changed:
            said.append(1)
            changed.notify()

    run(wait, announce)


@row(("deadlock", "deadlock"), names=(HERE,))
def join_of_a_blocked_thread() -> None:
    lock = threading.Lock()

    def work() -> None:
        with lock:
            pass

    def stop() -> None:
        with lock:
            thread.start()
            thread.join()

    thread = threading.Thread(target=work)
    run(stop)


@row(OK)
def join_of_a_blocked_thread_twin() -> None:
    lock = threading.Lock()

    def work() -> None:
        with lock:
            pass

    def stop() -> None:
        with lock:
            thread.start()
        thread.join()

    thread = threading.Thread(target=work)
    run(stop)


@row(("hang", "lost-wakeup"), names=(HERE,))
def event_that_is_never_set() -> None:
    event = threading.Event()

    def wait() -> None:
        event.wait()

    run(wait, event.is_set)


@row(OK)
def event_that_is_never_set_twin() -> None:
    event = threading.Event()
    assert run(lambda: event.wait(timeout=3600), event.is_set) == [False, False]


@row(("hang", "lost-wakeup"), ("hang", "thread-left"), ("deadlock", "deadlock"), names=(HERE,))
def thread_that_is_left() -> None:
    event = threading.Event()
    threading.Thread(target=event.wait, name="left").start()


@row(OK)
def thread_that_is_left_twin() -> None:
    event = threading.Event()
    threading.Thread(target=event.wait, name="left", daemon=True).start()


@row(("hang", "timeout"), ("hang", "livelock"), names=(HERE,))
def infinite_loop() -> None:
    state = SimpleNamespace(open=True)

    def close() -> None:
        state.open = False
        state.open = True

    def loop() -> None:
        if not state.open:
            number = 0
            while number >= 0:
                number += 1

    run(close, loop)


@row(OK)
def infinite_loop_twin() -> None:
    def loop() -> None:
        number = 0
        while number < 10_000:
            number += 1

    run(loop, loop)


@row(("hang", "timeout"), ("hang", "livelock"), ("uncontrolled", None))
def infinite_loop_in_every_order() -> None:
    def loop() -> None:
        number = 0
        while number >= 0:
            number += 1

    run(loop, lambda: None)


@row(("hang", "livelock"), ("hang", "timeout"), names=(HERE,))
def wrong_spin() -> None:
    state = SimpleNamespace(left=False, right=False)

    def left() -> None:
        while not state.right:
            pass
        state.left = True

    def right() -> None:
        while not state.left:
            pass
        state.right = True

    run(left, right)


@row(("hang", "livelock"), ("hang", "timeout"), names=(HERE,))
def wrong_spin_on_items() -> None:
    wanted = [False, False]

    def enter(me: int) -> None:
        wanted[me] = True
        while wanted[1 - me]:
            pass
        wanted[me] = False

    run(lambda: enter(0), lambda: enter(1))


@row(OK)
def right_spin_on_items() -> None:
    wanted = [False, False]

    def enter(me: int) -> None:
        wanted[me] = True
        while wanted[1 - me] and me == 1:
            pass
        wanted[me] = False

    run(lambda: enter(0), lambda: enter(1))


@row(OK)
def right_spin() -> None:
    state = SimpleNamespace(ready=False)

    def spin() -> None:
        while not state.ready:
            pass

    def announce() -> None:
        state.ready = True

    run(spin, announce)


@row(OK)
def right_spin_with_sleep() -> None:
    state = SimpleNamespace(items=[])

    def spin() -> None:
        while not state.items:
            time.sleep(0.01)

    run(spin, lambda: state.items.append(1))


@row(OK)
def right_spin_on_a_clock() -> None:
    end = time.monotonic() + 60

    def spin() -> None:
        while time.monotonic() < end:
            pass

    run(spin, spin)


@row(OK)
def right_spin_on_a_lock() -> None:
    lock = threading.Lock()

    def spin() -> None:
        while not lock.acquire(blocking=False):
            pass
        lock.release()

    run(spin, spin)


@row(("hang", "lost-wakeup"), names=(HERE,))
def executor_whose_worker_blocks() -> None:
    event = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        pool.submit(event.wait)


@row(OK)
def executor_whose_worker_blocks_twin() -> None:
    event = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(event.wait)
        event.set()
    assert future.result()
