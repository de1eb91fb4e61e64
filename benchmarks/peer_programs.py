"""Five small programs in a form that every tool can run: a state, workers that share it, and no assertion.

They do not fail, so that a tool runs as many schedules as it is asked for; ``peers.py`` measures how fast.
Locks are made by ``threading.Lock()`` inside ``setup``: some tools see only those.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Worker = Callable[[Any], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """``setup`` makes a new state; each of ``workers`` is called with it in a thread of its own."""

    title: str
    setup: Callable[[], Any]
    workers: tuple[Worker, ...]


class Counter:
    def __init__(self) -> None:
        self.value = 0
        self.lock = threading.Lock()

    def increment(self) -> None:
        self.value += 1

    def increment_locked(self) -> None:
        with self.lock:
            self.value += 1


class Bank:
    def __init__(self) -> None:
        self.balances = {"a": 100, "b": 100}
        self.locks = {"a": threading.Lock(), "b": threading.Lock()}

    def transfer(self, source: str, target: str, amount: int) -> None:
        first, second = sorted((source, target))
        with self.locks[first], self.locks[second]:
            self.balances[source] -= amount
            self.balances[target] += amount

    def there(self) -> None:
        self.transfer("a", "b", 30)

    def back(self) -> None:
        self.transfer("b", "a", 20)


class Buffer:
    def __init__(self) -> None:
        self.items: list[int] = []
        self.received: list[int] = []
        self.changed = threading.Condition()

    def put(self, item: int) -> None:
        with self.changed:
            while len(self.items) >= 1:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify_all()

    def produce(self) -> None:
        for item in range(3):
            self.put(item)

    def consume(self) -> None:
        for _ in range(3):
            with self.changed:
                while not self.items:
                    self.changed.wait()
                self.received.append(self.items.pop(0))
                self.changed.notify_all()


class Cache:
    def __init__(self) -> None:
        self.values: dict[str, int] = {}
        self.loads = 0

    def get(self, key: str) -> int:
        if key not in self.values:
            self.loads += 1
            self.values[key] = len(key)
        return self.values[key]

    def use(self) -> None:
        self.get("first")
        self.get("second")


PROGRAMS = {
    "counter": Program(title="counter, lost update", setup=Counter, workers=(Counter.increment, Counter.increment)),
    "locked": Program(
        title="counter under a lock", setup=Counter, workers=(Counter.increment_locked, Counter.increment_locked)
    ),
    "transfer": Program(title="transfer, two locks", setup=Bank, workers=(Bank.there, Bank.back)),
    "buffer": Program(title="bounded buffer, condition", setup=Buffer, workers=(Buffer.produce, Buffer.consume)),
    "cache": Program(title="cache, check then act", setup=Cache, workers=(Cache.use, Cache.use)),
}
