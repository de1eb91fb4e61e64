from __future__ import annotations

import _thread
import threading
import time
from typing import Any

import pytest

from pytest_gilcheck.races import primitives
from pytest_gilcheck.races.run import run
from unit.races.fakes import HERE, do, execution, results, site, together

KINDS = [threading.Lock, threading.RLock]


class Named(_thread.RLock):  # type: ignore[misc]
    """A lock as users derive them."""


@pytest.mark.parametrize("kind", [*KINDS, Named])
def test_only_one_thread_is_between_acquire_and_release(kind: Any) -> None:
    lock = kind()

    def scenario() -> bool:
        inside: list[int] = []
        most = 0

        def body() -> None:
            nonlocal most
            do(lock.acquire)
            inside.append(1)
            do(time.sleep, 0)
            most = max(most, len(inside))
            inside.pop()
            do(lock.release)

        together(body, body, body)
        return most == 1

    assert results(scenario) == {True}
    assert lock.acquire(False)


@pytest.mark.parametrize("kind", KINDS)
def test_whoever_comes_first_gets_the_lock_and_either_can(kind: Any) -> None:
    def scenario() -> tuple[bool, ...]:
        lock = kind()
        return tuple(together(lambda: do(lock.acquire, False), lambda: do(lock.acquire, blocking=False)))

    # Each thread is first under a random schedule with at least 1/4: both orders come with 1 - 2 * (3/4)^60.
    assert results(scenario) == {(True, False), (False, True)}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((False, 1), {}),
        ((True, -2), {}),
        ((True, 1e300), {}),
        ((True, "x"), {}),
        ((True, float("nan")), {}),
        ((1, 2, 3), {}),
        ((), {"wait": True}),
        ((), {"timeout": -0.5}),
        ((0, 0.5), {}),
    ],
)
def test_wrong_arguments_raise_what_the_real_lock_raises(kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    with pytest.raises(Exception) as real:
        kind().acquire(*args, **kwargs)

    def scenario() -> tuple[type, str]:
        try:
            do(kind().acquire, *args, **kwargs)
        except Exception as error:
            return type(error), str(error)
        raise AssertionError("nothing was raised")

    assert results(scenario, 1) == {(real.type, str(real.value))}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("args", "kwargs"), [((), {}), ((1,), {}), ((True, -1), {}), ((), {"timeout": 3.5}), ((True, 0), {})]
)
def test_a_free_lock_is_taken_whatever_the_time_out(kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    assert results(lambda: do(kind().acquire, *args, **kwargs), 1) == {True}


@pytest.mark.parametrize(("timeout", "outcome"), [(0, False), (1, False), (2.5, True), (-1, True)])
def test_a_time_out_is_counted_in_virtual_time(timeout: float, outcome: bool) -> None:
    def scenario() -> tuple[bool, bool]:
        lock = threading.Lock()
        do(lock.acquire)

        def opens() -> None:
            do(time.sleep, 2)
            do(lock.release)

        def waits() -> tuple[bool, bool]:
            taken = do(lock.acquire, True, timeout)
            return taken, run.now >= min(timeout if timeout >= 0 else 2, 2)

        return together(opens, waits)[1]  # type: ignore[no-any-return]

    assert results(scenario, 20) == {(outcome, True)}


def test_a_plain_lock_may_be_released_by_another_thread() -> None:
    def scenario() -> bool:
        lock = threading.Lock()
        together(lambda: do(lock.acquire), lambda: None)
        assert run.holder(lock) is not None
        together(lambda: do(lock.release), lambda: do(lock.acquire))
        return lock.locked()

    assert results(scenario) == {True}


@pytest.mark.parametrize("kind", [threading.RLock, Named])
def test_the_same_thread_takes_a_reentrant_lock_again_and_others_wait_for_its_last_release(kind: Any) -> None:
    def scenario() -> tuple[int, ...]:
        lock = kind()
        order: list[int] = []

        def body(number: int) -> None:
            do(lock.acquire)
            assert do(lock.acquire, False)
            do(lock.release)
            order.append(number)
            do(time.sleep, 1)
            order.append(number)
            do(lock.release)

        together(lambda: body(1), lambda: body(2))
        return tuple(order)

    assert results(scenario) == {(1, 1, 2, 2), (2, 2, 1, 1)}


@pytest.mark.parametrize("kind", KINDS)
def test_releasing_what_is_not_held_raises_what_the_real_lock_raises(kind: Any) -> None:
    def scenario() -> str:
        with pytest.raises(RuntimeError) as error:
            do(kind().release)
        return str(error.value)

    with pytest.raises(RuntimeError) as real:
        kind().release()
    assert results(scenario, 1) == {str(real.value)}


def test_the_lock_of_another_thread_is_not_released_by_accident() -> None:
    def scenario() -> bool:
        lock = threading.RLock()
        do(lock.acquire)

        def other() -> bool:
            with pytest.raises(RuntimeError):
                do(lock.release)
            return bool(do(lock.acquire, False))

        return together(other)[0]  # type: ignore[no-any-return]

    assert results(scenario, 1) == {False}


def test_all_levels_are_given_up_and_taken_back_as_conditions_do() -> None:
    def scenario() -> tuple[str, ...]:
        lock = threading.RLock()
        order: list[str] = []

        def waits() -> None:
            do(lock.acquire)
            do(lock.acquire)
            state = do(lock._release_save)  # type: ignore[attr-defined]
            order.append("out")
            do(time.sleep, 1)
            do(lock._acquire_restore, state)  # type: ignore[attr-defined]
            order.append("back")
            assert do(lock._is_owned)  # type: ignore[attr-defined]
            do(lock.release)
            do(lock.release)

        def takes() -> None:
            do(time.sleep, 0.5)
            do(lock.acquire)
            order.append("in")
            do(time.sleep, 2)
            do(lock.release)

        together(waits, takes)
        return tuple(order)

    assert results(scenario, 20) == {("out", "in", "back")}


@pytest.mark.parametrize("kind", KINDS)
def test_a_lock_that_a_thread_outside_holds_is_waited_for(kind: Any) -> None:
    lock = kind()
    taken, give = threading.Event(), threading.Event()

    def outside() -> None:
        with lock:
            taken.set()
            give.wait(10)

    thread = threading.Thread(target=outside)
    thread.start()
    taken.wait(10)

    def scenario() -> bool:
        give.set()
        return bool(do(lock.acquire) and not do(lock.release))

    assert results(scenario, 1) == {True}
    thread.join()


def test_a_deadlock_is_seen_and_leaves_nothing_locked() -> None:
    one, two = threading.Lock(), threading.RLock()

    def body(first: Any, second: Any) -> None:
        do(first.acquire)
        with_second = primitives.enter(HERE, second)
        assert with_second is not None
        with with_second:  # type: ignore[attr-defined]
            pass
        do(first.release)

    def scenario() -> None:
        together(lambda: body(one, two), lambda: body(two, one))

    found = {execution(scenario, seed).reason for seed in range(60)}
    assert found == {None, "deadlock"}
    assert one.acquire(False)
    assert two.acquire(False)


def test_a_thread_that_waits_for_its_own_lock_is_named_so() -> None:
    lock = threading.Lock()

    def scenario() -> None:
        do(lock.acquire)
        do(lock.acquire)

    assert execution(scenario).reason == "self-deadlock"
    assert not lock.locked()


def test_an_execution_that_is_ended_at_a_release_releases() -> None:
    lock = threading.Lock()

    def holder() -> None:
        with primitives.enter(HERE, lock):  # type: ignore[attr-defined]
            never = threading.Lock()
            do(never.acquire)
            do(never.acquire)

    assert execution(lambda: together(holder, holder)).reason is not None
    assert not lock.locked()


@pytest.mark.parametrize("kind", [*KINDS, Named])
def test_with_statements_enter_a_model_of_locks_in_c(kind: Any) -> None:
    lock = kind()

    def scenario() -> bool:
        manager: Any = primitives.enter(HERE, lock)
        with manager as entered:
            assert not together(lambda: do(lock.acquire, False))[0]
        return entered is True and bool(together(lambda: do(lock.acquire, False) and not do(lock.release))[0])

    assert results(scenario, 5) == {True}


class Counting(_thread.RLock):  # type: ignore[misc]
    def __enter__(self) -> bool:  # type: ignore[override]
        return bool(super().__enter__())


@pytest.mark.parametrize("manager", [threading.Condition(), Counting(), object(), None])
def test_with_statements_over_anything_else_are_left_alone(manager: object) -> None:
    assert not primitives.is_entered(type(manager))


def test_a_with_statement_that_is_left_outside_the_execution_still_releases() -> None:
    lock = threading.Lock()
    managers: list[Any] = []

    def scenario() -> None:
        managers.append(primitives.enter(HERE, lock))
        managers[0].__enter__()

    assert execution(scenario).error is None
    assert lock.locked()
    managers[0].__exit__(None, None, None)
    assert not lock.locked()


def test_a_wait_says_what_for() -> None:
    seen = []
    lock = threading.Lock()

    def scenario(at: Any) -> None:
        do(lock.acquire)

        def waits() -> None:
            do(lock.acquire, at=at)

        def looks() -> None:
            do(time.sleep, 1)
            seen.append(
                next(thread.wait.kind for thread in run.threads if thread.wait is not None and thread.wait.lock is lock)
            )
            do(lock.release)

        together(waits, looks)
        do(lock.release)

    for at in (HERE, site(threading.Condition.wait.__code__)):
        assert execution(lambda at=at: scenario(at)).error is None  # type: ignore[misc]
    assert seen == ["lock", "condition"]


@pytest.mark.skipif(not hasattr(_thread.RLock, "locked"), reason="a plain lock only, in this version")
def test_a_reentrant_lock_tells_whether_it_is_held() -> None:
    lock: Any = threading.RLock()
    assert results(lambda: (do(lock.locked), do(lock.acquire), do(lock.locked), do(lock.release)), 1) == {
        (False, True, True, None)
    }


def test_every_method_of_the_locks_has_a_model() -> None:
    for lock in (threading.Lock(), threading.RLock()):
        for name in dir(lock):
            if callable(getattr(lock, name)) and (not name.startswith("__") or name in {"__enter__", "__exit__"}):
                assert (type(lock), name) in primitives.METHODS, name
