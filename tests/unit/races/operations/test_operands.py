from __future__ import annotations

import array
import collections
import decimal
import itertools
import types
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_gilcheck.races.operations import HANDLED_ELSEWHERE, SCALAR_IDS, SCALARS, key_of, reads, underlying
from pytest_gilcheck.races.operations.natures import Nature, nature_of
from pytest_gilcheck.races.operations.operands import MOST


@pytest.mark.parametrize(
    "value", [1, 1.5, "a", b"a", None, True, ..., (1, [2]), frozenset(), range(3), decimal.Decimal(1), 1j, slice(1)]
)
def test_scalars_are_no_operands(value: Any) -> None:
    assert reads(value) == underlying(value) == []


def test_plain_objects_are_no_operands_but_have_attributes() -> None:
    class Plain:
        pass

    for value in (Plain(), Plain, types, len, lambda: None, ValueError(), object()):
        assert reads(value) == []
    assert nature_of(Plain) is Nature.PLAIN
    assert nature_of(type("Number", (int,), {})) is Nature.PLAIN
    assert all(nature_of(kind) is Nature.PLAIN for kind in HANDLED_ELSEWHERE)


@pytest.mark.parametrize(
    "value",
    [[], {}, set(), bytearray(), collections.deque(), array.array("i"), collections.Counter(), collections.OrderedDict()],
)
def test_containers_are_read_whole(value: Any) -> None:
    assert [(id(target), key, write) for target, key, write in reads(value)] == [(id(value), None, False)]


@pytest.mark.parametrize(
    "look",
    [dict.keys, dict.values, dict.items, types.MappingProxyType, lambda d: types.MappingProxyType(d).keys()],
)
def test_a_view_stands_for_what_it_shows(look: Callable[[dict[str, int]], Any]) -> None:
    table = {"a": 1}
    found = underlying(look(table))
    assert len(found) == 1
    assert found[0] is table
    assert reads(look(table)) == [(table, None, False)]


def test_a_memoryview_stands_for_its_buffer() -> None:
    buffer = bytearray(4)
    assert underlying(memoryview(buffer)[1:3]) == [buffer]
    assert underlying(memoryview(buffer)[1:3])[0] is buffer
    released = memoryview(buffer)
    released.release()
    assert reads(released) == []


ITERATIONS: list[Callable[[Any], Iterator[Any]]] = [
    iter,
    enumerate,
    zip,
    lambda items: map(str, items),
    lambda items: filter(None, items),
    lambda items: itertools.chain(items, "ab"),
    lambda items: itertools.chain.from_iterable(iter([items])),
    lambda items: itertools.islice(items, 1),
    lambda items: itertools.zip_longest(items, "ab"),
    lambda items: itertools.takewhile(bool, items),
    lambda items: itertools.tee(items)[0],
    itertools.groupby,
    lambda items: zip(itertools.islice(enumerate(items), 2), "ab", strict=False),
]  # fmt: skip


@pytest.mark.parametrize("iterate", ITERATIONS)
@pytest.mark.parametrize(
    "items", [[1, 2], {1: 1, 2: 2}, {1, 2}, collections.deque([1, 2]), collections.OrderedDict.fromkeys([1])]
)
def test_an_iterator_is_moved_and_what_it_goes_over_is_read(iterate: Callable[[Any], Iterator[Any]], items: Any) -> None:
    iterator = iterate(items)
    found = reads(iterator)
    assert found[0][0] is iterator
    assert found[0][1:] == (None, True)
    assert [(key, write) for target, key, write in found if target is items] == [(None, False)]


def test_a_reversed_list_too() -> None:
    items = [1]
    assert any(target is items for target in underlying(reversed(items)))


def test_a_generator_stands_for_itself() -> None:
    items = [1]
    generator = (item for item in items)
    assert reads(generator) == [(generator, None, True)]


def test_what_an_iterator_yielded_last_is_not_read() -> None:
    inner: list[int] = []
    for iterator in (enumerate([inner, inner]), zip([inner, inner], "ab", strict=True)):
        next(iterator)
        assert not any(target is inner for target in underlying(iterator))


def test_a_bound_method_stands_for_its_owner() -> None:
    table, items = {"a": 1}, [1]
    assert reads(table.get) == [(table, None, False)]
    assert reads(items.append) == [(items, None, True)]
    assert (items, None, True) in reads(map(items.append, [1]))
    assert reads(len) == reads("x".upper) == reads(dict.fromkeys) == []


def test_the_search_ends() -> None:
    deep: Any = iter([1])
    for _ in range(1000):
        deep = itertools.islice(deep, 3)
    assert 0 < len(reads(deep)) < MOST
    assert len(reads(zip(*[[number] for number in range(1000)], strict=True))) <= 2 * MOST
    circle: list[Any] = []
    circle.append(map(circle.append, circle))
    assert len(reads(circle[0])) == 3


def test_a_c_type_that_nothing_is_known_about_is_a_location() -> None:
    import zlib

    compressor = zlib.compressobj()
    assert reads(compressor) == [(compressor, None, False)]


@pytest.mark.parametrize(
    ("container", "key", "expected"),
    [
        ({}, "a", ("a",)),
        ({}, 1.5, (1.5,)),
        ({}, (1, "a"), ((1, "a"),)),
        ({}, (1, object), None),
        ({}, object(), None),
        ([1, 2], -1, (1,)),
        ([1, 2], 0, (0,)),
        ([1, 2], True, None),
        ([1, 2], slice(1), None),
        (collections.deque([1]), 0, None),
        ("text", 0, None),
        ({1}, 1, (1,)),
    ],
)
def test_the_location_of_an_item(container: Any, key: Any, expected: Any) -> None:
    assert key_of(container, key) == expected


def test_scalars_by_identity() -> None:
    assert frozenset(map(id, SCALARS)) == SCALAR_IDS
    assert list not in SCALARS
    assert {int, str, bytes, float, bool, type(None)} <= SCALARS
