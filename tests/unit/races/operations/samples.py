"""Objects of each type with tables, what to call their methods with, and how to see whether one has changed."""

from __future__ import annotations

import array
import copy
import io
import random
import types
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Sample:
    make: Callable[[], Any]
    state: Callable[[Any], Any]
    #: Argument lists to try, made anew for each call; whatever a method refuses is passed over.
    arguments: Callable[[], list[tuple[Any, ...]]]
    #: Methods that are declared as writes and that none of these arguments make change anything.
    unseen: frozenset[str] = frozenset()


def numbers() -> list[tuple[Any, ...]]:
    return [
        (),
        (0,),
        (1,),
        (2,),
        (0, 9),
        (1, 1),
        ([7],),
        ((7, 1),),
        ({1, 99},),
        (b"zz",),
        (memoryview(b"z"),),
        (iter([1, 5]),),
        (99,),
    ]


def arrays() -> list[tuple[Any, ...]]:
    return [
        *numbers(),
        (array.array("H", [7]),),
        (io.BytesIO(b"zzzz"), 1),
        (io.BytesIO(),),
        (1, 2),
        (b"\1",),
        (bytearray(b"q"),),
    ]


def entries() -> list[tuple[Any, ...]]:
    return [
        (),
        ("a",),
        ("b",),
        ("z",),
        ("a", 9),
        ("z", 9),
        ({"z": 1},),
        (iter([("y", 2)]),),
        (iter("ab"),),
        ("a", False),
        ({},),
    ]


def texts() -> list[tuple[Any, ...]]:
    states = [(io.BytesIO(b"q").__getstate__(),), (io.StringIO("q").__getstate__(),)]
    return [
        (),
        (1,),
        ("z",),
        (["z"],),
        (iter(["z"]),),
        (0, 0),
        (b"z",),
        ([b"z"],),
        (iter([b"z"]),),
        (bytearray(2),),
        *states,
    ]


def sent() -> list[tuple[Any, ...]]:
    return [(), (None,), (ValueError(),), (2,)]


def stream_state(stream: Any) -> Any:
    return "closed" if stream.closed else (stream.getvalue(), stream.tell())


def shown(view: memoryview) -> Any:
    try:
        return bytes(view)
    except ValueError:
        return "released"


def going() -> Iterator[int]:
    yield 1
    yield 2


SAMPLES: dict[type, Sample] = {
    list: Sample(lambda: [3, 1, 2, 1], list, numbers),
    deque: Sample(lambda: deque([3, 1, 2, 1]), list, numbers),
    dict: Sample(lambda: {"a": 1, "b": 2}, lambda d: list(d.items()), entries),
    OrderedDict: Sample(lambda: OrderedDict(a=1, b=2), lambda d: list(d.items()), entries),
    defaultdict: Sample(lambda: defaultdict(list, a=1, b=2), lambda d: list(d.items()), entries),
    set: Sample(lambda: {1, 2, 3}, frozenset, numbers),
    frozenset: Sample(lambda: frozenset({1, 2, 3}), set, numbers),
    bytearray: Sample(lambda: bytearray(b"\3\1\2\1"), bytes, numbers),
    array.array: Sample(lambda: array.array("H", [3, 1, 2, 1]), list, arrays, unseen=frozenset({"fromunicode"})),
    memoryview: Sample(lambda: memoryview(bytearray(b"abcd")), shown, numbers, unseen=frozenset({"__delitem__"})),
    types.MappingProxyType: Sample(lambda: types.MappingProxyType({"a": 1}), lambda proxy: list(proxy.items()), entries),
    type({}.keys()): Sample({"a": 1}.keys, list, entries),
    type({}.values()): Sample({"a": 1}.values, list, entries),
    type({}.items()): Sample({"a": 1}.items, list, entries),
    io.StringIO: Sample(
        lambda: io.StringIO("one\ntwo\n"), stream_state, texts, unseen=frozenset({"detach", "flush", "__del__"})
    ),
    io.BytesIO: Sample(
        lambda: io.BytesIO(b"one\ntwo\n"), stream_state, texts, unseen=frozenset({"detach", "flush", "__del__"})
    ),
    random.Random.__base__: Sample(  # type: ignore[dict-item]
        lambda: random.Random(1),
        lambda r: r.getstate(),
        lambda: [(), (1,), (random.Random(2).getstate(),), (random.Random(2).getstate()[1],)],
    ),
    type(iter([])): Sample(lambda: iter([1, 2, 3]), lambda it: list(copy.copy(it)), lambda: [(), (1,)]),
    type(iter(())): Sample(lambda: iter((1, 2, 3)), lambda it: list(copy.copy(it)), lambda: [(), (1,)]),
    types.GeneratorType: Sample(going, lambda it: it.gi_frame and it.gi_frame.f_lasti, sent),
}

#: What to call functions with: the first argument is the one that is watched.
FUNCTION_ARGUMENTS: Callable[[], list[tuple[Any, ...]]] = lambda: [  # noqa: E731
    ([3, 1, 2, 1],),
    ([3, 1, 2, 1], 0),
    ([1, 1, 2, 3], 2),
    ([3, 1], [2]),
    ([3, 1], 0, 9),
    ({"a": 1}, "a"),
    ({"a": 1}, "a", 2),
    ({"a": 1}, {"b": 2}),
    ({1, 2}, {2, 3}),
    ({1, 2}, 2),
    (bytearray(b"ab"), 1),
    (bytearray(b"ab"), b"c"),
    (types.SimpleNamespace(x=1), "x"),
    (types.SimpleNamespace(x=1), "x", 2),
    (iter([3, 1, 2]),),
    (iter([3, 1, 2]), 1),
    ([],),
]
