from __future__ import annotations

import _thread
import sys
import threading
import time
import traceback
from typing import Any

import pytest

from pytest_gilcheck.races.run import run
from unit.races.fakes import HERE, do, execution, results

LEFT_ALONE = {"run", "_bootstrap"}


def test_a_started_thread_is_controlled_and_an_ordinary_one_otherwise() -> None:
    plain = threading.Thread(target=lambda: None)
    plain.start()

    def scenario() -> bool:
        seen: list[Any] = []
        thread = threading.Thread(target=lambda: seen.append((threading.current_thread(), run.me.thread, run.mine())))
        do(thread.start)
        before = vars(thread).keys() & LEFT_ALONE
        alive = do(thread.is_alive)
        do(thread.join)
        assert seen == [(thread, thread, True)]
        assert run.threads[1].thread is thread
        assert thread.ident == run.threads[1].ident
        return bool(alive) and not before and not do(thread.is_alive) and vars(thread).keys() == vars(plain).keys()

    plain.join()
    assert results(scenario) <= {True, False}  # whether it lives at once is for the schedule to say
    assert True in results(scenario)


def test_both_can_go_on_after_a_start() -> None:
    def scenario() -> tuple[str, ...]:
        order: list[str] = []
        shared = threading.Lock()

        def body() -> None:
            do(shared.locked)
            order.append("child")

        thread = threading.Thread(target=body)
        do(thread.start)
        do(shared.locked)
        order.append("parent")
        do(thread.join)
        return tuple(order)

    assert results(scenario) == {("child", "parent"), ("parent", "child")}


@pytest.mark.parametrize("timeout", [0, 0.5, -3, None, 10])
def test_join_waits_in_virtual_time(timeout: float | None) -> None:
    def scenario() -> bool:
        thread = threading.Thread(target=lambda: do(time.sleep, 1))
        do(thread.start)
        assert do(thread.join, timeout) is None
        alive = do(thread.is_alive)
        do(thread.join)
        do(thread.join)
        return bool(alive)

    assert results(scenario, 20) == {timeout in (0, 0.5, -3)}


def outcome(function: Any, *args: Any, **kwargs: Any) -> tuple[type, str] | None:
    try:
        function(*args, **kwargs)
    except Exception as error:
        return type(error), str(error)
    return None


def mistakes(call: Any) -> list[tuple[type, str] | None]:
    """What goes wrong with threads, called in the way of ``call``."""

    class Uninitialised(threading.Thread):
        def __init__(self) -> None: ...

    ended = threading.Thread(target=lambda: None)
    call(ended.start)
    call(ended.join)
    return [
        outcome(call, ended.start),
        outcome(call, Uninitialised().start),
        outcome(call, threading.Thread().join),
        outcome(call, Uninitialised().join),
        outcome(call, threading.current_thread().join),
        outcome(call, threading.current_thread().join, 1),
        outcome(call, ended.join, 1, 2),
        outcome(call, ended.join, wait=1),
        outcome(call, ended.start, 1),
        outcome(call, threading.Thread.start),
        outcome(call, _thread.start_new_thread, None, ()),
        outcome(call, _thread.start_new_thread, print, None),
        outcome(call, _thread.start_new_thread),
    ]


