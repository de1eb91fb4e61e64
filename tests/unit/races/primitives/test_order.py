"""What goes by addresses in the standard library goes by age in an execution."""

from __future__ import annotations

import random
from typing import Any

import pytest

from pytest_gilcheck.races.primitives import in_order, order
from pytest_gilcheck.races.sites import Kind, Site
from unit.races.fakes import HERE, results, together


class Thing:
    """Something whose address decides."""


def test_a_set_is_gone_over_in_the_order_in_which_its_members_came() -> None:
    members = [Thing() for _ in range(50)]
    ordered = order.Ordered(members)
    assert list(ordered) == members
    late = Thing()
    ordered.add(late)
    ordered.remove(members[3])
    ordered.discard(members[4])
    ordered.discard(members[4])
    assert list(ordered) == [*members[:3], *members[5:], late]
    assert ordered == set(ordered)
    assert len(ordered) == 49
    assert ordered - {late} == {*members[:3], *members[5:]}
    with pytest.raises(KeyError):
        ordered.remove(members[3])
    ordered.clear()
    assert not ordered
    assert list(ordered) == []


def test_sorting_by_address_is_sorting_by_age_and_the_same_for_all_threads() -> None:
    def scenario() -> bool:
        things = [Thing() for _ in range(6)]
        mixed = random.Random(1).sample(things, 6)

        def sort(some: list[Thing]) -> Any:
            return order.by_age(HERE, sorted, None, some, key=id)

        first = sort(things)
        return bool(first == things) and together(lambda: sort(mixed), lambda: sort(mixed[::-1])) == [things, things]

    assert results(scenario, 5) == {True}


def test_any_other_sorting_is_left_alone() -> None:
    assert order.by_age(HERE, sorted, None, [3, 1, 2]) == [1, 2, 3]
    assert order.by_age(HERE, sorted, None, [3, 1, 2], key=lambda number: -number) == [3, 2, 1]
    with pytest.raises(TypeError):
        order.by_age(HERE, sorted, None)


def test_only_code_of_the_library_is_concerned() -> None:
    def wait() -> None: ...

    code = wait.__code__.replace(co_qualname="wait")
    guarded = Site(code=code, offset=0, line=1, kind=Kind.CALL, guarded=True)
    assert in_order(guarded, set) is not None
    assert in_order(guarded, frozenset) is None
    assert in_order(Site(code=code, offset=0, line=1, kind=Kind.CALL), set) is None
    assert in_order(Site(code=wait.__code__, offset=0, line=1, kind=Kind.CALL, guarded=True), set) is None
