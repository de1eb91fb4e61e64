"""Check then act, iteration over what another thread changes, and objects that are seen half made."""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from pytest_gilcheck.races import run


def dict_check_bad() -> None:
    sessions: dict[str, object] = {}
    got = []

    def session() -> None:
        if "bob" not in sessions:
            sessions["bob"] = object()
        got.append(sessions["bob"])

    run(session, session)
    assert got[0] is got[1]


def dict_check_twin() -> None:
    sessions: dict[str, object] = {}
    got = []

    def session() -> None:
        got.append(sessions.setdefault("bob", object()))

    run(session, session)
    assert got[0] is got[1]


def dict_delete_bad() -> None:
    jobs = {"a": 1}

    def drop() -> None:
        if "a" in jobs:
            del jobs["a"]  # noqa: RUF051 - what lies between the two is the bug

    run(drop, drop)


def dict_delete_twin() -> None:
    jobs = {"a": 1}
    run(lambda: jobs.pop("a", None), lambda: jobs.pop("a", None))
    assert not jobs


def set_check_bad() -> None:
    names: set[str] = set()
    created = []

    def create(name: str) -> None:
        if name not in names:
            names.add(name)
            created.append(name)

    run(lambda: create("x"), lambda: create("x"))
    assert created == ["x"]


def set_check_twin() -> None:
    names = {"x", "y"}
    created = []

    def create() -> None:
        try:
            created.append(names.pop())
        except KeyError:
            return

    run(create, create, create)
    assert sorted(created) == ["x", "y"]


def list_check_bad() -> None:
    tasks = ["only"]

    def work() -> None:
        if tasks:
            tasks.pop()

    run(work, work)


def list_check_twin() -> None:
    tasks = ["only"]
    done = []

    def work() -> None:
        try:
            done.append(tasks.pop())
        except IndexError:
            return

    run(work, work)
    assert done == ["only"]


def list_index_bad() -> None:
    numbers = [1]

    def grow() -> None:
        numbers.append(numbers[-1] + 1)

    run(grow, grow)
    assert numbers == [1, 2, 3]


def list_index_twin() -> None:
    numbers = [1]

    def grow() -> None:
        numbers.extend([2, 3])

    run(grow, grow)
    assert numbers == [1, 2, 3, 2, 3]


def iteration_bad() -> None:
    handlers = {"a": 1, "b": 2}

    def emit() -> None:
        for name in handlers:
            handlers[name] += 0

    def register() -> None:
        handlers["c"] = 3

    run(emit, register)


def iteration_twin() -> None:
    handlers = {"a": 1, "b": 2}

    def emit() -> None:
        for name in list(handlers):
            handlers[name] += 0

    def register() -> None:
        handlers["c"] = 3

    run(emit, register)


def view_bad() -> None:
    prices = {"a": 1, "b": 2}

    def report() -> int:
        return sum(price for price in prices.values())

    run(report, lambda: prices.pop("b"))


def view_twin() -> None:
    prices = {"a": 1, "b": 2}

    def report() -> int:
        return sum(prices.values())

    assert run(report, lambda: prices.pop("b"))[0] in {1, 3}


def ordered_bad() -> None:
    recent: OrderedDict[str, int] = OrderedDict(a=1, b=2)

    def use() -> None:
        if "a" in recent:
            recent.move_to_end("a")

    run(use, recent.clear)


def ordered_twin() -> None:
    recent: OrderedDict[str, int] = OrderedDict(a=1, b=2)
    lock = threading.Lock()

    def use() -> None:
        with lock:
            if "a" in recent:
                recent.move_to_end("a")

    def clear() -> None:
        with lock:
            recent.clear()

    run(use, clear)


def generator_bad() -> None:
    state = SimpleNamespace(last=0)

    def numbers() -> Iterator[int]:
        while True:
            state.last += 1
            yield state.last

    shared = numbers()
    run(lambda: next(shared), lambda: next(shared))


def generator_twin() -> None:
    state = SimpleNamespace(last=0)
    lock = threading.Lock()

    def numbers() -> Iterator[int]:
        while True:
            state.last += 1
            yield state.last

    shared = numbers()

    def take() -> int:
        with lock:
            return next(shared)

    assert sorted(run(take, take)) == [1, 2]


