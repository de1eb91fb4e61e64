"""Structures of values: what is told apart, what is not, and that nothing of the user's is called for it."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import functools
import gc
import threading
import types
import weakref
from array import array
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from pytest_gilcheck.races.oracles.structure import MOST_PARTS, Leaf, Structure, TooLarge


def parts(value: object, **how: Any) -> dict[tuple[str, ...], Leaf]:
    settings: dict[str, Any] = {"ordered": False, "renamed": {}, "volatile": frozenset(), **how}
    structure = Structure(**settings)
    structure.add(("value",), value)
    return structure.parts


class Point:
    def __init__(self, x: object, y: object = 0) -> None:
        self.x = x
        self.y = y


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: object) -> None:
        self.x = x


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Length(float):
    unit = "m"


ALIKE: list[tuple[Callable[[], object], Callable[[], object]]] = [
    (lambda: [1, 2], lambda: [2, 1]),  # threads append in any order
    (lambda: {"a": 1, "b": 2}, lambda: {"b": 2, "a": 1}),
    (lambda: Point(1), lambda: Point(1)),
    (lambda: Slotted([1]), lambda: Slotted([1])),
    (lambda: {Point(1), Point(2)}, lambda: {Point(2), Point(1)}),
    (lambda: {Point(1): "a", Point(1): "b"}, lambda: {Point(1): "b", Point(1): "a"}),
    (lambda: float("nan"), lambda: float("nan")),
    (lambda: complex("nan"), lambda: complex("nan")),
    (lambda: f"<Point at {hex(2**45)}>", lambda: f"<Point at {hex(2**46)}>"),
    (lambda: ValueError("a"), lambda: ValueError("a")),
    (threading.Lock, threading.Lock),
    (lambda: (n for n in [1]), lambda: (n for n in [2])),
    (lambda: decimal.Decimal("1.0"), lambda: decimal.Decimal("1.0")),
    (lambda: Path("a"), lambda: Path("a")),
    (lambda: dt.datetime(2020, 1, 1, tzinfo=dt.UTC), lambda: dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    (lambda: functools.partial(max, 1), lambda: functools.partial(max, 1)),
]
UNLIKE: list[tuple[object, object]] = [
    (1, 2), (1, True), (1, 1.0), ("1", 1), (None, False), (0.0, -0.0), (b"a", "a"),
    ([1], [1, 1]), ([1], (1,)), ((1, 2), (2, 1)), ({1}, {2}), ({1}, frozenset({1})), ({"a": 1}, {"a": 2}),
    ({"a": 1}, {"b": 1}),
    ({}, OrderedDict()), ({}, defaultdict(int)), (deque([1]), [1]), (bytearray(b"a"), bytearray(b"b")),
    (array("i", [1]), array("i", [2])), (Point(1), Point(2)), (Point(1), Slotted(1)), (Slotted(1), Slotted(2)),
    (Colour.RED, Colour.BLUE), (Length(1), Length(2)), (Length(1), 1.0), (ValueError("a"), ValueError("b")),
    (ValueError("a"), KeyError("a")), (int, str), (len, max), (functools.partial(max, 1), functools.partial(max, 2)),
    (dt.date(2020, 1, 1), dt.date(2020, 1, 2)), (dt.timedelta(1), dt.timedelta(2)),
    (decimal.Decimal("1.0"), decimal.Decimal(1)),
    (dt.time(1), dt.time(1, tzinfo=dt.UTC)),
    ([[1, 2], [3]], [[1], [2, 3]]), ({"a": {"b": [Point(1)]}}, {"a": {"b": [Point(2)]}}),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_is_alike(one: Callable[[], object], other: Callable[[], object]) -> None:
    kept = one(), other()
    assert parts(kept[0]) == parts(kept[1])


@pytest.mark.parametrize(("one", "other"), UNLIKE)
def test_what_is_told_apart(one: object, other: object) -> None:
    assert parts(one) != parts(other)
    assert parts([one]) != parts([other])
    assert parts(Point(one)) != parts(Point(other))


def test_the_order_of_lists_counts_where_it_shall() -> None:
    assert parts([1, 2], ordered=True) != parts([2, 1], ordered=True)


def test_whether_two_are_one_counts() -> None:
    point = Point(1)
    assert parts((point, point)) != parts((Point(1), Point(1)))


def test_what_members_of_a_set_share_makes_no_difference_to_their_order() -> None:
    shared = Point("shared")
    first, second = Point(1, shared), Point(2, shared)
    assert parts([first, second]) == parts([second, first])
    assert parts({first: 1, second: 2}) == parts({second: 2, first: 1})


def test_threads_are_called_by_their_places() -> None:
    ident = threading.get_ident()
    renamed = {ident: "thread 1", "Thread-7": "thread 1"}
    assert parts(ident, renamed=renamed) == parts("Thread-7", renamed=renamed) == {("value",): ("thread 1",)}
    assert parts(f"by {ident}", renamed=renamed) == parts("by thread 1")


def test_black_boxes() -> None:
    def foreign(kind: type) -> bool:
        return kind is Point

    assert parts(Point(1), foreign=foreign) == parts(Point(2), foreign=foreign)
    assert parts([Point(1)], foreign=foreign) != parts([], foreign=foreign)


def test_what_a_class_holds_counts_where_it_is_bound_anew() -> None:
    class Counted:
        made = 1

    before = parts(Counted(), volatile=frozenset({"made"}))
    Counted.made = 2
    assert parts(Counted(), volatile=frozenset({"made"})) != before


def test_weak_references_are_noted() -> None:
    structure = Structure(ordered=False, renamed={}, volatile=frozenset())
    structure.add((), [1])
    assert not structure.weak
    point = Point(1)
    structure.add((), {"a": weakref.ref(point)})
    assert structure.weak


def test_what_is_inside_itself() -> None:
    ring: list[Any] = []
    ring.append(ring)
    table: dict[str, Any] = {}
    table["self"] = table
    point = Point(1)
    point.y = point
    assert parts((ring, table, point)) == parts((ring, table, point))


def _nested(depth: int) -> object:
    deep: object = 1
    for _ in range(depth):
        deep = [deep]
    return deep


# Made in the test: what lives as long as the session has every collection of garbage in it look at so many objects.
@pytest.mark.parametrize(
    "make", [lambda: {n: n for n in range(MOST_PARTS + 1)}, lambda: _nested(100_000), lambda: {1: _nested(500)}]
)
def test_what_is_too_large(make: Callable[[], object]) -> None:
    with pytest.raises(TooLarge):
        parts(make())


def trap(*_: object, **__: object) -> NoReturn:
    raise RuntimeError("called")


class Meta(type):
    def __getattribute__(cls, name: str) -> Any:
        trap()

    __eq__ = __hash__ = __instancecheck__ = __subclasscheck__ = __repr__ = trap


class Trap(metaclass=Meta):
    x = 0
    __getattribute__ = __eq__ = __hash__ = __repr__ = __str__ = __iter__ = __len__ = __bool__ = trap
    __reduce_ex__ = __dir__ = __format__ = trap


class _Descriptor:
    __get__ = trap


class Lying:
    __class__ = property(trap)
    __dict__ = property(trap)
    __eq__ = _Descriptor()
    __hash__ = object.__hash__


class Items(list[Any]):
    __iter__ = __len__ = __getitem__ = __eq__ = __repr__ = trap
    __hash__ = None


class Table(dict[Any, Any]):
    __iter__ = __len__ = __getitem__ = __eq__ = __repr__ = keys = items = trap
    __hash__ = None


class Text(str):
    __slots__ = ()
    __eq__ = __repr__ = __str__ = __len__ = trap
    __hash__ = str.__hash__


class Zone(dt.tzinfo):
    utcoffset = dst = tzname = trap


class Error(Exception):
    __str__ = __repr__ = __eq__ = trap
    __hash__ = Exception.__hash__


@pytest.mark.parametrize(
    "make",
    [
        lambda: object.__new__(Trap), lambda: Trap, Lying, lambda: Items([1]), lambda: Table(a=1), lambda: Text("a"),
        lambda: {Text("a"): 1}, lambda: {Text("a")}, lambda: dt.datetime(2020, 1, 1, tzinfo=Zone()), lambda: Error(1),
        lambda: Error(object.__new__(Trap)), lambda: types.MethodType(len, object.__new__(Trap)),
        lambda: functools.partial(len, object.__new__(Trap)),
    ],
)  # fmt: skip
def test_nobody_is_asked(make: Callable[[], object]) -> None:
    value = make()
    assert parts(value) == parts(value)
    assert parts([value]) == parts([value])
    assert parts(Point(value)) == parts(Point(value))


def test_what_is_inside_of_those_that_refuse_is_seen() -> None:
    assert parts(Items([1])) != parts(Items([2]))
    assert parts(Table(a=1)) != parts(Table(a=2))
    assert parts(Text("a")) != parts(Text("b"))
    assert parts(Error(1)) != parts(Error(2))


def test_nothing_is_kept_alive() -> None:
    point = Point(1)
    gone = weakref.ref(point)
    parts([point])
    del point
    gc.collect()
    assert gone() is None
