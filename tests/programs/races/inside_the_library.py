"""Code that looks into what the standard library's conditions and queues keep to themselves."""

from __future__ import annotations

import queue
import threading

from pytest_gilcheck.races import run


class Unique(queue.Queue[int]):
    """Takes no item twice; the twin looks under the queue's own lock."""

    def put_new(self, item: int) -> None:
        if item not in self.queue:
            self.put(item)

    def put_new_locked(self, item: int) -> None:
        with self.mutex:
            if item not in self.queue:
                self._put(item)


def peek_and_put_bad() -> None:
    unique = Unique()
    run(lambda: unique.put_new(1), lambda: unique.put_new(1))
    assert unique.qsize() == 1


def peek_and_put_twin() -> None:
    unique = Unique()
    run(lambda: unique.put_new_locked(1), lambda: unique.put_new_locked(1))
    assert unique.qsize() == 1


def first_item_bad() -> None:
    """Between a look at the first item and the removal of one, somebody else may remove it."""
    items: queue.Queue[int] = queue.Queue()
    items.put(1)
    items.put(2)

    def take() -> None:
        first = items.queue[0]
        assert items.get() == first

    run(take, take)


def first_item_twin() -> None:
    items: queue.Queue[int] = queue.Queue()
    items.put(1)
    items.put(2)

    def take() -> None:
        with items.mutex:
            first = items.queue[0]
            assert items.queue.popleft() == first

    run(take, take)


def waiters_bad() -> None:
    """Nobody waits yet when somebody looks whether it is worth while to notify."""
    changed = threading.Condition()
    state = []

    def wait() -> None:
        with changed:
            while not state:
                assert changed.wait(5), "nobody notified"

    def announce() -> None:
        waiting = bool(vars(changed)["_waiters"])
        with changed:
            state.append(1)
            if waiting:
                changed.notify_all()

    run(wait, announce)


def waiters_twin() -> None:
    changed = threading.Condition()
    state = []

    def wait() -> None:
        with changed:
            while not state:
                assert changed.wait(5), "nobody notified"

    def announce() -> None:
        with changed:
            state.append(1)
            if vars(changed)["_waiters"]:
                changed.notify_all()

    run(wait, announce)


class Limited(threading.Semaphore):
    """Its value may be looked at, and somebody may take the last before it is acquired."""

    def try_acquire(self) -> bool:
        return self._value > 0 and self.acquire(blocking=False)


def semaphore_value_bad() -> None:
    limited = Limited(1)

    def use() -> None:
        if limited._value > 0:
            assert limited.acquire(blocking=False)

    run(use, use)


def semaphore_value_twin() -> None:
    limited = Limited(1)

    def use() -> None:
        limited.try_acquire()

    run(use, use)


class Bag(queue.Queue[int]):
    """A queue over a container of one's own, which another thread may empty without the queue's lock."""

    def _init(self, maxsize: int) -> None:
        self.bag: list[int] = []

    def _qsize(self) -> int:
        return len(self.bag)

    def _put(self, item: int) -> None:
        self.bag.append(item)

    def _get(self) -> int:
        return self.bag.pop()


def own_storage_bad() -> None:
    bag = Bag()
    bag.put(1)

    def take() -> None:
        if bag.bag:
            bag.bag.pop()

    def get() -> None:
        try:
            bag.get_nowait()
        except queue.Empty:
            return

    run(take, get)


def own_storage_twin() -> None:
    bag = Bag()
    bag.put(1)

    def take() -> None:
        with bag.mutex:
            if bag.bag:
                bag.bag.pop()

    def get() -> None:
        try:
            bag.get_nowait()
        except queue.Empty:
            return

    run(take, get)
