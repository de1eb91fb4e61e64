"""Structures of values: copies have the same, and nothing can be changed without changing it."""

from __future__ import annotations

import copy
import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_gilcheck.races.oracles.structure import Structure


class Node:
    def __init__(self, value: object, other: object) -> None:
        self.value = value
        self.other = other


LEAVES = (
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=3) | st.binary(max_size=2)
)


def _inside(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return (
        st.lists(values, max_size=4)
        | st.tuples(values, values)
        | st.dictionaries(st.text(max_size=2) | st.integers(0, 3), values, max_size=3)
        | st.builds(Node, values, values)
    )


VALUES = st.recursive(LEAVES, _inside, max_leaves=15)


def structure(value: object, *, ordered: bool = False) -> object:
    found = Structure(ordered=ordered, renamed={}, volatile=frozenset())
    found.add(("value",), value)
    return found.parts


@given(VALUES, st.booleans())
def test_a_copy_has_the_same(value: object, ordered: bool) -> None:
    assert structure(copy.deepcopy(value), ordered=ordered) == structure(value, ordered=ordered)


@given(VALUES, st.randoms(use_true_random=False))
def test_the_order_in_which_things_came_makes_no_difference(value: object, chance: random.Random) -> None:
    shuffled = copy.deepcopy(value)
    for part in _parts(shuffled):
        if type(part) is list:
            chance.shuffle(part)
        elif type(part) is dict:
            items = list(part.items())
            chance.shuffle(items)
            part.clear()
            part.update(items)
    assert structure(shuffled) == structure(value)


@given(VALUES, st.booleans(), st.data())
def test_a_change_anywhere_makes_one(value: object, ordered: bool, data: st.DataObject) -> None:
    value = [value]
    changed = copy.deepcopy(value)
    places = [part for part in _parts(changed) if type(part) in {list, dict, Node}]
    place = data.draw(st.sampled_from(range(len(places))))
    part, new = places[place], object()
    if type(part) is list:
        part.append(new)
    elif type(part) is dict:
        part["a new key"] = new
    else:
        part.value = new
    assert structure(changed, ordered=ordered) != structure(value, ordered=ordered)


def _parts(value: Any) -> list[Any]:
    """``value`` and everything in it that is shown once, from the outside in."""
    found, todo = {}, [value]
    while todo:
        each = todo.pop(0)
        if id(each) in found:
            continue
        found[id(each)] = each
        if isinstance(each, list | tuple):
            todo += each
        elif isinstance(each, dict):
            todo += each.values()
        elif isinstance(each, Node):
            todo += [each.value, each.other]
    return list(found.values())