def test_mistakes_raise_what_they_raise_without_control() -> None:
    def plain(function: Any, *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    found = []
    assert execution(lambda: found.append(mistakes(do))).error is None
    assert found == [mistakes(plain)]
    assert None not in found[0]


def test_what_ends_a_thread_is_kept_and_goes_to_the_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []

    def hook(args: threading.ExceptHookArgs) -> None:
        names = [frame.name for frame in traceback.extract_tb(args.exc_traceback)]
        told.append((args.exc_type, args.thread, run.mine(), names))

    monkeypatch.setattr(threading, "excepthook", hook)

    def fails() -> None:
        raise ValueError("lost")

    def scenario() -> bool:
        thread = threading.Thread(target=fails)
        do(thread.start)
        do(thread.join)
        assert told.pop() == (ValueError, thread, True, ["_bootstrap_inner", "run", "fails"])
        assert vars(thread)["_invoke_excepthook"].__module__ == "threading"
        return repr(run.threads[1].error) == "ValueError('lost')"

    assert results(scenario, 5) == {True}


def test_a_hook_that_the_execution_sets_itself_handles_it() -> None:
    def fails() -> None:
        raise ValueError("handled")

    def scenario() -> bool:
        told: list[Any] = []
        before, threading.excepthook = threading.excepthook, told.append
        try:
            thread = threading.Thread(target=fails)
            do(thread.start)
            do(thread.join)
        finally:
            threading.excepthook = before
        return len(told) == 1 and run.threads[1].error is None

    assert results(scenario, 5) == {True}


def test_leaving_by_exit_is_no_failure(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)

    def scenario() -> bool:
        thread = threading.Thread(target=sys.exit)
        do(thread.start)
        do(thread.join)
        return run.threads[1].error is None

    assert results(scenario, 1) == {True}
    assert capfd.readouterr() == ("", "")


def test_an_execution_that_is_ended_ends_its_threads_without_a_word(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    left: list[threading.Thread] = []

    def waits(lock: Any) -> None:
        try:
            do(lock.acquire)
        finally:
            threading.RLock().release()  # what a condition does on its way out: it stumbles

    def scenario() -> None:
        lock = threading.Lock()
        lock.acquire()
        run.held(lock, HERE)
        for target in (waits, waits):
            left.append(threading.Thread(target=target, args=(lock,)))
            do(left[-1].start)
        do(lock.acquire)

    assert execution(scenario).reason is not None
    for thread in left:
        thread.join(10)
        assert not thread.is_alive()
    assert capfd.readouterr() == ("", "")


class Worker(threading.Thread):
    def __init__(self) -> None:
        super().__init__(name="worker", daemon=True)
        self.done = False

    def start(self) -> None:
        do(super().start)

    def run(self) -> None:
        do(time.sleep, 1)
        self.done = True


def test_subclasses_with_a_start_and_a_run_of_their_own() -> None:
    def scenario() -> bool:
        worker = Worker()
        worker.start()
        do(worker.join)
        child = run.threads[1]
        return worker.done and child.name == "worker" and child.daemon and child.done

    assert results(scenario, 5) == {True}


def test_a_run_that_was_put_on_the_thread_itself_is_run_and_stays() -> None:
    def scenario() -> bool:
        ran: list[int] = []
        thread = threading.Thread()
        thread.run = own = lambda: ran.append(run.me.number)  # type: ignore[method-assign]
        do(thread.start)
        do(thread.join)
        return ran == [1] and vars(thread)["run"] is own

    assert results(scenario, 5) == {True}


def test_a_thread_that_cannot_be_started_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise RuntimeError("can't start new thread")

    def scenario() -> bool:
        thread = threading.Thread(target=lambda: None)
        with monkeypatch.context() as patch:
            for name in ("_start_new_thread", "_start_joinable_thread"):
                patch.setattr(threading, name, refuse, raising=False)
            with pytest.raises(RuntimeError, match="can't start"):
                do(thread.start)
        assert len(run.threads) == 1
        assert not vars(thread).keys() & LEFT_ALONE
        do(thread.start)
        do(thread.join)
        return len(run.threads) == 2

    assert results(scenario, 1) == {True}


@pytest.mark.skipif(sys.version_info < (3, 14), reason="threads have no context in this version")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_before_it_runs_is_no_part_of_the_execution(monkeypatch: pytest.MonkeyPatch) -> None:
    import contextvars

    told: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda args: told.append(args.exc_type))
    context = contextvars.copy_context()

    def scenario() -> bool:
        thread = threading.Thread(target=lambda: None, context=context)  # type: ignore[call-arg]
        do(thread.start)
        do(thread.join)
        return len(run.threads) == 1 and not vars(thread).keys() & LEFT_ALONE

    found: set[bool] = set()
    context.run(lambda: found.update(results(scenario, 1)))
    assert found == {True}
    assert told == [RuntimeError]


def test_a_thread_from_outside_is_joined_too() -> None:
    give = threading.Event()
    thread = threading.Thread(target=give.wait, args=(10,))
    thread.start()

    def scenario() -> bool:
        do(thread.join, 0.001)
        assert do(thread.is_alive)
        give.set()
        do(thread.join)
        return bool(do(thread.is_alive))

    assert results(scenario, 1) == {False}


def test_joining_one_another_is_a_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)  # one that ends before the other is started

    def scenario() -> None:
        threads: list[threading.Thread] = []
        for number in range(2):
            threads.append(threading.Thread(target=lambda number=number: do(threads[1 - number].join)))
        for thread in threads:
            do(thread.start)
        for thread in threads:
            do(thread.join)

    found = {execution(scenario, seed).reason for seed in range(40)}
    assert "deadlock" in found


def test_threads_without_an_object() -> None:
    def scenario() -> bool:
        out: list[Any] = []

        def body(number: int, *, twice: bool) -> None:
            do(time.sleep, number)
            out.append((number, twice, run.me.number))

        ident = do(_thread.start_new_thread, body, (2,), {"twice": True})
        do(_thread.start_new_thread, body, (1,), {"twice": False})
        do(time.sleep, 5)
        return out == [(1, False, 2), (2, True, 1)] and ident == run.threads[1].ident and run.threads[1].daemon

    assert results(scenario, 10) == {True}


def test_what_ends_a_thread_without_an_object_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: told.append((args.exc_type, repr(args.object))))

    def fails() -> None:
        raise ValueError("lost")

    def scenario() -> bool:
        do(_thread.start_new_thread, fails, ())
        do(time.sleep, 1)
        return isinstance(run.threads[1].error, ValueError)

    assert results(scenario, 1) == {True}


@pytest.mark.skipif(not hasattr(_thread, "start_joinable_thread"), reason="not in this version")
def test_threads_with_a_handle() -> None:
    def scenario() -> bool:
        out: list[int] = []

        def body() -> None:
            do(time.sleep, 1)
            out.append(1)

        handle = do(_thread.start_joinable_thread, body)  # type: ignore[attr-defined]
        do(handle.join, 0.5)
        assert not out
        do(handle.join)
        return out == [1] and handle.is_done()

    assert results(scenario, 10) == {True}


def test_who_is_alive_follows_the_schedule() -> None:
    def scenario() -> bool:
        threads = [threading.Thread(target=lambda n=n: do(time.sleep, n)) for n in (1, 3)]
        before = do(threading.active_count)
        for thread in threads:
            do(thread.start)
        counts = []
        for _ in range(3):
            counts.append(do(threading.active_count) - before)
            do(time.sleep, 2)
        return counts == [2, 1, 0]

    assert results(scenario, 20) == {True}