def iterator_bad() -> None:
    pages = iter(["first", "second"])
    read = []

    def reader() -> None:
        for page in pages:
            read.append(page)

    run(reader, reader)
    assert read == ["first", "second"]


def iterator_twin() -> None:
    pages = iter(["first", "second"])
    read = []

    def reader() -> None:
        for page in pages:
            read.append(page)

    run(reader, reader)
    assert sorted(read) == ["first", "second"]


def swap_bad() -> None:
    pair = [1, 2]

    def swap() -> None:
        pair[0], pair[1] = pair[1], pair[0]

    run(swap, swap)
    assert sorted(pair) == [1, 2]


def swap_twin() -> None:
    holder = SimpleNamespace(pair=(1, 2))

    def look() -> tuple[int, int]:
        left, right = holder.pair
        return left, right

    def swap() -> None:
        holder.pair = (2, 1)

    assert run(look, swap)[0] in {(1, 2), (2, 1)}


class Registry:
    ready = False
    table: Any = None
    lock = threading.Lock()


def _reset_registry() -> None:
    Registry.ready = False
    Registry.table = None


def lazy_bad() -> None:
    _reset_registry()

    def look_up() -> int:
        if not Registry.ready:
            Registry.ready = True
            Registry.table = {"a": 1}
        return int(Registry.table["a"])

    assert run(look_up, look_up) == [1, 1]


def lazy_twin() -> None:
    _reset_registry()

    def look_up() -> int:
        if not Registry.ready:
            with Registry.lock:
                if not Registry.ready:
                    Registry.table = {"a": 1}
                    Registry.ready = True
        return int(Registry.table["a"])

    assert run(look_up, look_up) == [1, 1]


def publish_bad() -> None:
    index: dict[str, list[str]] = {}

    def write() -> None:
        index["words"] = entry = []
        entry.append("a")

    def read() -> str:
        entry = index.get("words")
        return "nothing yet" if entry is None else entry[0]

    run(write, read)


def publish_twin() -> None:
    index: dict[str, list[str]] = {}

    def write() -> None:
        index["words"] = ["a"]

    def read() -> str:
        entry = index.get("words")
        return "nothing yet" if entry is None else entry[0]

    run(write, read)


def torn_pair_bad() -> None:
    point = SimpleNamespace(x=0, y=0)

    def move() -> None:
        point.x = 1
        point.y = 1

    def look() -> None:
        assert point.x == point.y

    run(move, look)


def torn_pair_twin() -> None:
    holder = SimpleNamespace(point=(0, 0))

    def move() -> None:
        holder.point = (1, 1)

    def look() -> None:
        x, y = holder.point
        assert x == y

    run(move, look)


def queue_check_bad() -> None:
    inbox: queue.Queue[int] = queue.Queue()
    inbox.put(1)

    def take() -> None:
        if not inbox.empty():
            inbox.get_nowait()

    run(take, take)


def queue_check_twin() -> None:
    inbox: queue.SimpleQueue[int] = queue.SimpleQueue()
    inbox.put(1)
    taken = []

    def take() -> None:
        try:
            taken.append(inbox.get_nowait())
        except queue.Empty:
            return

    run(take, take)
    assert taken == [1]


class Index:
    """Words by their letters, made when it is first asked."""

    WORDS = tuple(f"{number * 37 % 1000:03}" for number in range(1000))

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.root: dict[str, Any] = {}

    def fill(self) -> None:
        if not self.root:
            for word in self.WORDS:
                part = self.root
                for letter in word:
                    if letter not in part:
                        part[letter] = {}
                    part = part[letter]

    def find(self, word: str) -> bool:
        part = self.root
        for letter in word:
            if letter not in part:
                return False
            part = part[letter]
        return True


def long_first_use_bad() -> None:
    """So long that a search which gives way in long loops comes to no end of them in any order."""
    index = Index()

    def look(word: str) -> None:
        index.fill()
        assert index.find(word)

    run(lambda: look(Index.WORDS[0]), lambda: look(Index.WORDS[-1]))


def long_first_use_twin() -> None:
    index = Index()

    def look(word: str) -> None:
        with index.lock:
            index.fill()
        assert index.find(word)

    run(lambda: look(Index.WORDS[0]), lambda: look(Index.WORDS[-1]))
