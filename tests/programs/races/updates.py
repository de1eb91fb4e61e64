"""Read, modify, write: an update gets lost, wherever the number is kept."""

from __future__ import annotations

import operator
import threading
from array import array
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import ClassVar

from pytest_gilcheck.races import run

LOCK = threading.Lock()
total = 0


@dataclass
class Account:
    balance: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def deposit(self, amount: int) -> None:
        self.balance += amount

    def deposit_locked(self, amount: int) -> None:
        with self.lock:
            self.balance += amount


def attribute_bad() -> None:
    account = Account()
    run(lambda: account.deposit(5), lambda: account.deposit(7))
    assert account.balance == 12


def attribute_twin() -> None:
    account = Account()
    run(lambda: account.deposit_locked(5), lambda: account.deposit_locked(7))
    assert account.balance == 12


def item_bad() -> None:
    votes = {"yes": 0, "no": 0}

    def vote(word: str) -> None:
        votes[word] = votes[word] + 1

    run(lambda: vote("yes"), lambda: vote("yes"))
    assert votes["yes"] == 2


def item_twin() -> None:
    votes = {"yes": 0, "no": 0}

    def vote(word: str) -> None:
        votes[word] = votes[word] + 1

    run(lambda: vote("yes"), lambda: vote("no"))
    assert votes == {"yes": 1, "no": 1}


def add_to_total() -> None:
    global total
    total += 1


def add_to_total_locked() -> None:
    with LOCK:
        add_to_total()


def global_bad() -> None:
    global total
    total = 0
    run(add_to_total, add_to_total)
    assert total == 2


def global_twin() -> None:
    global total
    total = 0
    run(add_to_total_locked, add_to_total_locked)
    assert total == 2


def nonlocal_bad() -> None:
    seen = 0

    def see() -> None:
        nonlocal seen
        seen += 1

    run(see, see)
    assert seen == 2


def nonlocal_twin() -> None:
    seen = 0
    guard = threading.Lock()

    def see() -> None:
        nonlocal seen
        guard.acquire()
        try:
            seen += 1
        finally:
            guard.release()

    run(see, see)
    assert seen == 2


class Slotted:
    __slots__ = ("hits", "misses")

    def __init__(self) -> None:
        self.hits = self.misses = 0

    def hit(self) -> None:
        self.hits += 1

    def miss(self) -> None:
        self.misses += 1


def slot_bad() -> None:
    state = Slotted()
    run(state.hit, state.hit)
    assert state.hits == 2


def slot_twin() -> None:
    state = Slotted()
    run(state.hit, state.miss)
    assert (state.hits, state.misses) == (1, 1)


class Thermostat:
    def __init__(self) -> None:
        self._degrees = 20
        self._lock = threading.RLock()

    @property
    def degrees(self) -> int:
        return self._degrees

    @degrees.setter
    def degrees(self, value: int) -> None:
        self._degrees = value

    def warm(self) -> None:
        with self._lock:
            self.degrees += 1


def property_bad() -> None:
    thermostat = Thermostat()

    def warm() -> None:
        thermostat.degrees += 1

    run(warm, warm)
    assert thermostat.degrees == 22


def property_twin() -> None:
    thermostat = Thermostat()
    run(thermostat.warm, thermostat.warm)
    assert thermostat.degrees == 22


class Widget:
    made: ClassVar[int] = 0

    def __init__(self) -> None:
        type(self).made += 1


class CountedElsewhere:
    made: ClassVar[list[object]] = []

    def __init__(self) -> None:
        self.made.append(self)


def class_attribute_bad() -> None:
    Widget.made = 0
    run(Widget, Widget)
    assert Widget.made == 2


def class_attribute_twin() -> None:
    CountedElsewhere.made.clear()
    run(CountedElsewhere, CountedElsewhere)
    assert len(CountedElsewhere.made) == 2


def element_bad() -> None:
    row = [0, 0]

    def bump() -> None:
        row[-1] += 1

    run(bump, bump)
    assert row == [0, 2]


def element_twin() -> None:
    row = [0, 0]

    def bump(index: int) -> None:
        row[index] += 1

    run(lambda: bump(0), lambda: bump(1))
    assert row == [1, 1]


def counter_bad() -> None:
    words: Counter[str] = Counter()

    def count() -> None:
        words["the"] += 1

    run(count, count)
    assert words["the"] == 2


def counter_twin() -> None:
    words: defaultdict[str, list[int]] = defaultdict(list, the=[])

    def count() -> None:
        words["the"].append(1)

    run(count, count)
    assert len(words["the"]) == 2


