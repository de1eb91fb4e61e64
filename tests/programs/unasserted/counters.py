"""Counters, statistics, generators of ids, limits and money."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from programs.unasserted import buggy, correct
from pytest_gilcheck.races import run


class Statistics:
    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.highest = float("-inf")
        self.lock = threading.Lock()

    def add(self, value: float) -> None:
        with self.lock:
            self.count += 1
            self.total += value
            self.highest = max(self.highest, value)

    def add_unlocked(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.highest = max(self.highest, value)

    def mean(self) -> float:
        with self.lock:
            return self.total / self.count if self.count else 0.0


@correct
def statistics_under_a_lock() -> None:
    statistics = Statistics()
    run(lambda: statistics.add(1), lambda: statistics.add(2), statistics.mean)


@correct
def statistics_of_several_values_each() -> None:
    statistics = Statistics()
    run(lambda: [statistics.add(n) for n in (1, 5)], lambda: [statistics.mean(), statistics.mean()])


@buggy("lost-update")
def statistics_without_lock() -> None:
    statistics = Statistics()
    run(lambda: statistics.add_unlocked(1), lambda: statistics.add_unlocked(2))


@buggy("unserialisable")
def highest_without_lock() -> None:
    statistics = Statistics()

    def note(value: float) -> None:
        if value > statistics.highest:  # noqa: PLR1730 - a check, and an act on it
            statistics.highest = value

    run(lambda: note(1), lambda: note(2))


@correct
def ids_of_itertools_count() -> None:
    numbers = itertools.count(1)
    run(lambda: next(numbers), lambda: next(numbers))


@correct
def ids_of_itertools_count_in_objects() -> None:
    numbers = itertools.count(1)
    made: list[int] = []

    def make() -> int:
        number = next(numbers)
        made.append(number)
        return number

    run(make, make)


class Ids:
    def __init__(self) -> None:
        self.last = 0
        self.lock = threading.Lock()

    def locked(self) -> int:
        with self.lock:
            self.last += 1
            return self.last

    def unlocked(self) -> int:
        self.last += 1
        return self.last


@correct
def ids_under_a_lock() -> None:
    ids = Ids()
    run(ids.locked, ids.locked, ids.locked)


@correct
def several_ids_each() -> None:
    ids = Ids()
    run(lambda: [ids.locked(), ids.locked()], lambda: [ids.locked(), ids.locked()])


@buggy("lost-update")
def ids_without_lock() -> None:
    ids = Ids()
    run(ids.unlocked, ids.unlocked)


@buggy("unserialisable")
def id_read_after_the_lock() -> None:
    ids = Ids()

    def make() -> int:
        with ids.lock:
            ids.last += 1
        return ids.last

    run(make, make)


@correct
def counter_update_under_a_lock() -> None:
    words: Counter[str] = Counter()
    lock = threading.Lock()

    def count(text: str) -> None:
        mine = Counter(text.split())
        with lock:
            words.update(mine)

    run(lambda: count("a b a"), lambda: count("b c"))


@buggy("lost-update")
def counter_without_lock() -> None:
    words: Counter[str] = Counter()

    def count(text: str) -> None:
        for word in text.split():
            words[word] += 1

    run(lambda: count("a b"), lambda: count("b"))


@correct
def progress_of_one_writer() -> None:
    progress = {"done": 0}

    def work() -> None:
        for _ in range(2):
            progress["done"] += 1

    def watch() -> list[int]:
        return [progress["done"], progress["done"]]

    run(work, watch)


@correct
def progress_attribute_of_one_writer() -> None:
    class Job:
        def __init__(self) -> None:
            self.done = 0
            self.state = "new"

        def work(self) -> None:
            self.state = "running"
            for _ in range(2):
                self.done += 1
            self.state = "finished"

        def status(self) -> str:
            return f"{self.state}: {self.done}"

    job = Job()
    run(job.work, job.status)


class Account:
    _numbers = itertools.count(1)

    def __init__(self, balance: int) -> None:
        self.number = next(self._numbers)
        self.balance = balance
        self.lock = threading.Lock()
        self.history: list[int] = []


def transfer(source: Account, target: Account, amount: int) -> bool:
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock, second.lock:
        if source.balance < amount:
            return False
        source.balance -= amount
        target.balance += amount
        source.history.append(-amount)
        target.history.append(amount)
        return True


@correct
def transfers_with_ordered_locks() -> None:
    one, other = Account(100), Account(50)
    run(lambda: transfer(one, other, 70), lambda: transfer(other, one, 60), lambda: transfer(one, other, 50))


@buggy("lost-update")
def transfers_without_locks() -> None:
    one, other = Account(100), Account(50)

    def move(source: Account, target: Account, amount: int) -> None:
        source.balance -= amount
        target.balance += amount

    run(lambda: move(one, other, 10), lambda: move(other, one, 20))


@buggy("unserialisable")
def transfers_with_a_check_outside_of_the_lock() -> None:
    account = Account(100)

    def withdraw(amount: int) -> bool:
        if account.balance < amount:
            return False
        with account.lock:
            account.balance -= amount
        return True

    run(lambda: withdraw(80), lambda: withdraw(80))


@buggy("lost-update")
def withdrawal_between_two_locks() -> None:
    account = Account(100)

    def withdraw(amount: int) -> None:
        with account.lock:
            balance = account.balance
        with account.lock:
            account.balance = balance - amount

    run(lambda: withdraw(10), lambda: withdraw(20))


@correct
def total_while_transfers_are_going_on() -> None:
    accounts = {"a": 10, "b": 20}
    lock = threading.Lock()

    def move() -> None:
        with lock:
            accounts["a"] -= 5
            accounts["b"] += 5

    def total() -> int:
        with lock:
            return sum(accounts.values())

    run(move, total, move)


@buggy("unserialisable")
def total_that_takes_no_lock() -> None:
    accounts = {"a": 10, "b": 20}
    lock = threading.Lock()

    def move() -> None:
        with lock:
            accounts["a"] -= 5
            accounts["b"] += 5

    def total() -> int:
        return accounts["a"] + accounts["b"]

    run(move, total)


class Bucket:
    def __init__(self, tokens: int) -> None:
        self.tokens = tokens
        self.refused = 0
        self.lock = threading.Lock()

    def take(self) -> bool:
        with self.lock:
            if self.tokens:
                self.tokens -= 1
                return True
            self.refused += 1
            return False

    def refill(self, number: int) -> None:
        with self.lock:
            self.tokens = min(self.tokens + number, 2)


@correct
def token_bucket() -> None:
    bucket = Bucket(1)
    run(bucket.take, bucket.take, lambda: bucket.refill(1))


@buggy("lost-update")
def token_bucket_without_lock() -> None:
    bucket = Bucket(1)

    def take() -> bool:
        if bucket.tokens > 0:
            bucket.tokens -= 1
            return True
        return False

    run(take, take)


@correct
def reference_counting() -> None:
    class Handle:
        def __init__(self) -> None:
            self.count = 2
            self.closed = False
            self.lock = threading.Lock()

        def release(self) -> bool:
            with self.lock:
                self.count -= 1
                last = self.count == 0
            if last:
                self.closed = True
            return last

    handle = Handle()
    run(handle.release, handle.release)


@buggy("lost-update")
def reference_counting_without_lock() -> None:
    class Handle:
        def __init__(self) -> None:
            self.count = 2
            self.closed = False

        def release(self) -> None:
            self.count -= 1
            if self.count == 0:
                self.closed = True

    handle = Handle()
    run(handle.release, handle.release)


@dataclass(frozen=True)
class Config:
    debug: bool = False
    names: tuple[str, ...] = ()
    version: int = 0


@dataclass
class Store:
    config: Config = field(default_factory=Config)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def change(self, make: Callable[[Config], Config]) -> None:
        with self.lock:
            self.config = make(self.config)


@correct
def configuration_that_is_copied_on_write() -> None:
    store = Store()

    def add(name: str) -> None:
        store.change(lambda old: replace(old, names=(*old.names, name), version=old.version + 1))

    run(lambda: add("a"), lambda: store.config.version, lambda: add("b"))


@buggy("lost-update")
def configuration_that_is_copied_on_write_without_lock() -> None:
    store = Store()

    def add(name: str) -> None:
        store.config = replace(store.config, names=(*store.config.names, name))

    run(lambda: add("a"), lambda: add("b"))


@correct
def compare_and_set() -> None:
    value = 0
    lock = threading.Lock()

    def compare_and_set(old: int, new: int) -> bool:
        nonlocal value
        with lock:
            if value != old:
                return False
            value = new
            return True

    def add(n: int) -> None:
        while True:
            seen = value
            if compare_and_set(seen, seen + n):
                return

    run(lambda: add(1), lambda: add(10))


@correct
def optimistic_versions() -> None:
    class Row:
        def __init__(self) -> None:
            self.version = 0
            self.text = ""
            self.lock = threading.Lock()

        def read(self) -> tuple[int, str]:
            with self.lock:
                return self.version, self.text

        def write(self, version: int, text: str) -> bool:
            with self.lock:
                if self.version != version:
                    return False
                self.version, self.text = version + 1, text
                return True

    row = Row()

    def append(letter: str) -> int:
        attempts = 0
        while True:
            attempts += 1
            version, text = row.read()
            if row.write(version, text + letter):
                return attempts

    run(lambda: append("a"), lambda: append("b"))


@correct
def limit_of_what_goes_on_at_once() -> None:
    slots = threading.BoundedSemaphore(1)
    lock = threading.Lock()
    active = 0
    highest = 0

    @contextmanager
    def slot() -> Iterator[None]:
        nonlocal active, highest
        with slots:
            with lock:
                active += 1
                highest = max(highest, active)
            yield
            with lock:
                active -= 1

    def work() -> None:
        with slot():
            pass

    run(work, work)


@correct
def highest_number_at_once_without_limit() -> None:
    lock = threading.Lock()
    active = 0
    highest = 0

    def work() -> None:
        nonlocal active, highest
        with lock:
            active += 1
            highest = max(highest, active)
        with lock:
            active -= 1

    run(work, work)
