"""Threads that no execution controls, and executors whose workers one has ended."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from pytest_gilcheck.races import outside
from pytest_gilcheck.races.run import Run
from pytest_gilcheck.races.threads import Controlled, Wait


def waiting_for(lock: object) -> Controlled:
    thread = Controlled(1, "one", daemon=False, thread=None)
    thread.wait = Wait("it", lock=lock)
    return thread


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_a_lock_that_somebody_else_frees_is_noticed(make: type) -> None:
    lock = make()
    taken, free = threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            taken.set()
            free.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    assert not outside.was_freed(waiting_for(lock))
    free.set()
    holder.join()
    assert outside.was_freed(waiting_for(lock))
    assert lock.acquire(blocking=False)


def test_an_item_that_somebody_else_puts_is_noticed() -> None:
    items: queue.SimpleQueue[int] = queue.SimpleQueue()
    assert not outside.was_freed(waiting_for(items))
    items.put(1)
    assert outside.was_freed(waiting_for(items))


def test_what_is_no_lock_is_never_free() -> None:
    assert not outside.was_freed(waiting_for(None))
    assert not outside.was_freed(Controlled(1, "one", daemon=False, thread=None))


@contextmanager
def stranger() -> Iterator[threading.Event]:
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    try:
        yield end
    finally:
        end.set()
        thread.join()


def test_a_thread_that_is_not_of_the_execution_is_a_stranger() -> None:
    run = Run()
    before = len(outside.strangers(run))
    with stranger():
        assert len(outside.strangers(run)) == before + 1
    assert len(outside.strangers(run)) == before


def test_a_worker_without_work_is_no_stranger() -> None:
    run = Run()
    before = len(outside.strangers(run))
    with ThreadPoolExecutor(1) as executor, stranger() as end:
        executor.submit(int).result()
        assert len(outside.strangers(run)) == before + 1
        working = executor.submit(end.wait)
        while not working.running():
            pass
        assert len(outside.strangers(run)) == before + 2
        end.set()


def test_an_executor_without_its_worker_starts_another() -> None:
    with ThreadPoolExecutor(1) as executor:
        executor.submit(int).result()
        (worker,) = executor._threads
        controlled = Controlled(1, "worker", daemon=False, thread=worker)
        assert outside.executor_of(controlled) is executor
        outside.dismiss(executor, worker)
        assert executor.submit(int, "7").result() == 7
        assert executor._threads.isdisjoint({worker})
        executor._work_queue.put(None)  # type: ignore[arg-type]
        worker.join(timeout=0.0)


def test_a_thread_of_no_executor_has_none() -> None:
    assert outside.executor_of(Controlled(1, "one", daemon=False, thread=threading.current_thread())) is None
