"""Values at locations, and their short texts: right where they can be told, and never by running the user's code."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import fractions
import pathlib
import sys
import time
import types
import uuid
import weakref
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import pytest

from pytest_gilcheck.races.peeking import LONGEST, MISSING, peek, short


def never(*_: object, **__: object) -> Any:
    raise AssertionError("code of the user's was run")


HOSTILE = dict.fromkeys(
    (
        "__getattribute__", "__getattr__", "__repr__", "__str__", "__eq__", "__hash__", "__len__", "__iter__", "__getitem__",
        "__contains__", "__bool__", "__format__", "__dir__", "__missing__", "__call__", "__get__", "__index__",
    ),
    never,
)  # fmt: skip


class Meta(type):
    locals().update(HOSTILE)
    __subclasscheck__ = __instancecheck__ = never


class Hostile(metaclass=Meta):
    locals().update(HOSTILE)
    __class__ = property(never)


class HostileDict(dict[object, object], metaclass=Meta):
    locals().update(HOSTILE)
    keys = items = get = values = never


class HostileList(list[object], metaclass=Meta):
    locals().update(HOSTILE)


class Plain:
    inherited = 1

    def method(self) -> None: ...

    @property
    def computed(self) -> int:
        never()
        return 0


class Slotted:
    __slots__ = ("empty", "full")
    empty: list[int]
    full: list[int]


def named(value: object, **more: object) -> Any:
    obj = Plain()
    obj.__dict__.update(value=value, **more)
    return obj


def test_attributes_of_instances() -> None:
    obj = named(5)
    assert peek(obj, "value") == 5
    assert peek(obj, "inherited") == 1
    obj.inherited = 2
    assert peek(obj, "inherited") == 2
    assert peek(obj, "absent") is MISSING
    assert peek(obj, "method") is Plain.__dict__["method"]
    obj.__dict__["computed"] = 3
    assert peek(obj, "computed") is MISSING, "a property decides what is read"


def test_slots() -> None:
    obj = Slotted()
    obj.full = [1]
    assert peek(obj, "full") is obj.full
    assert peek(obj, "empty") is MISSING


def test_attributes_of_classes_and_of_exceptions() -> None:
    class Derived(Plain):
        own = "x"

    assert (peek(Derived, "own"), peek(Derived, "inherited"), peek(Derived, "absent")) == ("x", 1, MISSING)
    error = KeyError("k")
    error.extra = 1  # type: ignore[attr-defined]
    assert peek(error, "extra") == 1


def test_items() -> None:
    assert peek({"a": 1}, ("a",)) == 1
    assert peek({"a": 1}, ("b",)) is MISSING
    assert peek({(1, "x"): 2}, ((1, "x"),)) == 2
    assert peek(OrderedDict(a=1), ("a",)) == 1
    assert peek([7, 8], (1,)) == 8
    assert peek([7, 8], (2,)) is MISSING
    assert peek(deque([7, 8]), (1,)) == 8
    assert peek(bytearray(b"ab"), (1,)) == 98
    made: defaultdict[str, list[int]] = defaultdict(list)
    assert peek(made, ("a",)) is MISSING
    assert not made
    assert peek(vars(sys), ("maxsize",)) == sys.maxsize


def test_cells_and_all_of_an_object() -> None:
    cell = types.CellType(5)
    assert peek(cell, None) == 5
    assert peek(types.CellType(), None) is MISSING
    items = [1]
    assert peek(items, None) is items


@pytest.mark.parametrize("key", [("a", "b"), (), 1, (object(),), b"x"], ids=range(5))
def test_what_is_no_location_has_no_value(key: object) -> None:
    assert peek({"a": 1}, key) is MISSING
    assert peek(object(), key) is MISSING


def test_no_code_of_the_users_runs() -> None:
    obj = object.__new__(Hostile)
    object.__setattr__(obj, "value", 1)
    assert peek(obj, "value") == 1
    assert peek(obj, "absent") is MISSING
    assert peek(Hostile, "absent") is MISSING
    assert peek(obj, None) is obj
    items = dict.__new__(HostileDict)
    dict.__setitem__(items, "a", 1)
    assert peek(items, ("a",)) == 1
    assert peek(items, ("b",)) is MISSING
    row = list.__new__(HostileList)
    list.append(row, 4)
    assert peek(row, (0,)) == 4
    assert peek({"a": 1}, (obj,)) is MISSING
    for value in (obj, Hostile, items, row, [obj], {"k": obj}, (obj,), deque([obj]), {1: {2: {3: obj}}}):
        assert short(value)


def test_keys_that_might_be_asked_for_equality_are_not() -> None:
    class Key:
        def __hash__(self) -> int:
            return hash("a")

        def __eq__(self, other: object) -> bool:
            if armed:
                never()
            return False

    armed = False
    items = {Key(): 1, "a": 2}
    obj = named(1)
    obj.__dict__[Key()] = 1
    armed = True
    assert peek(items, ("a",)) is MISSING
    assert peek(obj, "value") is MISSING


class Colour(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    HIGH = 9


class Permission(enum.Flag):
    R = 1
    W = 2


class Text(str):
    __repr__ = __str__ = never


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        (MISSING, "absent"),
        (True, "True"),
        (-3, "-3"),
        (1.5, "1.5"),
        (10**5000, "<int of 16610 bits>"),
        ("it's", '"it\'s"'),
        ("a\x1b[31m\n", "'a\\x1b[31m\\n'"),
        ("é\ud800\u202e", "'\\xe9\\ud800\\u202e'"),
        (b"\0x", "b'\\x00x'"),
        ([], "[]"),
        ([1, "a", None], "[1, 'a', None]"),
        ((1,), "(1,)"),
        ((), "()"),
        ({"a": 1}, "{'a': 1}"),
        ({3, 1, 2}, "{1, 2, 3}"),
        (set(), "set()"),
        (frozenset({1}), "frozenset({1})"),
        (deque([1]), "deque([1])"),
        (Counter(a=1), "Counter({'a': 1})"),
        ([[[[1]]]], "[[[...]]]"),
        (list(range(100)), "[0, 1, 2, 3, 4, ... 95 more]"),
        (["x" * 200], "[1 items]"),
        ({*range(100)}, "{100 items}"),
        (decimal.Decimal("1.50"), "Decimal('1.50')"),
        (fractions.Fraction(1, 3), "Fraction(1, 3)"),
        (dt.date(2024, 1, 2), "datetime.date(2024, 1, 2)"),
        (uuid.UUID(int=10), "UUID(0000000000000000000000000000000a)"),
        (pathlib.PurePosixPath("/a/b"), "PurePosixPath('/a/b')"),
        (Colour.RED, "Colour.RED"),
        (Level.HIGH, "Level.HIGH"),
        (Permission.R, "Permission.R"),
        (object(), "<object>"),
        (Text("x"), "<Text>"),
        (Plain, "<class Plain>"),
        (test_items, "<function test_items>"),
        (len, "<function len>"),
        (KeyError("x"), "<KeyError>"),
    ],
    ids=lambda _: "",
)
def test_short_texts(value: object, text: str) -> None:
    assert short(value) == text


def test_a_path_that_was_printed_before() -> None:
    path = pathlib.PurePosixPath("a", "b")
    assert str(path) == "a/b"
    assert short(path) == "PurePosixPath('a/b')"


def test_names_are_made_printable() -> None:
    kind = type("\x1b[31mRed\n" + "x" * 300, (), {})
    assert short(kind()).startswith("<\\x1b[31mRed\\nxxx")
    assert len(short(kind())) <= LONGEST
    assert short(type(Text("Sub"), (), {})()) == "<Sub>"


@pytest.mark.parametrize(
    "value",
    [
        "x" * 10**6,
        "é" * 10**6,
        b"x" * 10**6,
        bytearray(10**6),
        [["y" * 10**6] * 1000] * 1000,
        dict.fromkeys(range(10**5), "z" * 100),
        decimal.Decimal("1" * 10_000),
        10**10_000,
        type("N" * 10**5, (), {})(),
        dt.datetime(2024, 1, 1, tzinfo=dt.timezone(dt.timedelta(1) / 2, "z" * 10**5)),
    ],
    ids=range(10),
)
def test_they_are_short_printable_ascii(value: object) -> None:
    text = short(value)
    assert len(text) <= LONGEST
    assert text.isascii()
    assert text.isprintable()


def test_containers_in_themselves() -> None:
    items: list[object] = []
    items.append(items)
    assert short(items) == "[[[...]]]"


def test_a_time_zone_of_the_users_is_not_asked() -> None:
    class Zone(dt.tzinfo):
        __repr__ = utcoffset = tzname = dst = never

    assert short(dt.datetime(2024, 1, 1, tzinfo=Zone())) == "<datetime>"


def test_it_does_not_keep_what_it_looks_at() -> None:
    obj = Plain()
    gone = weakref.ref(obj)
    short([obj])
    peek([obj], (0,))
    del obj
    assert gone() is None


def test_a_thread_that_changes_it_meanwhile_does_no_harm() -> None:
    import threading

    items = dict.fromkeys(range(100))
    over = threading.Event()

    def change() -> None:
        while not over.is_set():
            for number in range(100, 200):
                items[number] = None
            for number in range(100, 200):
                del items[number]

    thread = threading.Thread(target=change)
    thread.start()
    try:
        end = time.monotonic() + 0.1
        while time.monotonic() < end:
            assert short(items)
            peek(items, (5,))
    finally:
        over.set()
        thread.join()
