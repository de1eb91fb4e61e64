"""Objects that do harm, or lie, when they are asked anything; operations that end in every way."""

from __future__ import annotations

import contextlib
import datetime as dt
import enum
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from programs.unasserted import correct
from pytest_gilcheck.races import run

#: Who has called what must not be called.
CALLED: list[str] = []


def trap(name: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        CALLED.append(f"{name} called by {sys._getframe(1).f_code.co_qualname}")
        raise RuntimeError(f"{name} was called")

    return refuse


class Trap:
    def __init__(self, value: int) -> None:
        object.__setattr__(self, "value", value)

    def __getattribute__(self, name: str) -> Any:
        if name == "value":
            return object.__getattribute__(self, name)
        return trap(f"__getattribute__ of {name}")()

    __eq__ = trap("__eq__")
    __hash__ = trap("__hash__")
    __repr__ = trap("__repr__")
    __str__ = trap("__str__")
    __format__ = trap("__format__")
    __len__ = trap("__len__")
    __bool__ = trap("__bool__")
    __iter__ = trap("__iter__")
    __contains__ = trap("__contains__")
    __getitem__ = trap("__getitem__")
    __getattr__ = trap("__getattr__")
    __reduce_ex__ = trap("__reduce_ex__")
    __sizeof__ = trap("__sizeof__")
    __int__ = trap("__int__")
    __index__ = trap("__index__")


class Text(str):
    __slots__ = ()
    __eq__ = trap("str.__eq__")
    __hash__ = str.__hash__
    __repr__ = trap("str.__repr__")
    __str__ = trap("str.__str__")
    __len__ = trap("str.__len__")


class Number(int):
    __eq__ = trap("int.__eq__")
    __hash__ = int.__hash__
    __repr__ = trap("int.__repr__")
    __index__ = trap("int.__index__")
    __int__ = trap("int.__int__")


class Items(list[Any]):
    __iter__ = trap("list.__iter__")
    __len__ = trap("list.__len__")
    __getitem__ = trap("list.__getitem__")
    __eq__ = trap("list.__eq__")
    __hash__ = None
    __repr__ = trap("list.__repr__")


class Table(dict[Any, Any]):
    __iter__ = trap("dict.__iter__")
    __len__ = trap("dict.__len__")
    __getitem__ = trap("dict.__getitem__")
    keys = trap("dict.keys")
    items = trap("dict.items")
    __eq__ = trap("dict.__eq__")
    __hash__ = None
    __repr__ = trap("dict.__repr__")


class Liar:
    """It says that it is something else."""

    @property
    def __class__(self) -> Any:
        return trap("__class__")()

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        return trap("__dict__")()


class Asked:
    """A descriptor in the place of a method."""

    __get__ = trap("__get__")


class Described:
    __eq__: Any = Asked()
    __hash__ = object.__hash__
    hidden: Any = Asked()


class Zone(dt.tzinfo):
    utcoffset = trap("utcoffset")
    dst = trap("dst")
    tzname = trap("tzname")


class Odd(enum.Enum):
    ONE = 1

    __repr__ = trap("Enum.__repr__")
    __str__ = trap("Enum.__str__")


class Error(Exception):
    __str__ = trap("Exception.__str__")
    __repr__ = trap("Exception.__repr__")
    __eq__ = trap("Exception.__eq__")
    __hash__ = Exception.__hash__


MAKERS: dict[str, Callable[[], object]] = {
    "trap": lambda: Trap(1),
    "text": lambda: Text("a"),
    "number": lambda: Number(1),
    "items": lambda: Items([1, Trap(2)]),
    "table": lambda: Table(a=Trap(3)),
    "liar": Liar,
    "described": Described,
    "zoned": lambda: dt.datetime(2020, 1, 1, tzinfo=Zone()),
    "member": lambda: Odd.ONE,
    "error": lambda: Error(Trap(4)),
    "class": lambda: Trap,
    "by_text": lambda: {Text("b"): 1},
    "by_number": lambda: {Number(5), Number(6)},
    "method": lambda: Trap.__init__.__get__(Trap(1)),
}


def _with(make: Callable[[], object]) -> None:
    """Two operations that keep and return what ``make`` makes, and count under a lock."""
    del CALLED[:]
    lock = threading.Lock()
    kept: list[object] = [make()]
    state = {"n": 0, "last": make()}

    def work() -> object:
        made = make()
        with lock:
            state["n"] += 1  # type: ignore[operator]
            state["last"] = made
            kept.append(made)
        return made

    run(work, work)
    assert not CALLED, CALLED


for _name, _maker in MAKERS.items():

    def _program(make: Callable[[], object] = _maker) -> None:
        _with(make)

    _program.__name__ = f"values_that_are_traps_{_name}"
    correct(_program)


@correct
def bound_to_a_trap() -> None:
    del CALLED[:]

    class Counting:
        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.n = 0

        def __call__(self) -> None:
            with self.lock:
                self.n += 1

        __eq__ = trap("__eq__")
        __hash__ = trap("__hash__")
        __repr__ = trap("__repr__")

    each = Counting()
    run(each, each)
    assert not CALLED, CALLED


@correct
def state_of_ten_thousand_parts() -> None:
    lock = threading.Lock()
    table = {n: [n] for n in range(5_000)}

    def work(n: int) -> None:
        with lock:
            table[n].append(n)

    run(lambda: work(1), lambda: work(2))


@correct
def state_inside_itself() -> None:
    lock = threading.Lock()
    ring: list[Any] = []
    ring.append(ring)
    table: dict[str, Any] = {"ring": ring}
    table["self"] = table
    both = ([table], {"ring": ring})
    table["both"] = both

    def work(n: int) -> None:
        with lock:
            ring.append(n)

    def other() -> object:
        work(2)
        return both

    run(lambda: work(1), other)


@correct
def state_that_is_very_deep() -> None:
    lock = threading.Lock()
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    chain: Any = None
    for _ in range(5_000):
        chain = {"next": chain}
    count = [0]

    def work() -> object:
        with lock:
            count[0] += 1
        return deep, chain, frozenset([count[0]])

    run(work, work)


@correct
def objects_that_are_replaced_by_equal_ones() -> None:
    class Value:
        def __init__(self, n: int) -> None:
            self.n = n

    lock = threading.Lock()
    box = {"value": Value(0)}

    def work() -> Value:
        with lock:
            box["value"] = Value(1)
            return box["value"]

    run(work, work)


def _ending(error: BaseException | type[BaseException]) -> None:
    lock = threading.Lock()
    tries = [0]

    def work() -> None:
        with lock:
            tries[0] += 1
        raise error

    with contextlib.suppress(BaseExceptionGroup):
        run(work, work)


@correct
def operations_that_exit() -> None:
    _ending(SystemExit(3))


@correct
def operations_that_raise_no_exception() -> None:
    class Gone(BaseException):
        pass

    _ending(Gone)


@correct
def operations_of_which_one_exits() -> None:
    lock = threading.Lock()
    done = [0]

    def work() -> None:
        with lock:
            done[0] += 1

    def leave() -> None:
        work()
        sys.exit(1)

    with contextlib.suppress(SystemExit):
        run(work, leave)


@correct
def results_that_are_iterators() -> None:
    lock = threading.Lock()
    count = [0]

    def numbers() -> Iterator[int]:
        yield count[0]

    def work() -> tuple[Iterator[int], Iterator[int], map[str]]:
        with lock:
            count[0] += 1
        return numbers(), iter([1, 2]), map(str, [1])

    run(work, work)


@correct
def numbers_that_are_none() -> None:
    lock = threading.Lock()
    total = [float("nan"), complex("nan"), 0.0]

    def work() -> complex:
        with lock:
            total[2] = -total[2].real
            return total[0] + total[1]

    run(work, work)
