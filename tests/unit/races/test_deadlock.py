"""What is said of threads that cannot go on."""

from __future__ import annotations

import threading

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.run import Run
from pytest_gilcheck.races.schedulers import Base
from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.threads import Controlled, Wait

HERE = Site(code=(lambda: None).__code__, offset=0, line=17, kind=Kind.CALL)


def execution(names: str) -> tuple[Run, list[Controlled]]:
    """An execution with a thread for each letter."""
    run = Run()
    run.start(Base())
    threads = [Controlled(number, name, daemon=False, thread=None) for number, name in enumerate(names)]
    run.threads += threads
    return run, threads


def holds(thread: Controlled, lock: object) -> None:
    thread.holding[id(lock)] = (lock, HERE)


def test_a_cycle_names_its_threads_and_where_they_took_the_locks() -> None:
    run, (a, b) = execution("ab")
    one, other = threading.Lock(), threading.Lock()
    holds(a, one)
    holds(b, other)
    a.wait, b.wait = Wait("a lock", lock=other), Wait("a lock", lock=one)
    kind, lines = deadlock.explain(run)
    assert kind == "deadlock"
    assert "main thread waits for a lock" in lines[0]
    assert f"held by thread 1 'b' since {__file__}:17" in lines[0]
    assert lines[-1] == "cycle: main thread -> thread 1 'b' -> main thread"


def test_threads_outside_of_the_cycle_are_not_in_it() -> None:
    run, (a, b, c) = execution("abc")
    locks = [threading.Lock(), threading.Lock()]
    holds(b, locks[0])
    holds(c, locks[1])
    a.wait, b.wait, c.wait = Wait("a lock", lock=locks[0]), Wait("a lock", lock=locks[1]), Wait("a lock", lock=locks[0])
    kind, lines = deadlock.explain(run)
    assert (kind, len(lines)) == ("deadlock", 4)
    assert lines[-1] == "cycle: thread 1 'b' -> thread 2 'c' -> thread 1 'b'"


def test_a_thread_that_waits_for_its_own_lock() -> None:
    run, (a,) = execution("a")
    lock = threading.Lock()
    holds(a, lock)
    a.wait = Wait("a lock", lock=lock)
    kind, lines = deadlock.explain(run)
    assert (kind, len(lines)) == ("self-deadlock", 1)
    assert "held by itself since" in lines[0]


def test_a_join_is_part_of_a_cycle() -> None:
    run, (a, b) = execution("ab")
    b.thread, lock = threading.Thread(), threading.Lock()
    holds(a, lock)
    a.wait, b.wait = Wait("thread 'b' to end", lock=b.thread, kind="join"), Wait("a lock", lock=lock)
    assert deadlock.explain(run)[0] == "deadlock"


def test_a_lock_that_an_ended_thread_left_held() -> None:
    run, (a, b) = execution("ab")
    lock = threading.Lock()
    holds(b, lock)
    b.done = True
    a.wait = Wait("a lock", lock=lock)
    kind, lines = deadlock.explain(run)
    assert (kind, len(lines)) == ("lock-left-held", 1)
    assert "held by thread 1 'b', which has ended, since" in lines[0]


def test_a_notification_that_never_comes_is_no_deadlock() -> None:
    run, (a, b) = execution("ab")
    lock = threading.Lock()
    holds(a, lock)
    a.wait = Wait("a notification", lock=lock, kind="condition")
    b.done = True
    kind, lines = deadlock.explain(run)
    assert (kind, len(lines)) == ("lost-wakeup", 1)
    assert "main thread waits for a notification" in lines[0]


def test_who_only_waits_for_the_threads_it_runs_is_not_mentioned() -> None:
    run, (a, b) = execution("ab")
    a.wait = Wait("thread 'b' to end", kind="run")
    b.wait = Wait("an item of a queue", kind="queue")
    _, lines = deadlock.explain(run)
    assert [line.split("'")[1] for line in lines] == ["b"]


def test_names_that_were_given_are_told_and_others_are_not() -> None:
    def label(name: object, number: int = 3) -> str:
        return deadlock.label(Controlled(number, name, daemon=False, thread=None))  # type: ignore[arg-type]

    assert [label(name) for name in ("Thread-7", "Thread-12 (work)", "gilcheck-1", "")] == ["thread 3"] * 4
    assert label("mailer") == "thread 3 'mailer'"
    assert label("\x1b[31m") == "thread 3 '\\x1b[31m'"
    assert label("MainThread", 0) == "main thread"
    assert label(None) == "thread 3"


def test_a_stack_ends_where_the_code_under_test_begins() -> None:
    import sys

    assert deadlock.stack_lines(sys._getframe())[-1].endswith("in test_a_stack_ends_where_the_code_under_test_begins")


def test_a_wait_inside_the_library_is_told_with_where_its_thread_was_started() -> None:
    run, (a,) = execution("a")
    entered, end = threading.Event(), threading.Event()

    def wait() -> None:
        entered.set()
        end.wait()

    thread = threading.Thread(target=wait)
    bare = threading.Thread(target=end.wait)
    thread.start()
    bare.start()
    entered.wait()
    try:
        a.ident, a.wait, a.born = thread.ident or 0, Wait("a lock"), (__file__, 1)
        assert f"waits for an event to be set at {__file__}:" in deadlock.describe(run, a)
        a.ident = bare.ident or 0
        assert f"started at {__file__}:1" in deadlock.describe(run, a)
    finally:
        end.set()
        thread.join()
        bare.join()


def test_the_same_state_gives_the_same_snapshot() -> None:
    def states(numbers: list[int]) -> set[object]:
        import sys

        found = []
        for number in numbers:  # noqa: B007 - it is what the snapshots see
            found.append(repr(deadlock.snapshot(sys._getframe())))
        return set(found)

    assert len(states([5, 5])) == 1
    assert len(states([5, 6])) == 2