def default_bad() -> None:
    groups: dict[str, list[int]] = {}

    def add(number: int) -> None:
        groups["all"] = [*groups.get("all", []), number]

    run(lambda: add(1), lambda: add(2))
    assert sorted(groups["all"]) == [1, 2]


def default_twin() -> None:
    groups: dict[str, list[int]] = {}

    def add(number: int) -> None:
        groups.setdefault("all", []).append(number)

    run(lambda: add(1), lambda: add(2))
    assert sorted(groups["all"]) == [1, 2]


def rebuilt_list_bad() -> None:
    holder = SimpleNamespace(names=())

    def add(name: str) -> None:
        holder.names += (name,)

    run(lambda: add("a"), lambda: add("b"))
    assert sorted(holder.names) == ["a", "b"]


def rebuilt_list_twin() -> None:
    holder = SimpleNamespace(names=[])

    def add(name: str) -> None:
        holder.names += [name]

    run(lambda: add("a"), lambda: add("b"))
    assert sorted(holder.names) == ["a", "b"]


def by_name_bad() -> None:
    holder = SimpleNamespace(count=0)

    def add() -> None:
        setattr(holder, "count", getattr(holder, "count") + 1)  # noqa: B009, B010 - the call is what is tested

    run(add, add)
    assert holder.count == 2


def by_name_twin() -> None:
    holder = SimpleNamespace(count=0, other=0)

    def add(name: str) -> None:
        setattr(holder, name, getattr(holder, name) + 1)

    run(lambda: add("count"), lambda: add("other"))
    assert (holder.count, holder.other) == (1, 1)


def namespace_bad() -> None:
    holder = SimpleNamespace(count=0)

    def add() -> None:
        holder.count += 1

    def add_in_namespace() -> None:
        vars(holder)["count"] += 1

    run(add, add_in_namespace)
    assert holder.count == 2


def namespace_twin() -> None:
    holder = SimpleNamespace(count=0)

    def add() -> None:
        with LOCK:
            holder.count += 1

    def add_in_namespace() -> None:
        with LOCK:
            vars(holder)["count"] += 1

    run(add, add_in_namespace)
    assert holder.count == 2


def operator_bad() -> None:
    table = {"n": 1}

    def double() -> None:
        operator.setitem(table, "n", operator.mul(operator.getitem(table, "n"), 2))

    run(double, double)
    assert table["n"] == 4


def operator_twin() -> None:
    table = [1]

    def extend() -> None:
        operator.iadd(table, [2])

    run(extend, extend)
    assert table == [1, 2, 2]


def typed_array_bad() -> None:
    numbers = array("i", [0])

    def bump() -> None:
        numbers[0] += 1

    run(bump, bump)
    assert numbers[0] == 2


def typed_array_twin() -> None:
    numbers = deque([0])

    def bump() -> None:
        numbers.append(1)

    run(bump, bump)
    assert sum(numbers) == 2


def bytes_bad() -> None:
    buffer = bytearray(b"\0")

    def bump() -> None:
        buffer[0] = buffer[0] + 1

    run(bump, bump)
    assert buffer == b"\2"


def bytes_twin() -> None:
    buffer = bytearray()
    run(lambda: buffer.append(1), lambda: buffer.extend(b"\1"))
    assert buffer == b"\1\1"


def view_of_bytes_bad() -> None:
    buffer = bytearray(b"\0")
    view = memoryview(buffer)

    def bump() -> None:
        view[0] = view[0] + 1

    def bump_itself() -> None:
        buffer[0] = buffer[0] + 1

    run(bump, bump_itself)
    assert buffer == b"\2"


def view_of_bytes_twin() -> None:
    buffer = bytearray(b"\0\0")
    views = memoryview(buffer)[:1], memoryview(buffer)[1:]

    def bump(view: memoryview[int]) -> None:
        view[0] = view[0] + 1

    run(lambda: bump(views[0]), lambda: bump(views[1]))
    assert buffer == b"\1\1"


def operand_from_a_call_bad() -> None:
    account = Account()

    def find() -> Account:
        return account

    def deposit() -> None:
        find().balance += 1

    run(deposit, deposit)
    assert account.balance == 2


def operand_from_a_call_twin() -> None:
    accounts = {"a": Account(), "b": Account()}

    def deposit(owner: str) -> None:
        accounts.get(owner, Account()).balance += 1

    run(lambda: deposit("a"), lambda: deposit("b"))
    assert accounts["a"].balance == accounts["b"].balance == 1
