"""Caches, memoisation, singletons and registries."""

from __future__ import annotations

import functools
import threading
import time
import weakref
from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

from programs.unasserted import buggy, correct
from pytest_gilcheck.races import run


class Lru:
    """With a lock around each access; a missing value is computed outside of it, maybe twice."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.items: OrderedDict[str, int] = OrderedDict()
        self.hits = 0
        self.misses = 0
        self.lock = threading.Lock()

    def get(self, key: str, compute: Callable[[str], int]) -> int:
        with self.lock:
            if key in self.items:
                self.hits += 1
                self.items.move_to_end(key)
                return self.items[key]
            self.misses += 1
        value = compute(key)
        with self.lock:
            self.items[key] = value
            while len(self.items) > self.size:
                self.items.popitem(last=False)
        return value


@correct
def lru_cache_computing_outside_of_its_lock() -> None:
    cache = Lru(2)
    run(lambda: cache.get("a", len), lambda: cache.get("a", len))


@correct
def lru_cache_with_eviction() -> None:
    cache = Lru(1)
    run(lambda: (cache.get("a", len), cache.get("bb", len)), lambda: cache.get("bb", len))


class UnlockedLru(Lru):
    def get(self, key: str, compute: Callable[[str], int]) -> int:
        if key in self.items:
            self.hits += 1
            return self.items[key]
        self.misses += 1
        value = self.items[key] = compute(key)
        return value


@buggy("unserialisable")
def lru_cache_without_lock() -> None:
    cache = UnlockedLru(2)
    run(lambda: cache.get("a", len), lambda: cache.get("a", len))


class Ttl:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.items: dict[str, tuple[float, str]] = {}
        self.lock = threading.Lock()
        self.loads = 0

    def get(self, key: str) -> str:
        now = time.monotonic()
        with self.lock:
            entry = self.items.get(key)
            if entry is not None and entry[0] > now:
                return entry[1]
            self.loads += 1
            value = key.upper()
            self.items[key] = (now + self.seconds, value)
            return value


@correct
def ttl_cache() -> None:
    cache = Ttl(60)
    run(lambda: cache.get("a"), lambda: cache.get("a"), lambda: cache.get("b"))


@correct
def memoised_in_a_dict_computing_twice_is_fine() -> None:
    memo: dict[int, int] = {}

    def square(n: int) -> int:
        if n not in memo:
            memo[n] = n * n
        return memo[n]

    run(lambda: square(3), lambda: square(3))


@correct
def memoised_recursion() -> None:
    memo = {0: 0, 1: 1}

    def fibonacci(n: int) -> int:
        found = memo.get(n)
        if found is None:
            found = memo[n] = fibonacci(n - 1) + fibonacci(n - 2)
        return found

    run(lambda: fibonacci(5), lambda: fibonacci(4))


@correct
def functools_lru_cache() -> None:
    @functools.cache
    def square(n: int) -> int:
        return n * n

    run(lambda: square(3), lambda: square(3))


class Compiled:
    """Its attribute is computed when first used; twice gives the same."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._words: list[str] | None = None

    @property
    def words(self) -> list[str]:
        words = self._words
        if words is None:
            words = self._words = self.text.split()
        return words

    @functools.cached_property
    def length(self) -> int:
        return len(self.text)


@correct
def lazy_attribute_of_pure_data() -> None:
    compiled = Compiled("a b c")
    run(lambda: len(compiled.words), lambda: len(compiled.words))


@correct
def lazy_attribute_that_is_returned() -> None:
    compiled = Compiled("a b c")
    run(lambda: compiled.words, lambda: compiled.words)


@correct
def cached_property() -> None:
    compiled = Compiled("a b c")
    run(lambda: compiled.length, lambda: compiled.length)


class Service:
    instance: ClassVar[Service | None] = None
    lock: ClassVar[threading.Lock] = threading.Lock()
    made: ClassVar[int] = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.ready = True

    @classmethod
    def get(cls) -> Service:
        if cls.instance is None:
            with cls.lock:
                if cls.instance is None:
                    cls.instance = cls()
        return cls.instance


@correct
def double_checked_singleton() -> None:
    class Own(Service):
        instance = None
        lock = threading.Lock()

    run(Own.get, Own.get)


@buggy("unserialisable")
def unchecked_singleton_that_counts() -> None:
    class Own(Service):
        instance = None

        @classmethod
        def get(cls) -> Service:
            if cls.instance is None:
                cls.instance = cls()
            return cls.instance

    run(Own.get, Own.get)


class Connection:
    def __init__(self) -> None:
        self.sent: list[str] = []


class Client:
    """Everybody shall use the same connection."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.lock = threading.Lock()

    def locked(self) -> Connection:
        with self.lock:
            if self.connection is None:
                self.connection = Connection()
            return self.connection

    def unlocked(self) -> Connection:
        if self.connection is None:
            self.connection = Connection()
        return self.connection


@correct
def lazy_connection_under_a_lock() -> None:
    client = Client()
    run(client.locked, client.locked)


@correct
def lazy_connection_that_is_used() -> None:
    client = Client()
    run(lambda: client.locked().sent.append("a"), lambda: client.locked().sent.append("b"))


@buggy("unserialisable")
def lazy_connection_without_lock() -> None:
    client = Client()
    run(client.unlocked, client.unlocked)


@buggy("unserialisable")
def lazy_connection_without_lock_that_is_used() -> None:
    client = Client()
    run(lambda: client.unlocked().sent.append("a"), lambda: client.unlocked().sent.append("b"))


@correct
def setdefault_cache_of_objects() -> None:
    connections: dict[str, Connection] = {}

    def get(host: str) -> Connection:
        return connections.setdefault(host, Connection())

    run(lambda: get("a"), lambda: get("a"))


@buggy("unserialisable")
def check_then_store_of_objects() -> None:
    connections: dict[str, Connection] = {}

    def get(host: str) -> Connection:
        if host not in connections:
            connections[host] = Connection()
        return connections[host]

    run(lambda: get("a"), lambda: get("a"))


@correct
def get_then_setdefault() -> None:
    locks: dict[str, threading.Lock] = {}

    def lock_of(key: str) -> threading.Lock:
        lock = locks.get(key)
        if lock is None:
            lock = locks.setdefault(key, threading.Lock())
        return lock

    run(lambda: lock_of("a"), lambda: lock_of("a"))


@correct
def locks_by_key() -> None:
    guard = threading.Lock()
    locks: dict[str, threading.Lock] = {}
    balances = {"a": 1, "b": 2}

    def add(key: str, amount: int) -> None:
        with guard:
            lock = locks.setdefault(key, threading.Lock())
        with lock:
            balances[key] += amount

    run(lambda: add("a", 1), lambda: add("a", 2), lambda: add("b", 3))


@correct
def weak_cache() -> None:
    cache: weakref.WeakValueDictionary[str, Connection] = weakref.WeakValueDictionary()
    lock = threading.Lock()

    def get(host: str) -> Connection:
        with lock:
            found = cache.get(host)
            if found is None:
                found = cache[host] = Connection()
            return found

    kept = run(lambda: get("a"), lambda: get("a"))
    del kept


@correct
def defaultdict_under_a_lock() -> None:
    groups: defaultdict[str, list[int]] = defaultdict(list)
    lock = threading.Lock()

    def add(key: str, value: int) -> None:
        with lock:
            groups[key].append(value)

    run(lambda: add("a", 1), lambda: add("a", 2), lambda: add("b", 3))


class Registry:
    """Plugins register themselves; a decorator does it."""

    def __init__(self) -> None:
        self.handlers: dict[str, Callable[[], str]] = {}

    def register(self, name: str) -> Callable[[Callable[[], str]], Callable[[], str]]:
        def decorate(function: Callable[[], str]) -> Callable[[], str]:
            self.handlers[name] = function
            return function

        return decorate


@correct
def registry_of_functions() -> None:
    registry = Registry()

    def one() -> None:
        @registry.register("one")
        def first() -> str:
            return "1"

    def two() -> None:
        @registry.register("two")
        def second() -> str:
            return "2"

    run(one, two)


@correct
def cache_with_stampede_protection() -> None:
    values: dict[str, int] = {}
    pending: dict[str, threading.Event] = {}
    lock = threading.Lock()
    calls: list[str] = []

    def get(key: str) -> int:
        with lock:
            if key in values:
                return values[key]
            event = pending.get(key)
            leader = event is None
            if event is None:
                event = pending[key] = threading.Event()
        if leader:
            calls.append(key)
            with lock:
                values[key] = len(key)
                del pending[key]
            event.set()
        else:
            event.wait()
        return values[key]

    run(lambda: get("abc"), lambda: get("abc"))


_module_cache: dict[str, int] = {}
_module_lock = threading.Lock()


def _lookup(key: str) -> int:
    with _module_lock:
        if key not in _module_cache:
            _module_cache[key] = len(key)
        return _module_cache[key]


@correct
def cache_of_the_module() -> None:
    run(lambda: _lookup("a"), lambda: _lookup("bb"))


@correct
def clearing_a_cache() -> None:
    cache: dict[str, int] = {"a": 1}

    def get() -> int:
        found = cache.get("a")
        if found is None:
            found = cache["a"] = 1
        return found

    run(get, cache.clear, get)


@correct
def single_flight_by_futures() -> None:
    from concurrent.futures import Future

    flights: dict[str, Any] = {}
    lock = threading.Lock()

    def get(key: str) -> int:
        mine = None
        with lock:
            future = flights.get(key)
            if future is None:
                future = mine = flights[key] = Future()
        if mine is not None:
            mine.set_result(len(key))
        return int(future.result())

    run(lambda: get("abc"), lambda: get("abc"))
