from __future__ import annotations

import math
from collections.abc import Iterator

import pytest

from pytest_gilcheck.plugin import markers
from pytest_gilcheck.plugin.markers import Wanted, problems


def mark(name: str, *args: object, **kwargs: object) -> pytest.Mark:
    return pytest.Mark(name, args, kwargs, _ispytest=True)


class Item:
    """What the rules ask of a test: its id and its marks, the closest first."""

    def __init__(self, nodeid: str, *marks: pytest.Mark) -> None:
        self.nodeid = nodeid
        self._marks = marks

    def iter_markers(self) -> Iterator[pytest.Mark]:
        return iter(self._marks)

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return next((mark for mark in self._marks if mark.name == name), None)


def item(nodeid: str, *marks: pytest.Mark) -> pytest.Item:
    return Item(nodeid, *marks)  # type: ignore[return-value]


@pytest.mark.parametrize("name", ["gilcheck", "gilcheck_scaling"])
@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"threads": 2},
        {"threads": 256},
        {"threads": "auto"},
        {"processes": 0},
        {"processes": "auto"},
        {"seconds": 0.001},
        {"seconds": 3600},
        {"seconds": None},
        {"expect": "scales"},
        {"expect": None},
        {"min_speedup": 0.1},
        {"min_speedup": None},
        {"threads": 2, "min_speedup": 2},
        {"threads": "auto", "min_speedup": 200},
        {"expect": "gil-bound", "min_speedup": 0.9},
        {"expect": "io-bound", "min_speedup": 3, "threads": 4, "processes": 2, "seconds": 1},
    ],
)
def test_what_a_scaling_marker_accepts(name: str, kwargs: dict[str, object]) -> None:
    assert problems(mark(name, **kwargs)) == []


@pytest.mark.parametrize("name", ["gilcheck", "gilcheck_race"])
@pytest.mark.parametrize(
    "kwargs",
    [
        {"threads": 1},
        {"strategy": "pct"},
        {"schedules": 1},
        {"seed": 0},
        {"seed": 2**70},
        {"bound": 0},
        {"atomic": True},
        {"atomic": False},
        {"seconds": 1, "schedules": None, "seed": None, "bound": None},
    ],
)
def test_what_a_race_marker_accepts(name: str, kwargs: dict[str, object]) -> None:
    assert problems(mark(name, **kwargs)) == []


@pytest.mark.parametrize("args", [("why",), ("",)])
def test_a_reason_is_all_that_skip_takes(args: tuple[str, ...]) -> None:
    assert problems(mark("gilcheck_skip", *args)) == []
    assert problems(mark("gilcheck_skip", reason=args[0])) == []


@pytest.mark.parametrize("value", [True, False, None, "2", 2.0, 0, -1, 257, math.nan, math.inf, [], b"auto", "AUTO", object])
def test_numbers_of_threads_that_are_none(value: object) -> None:
    assert problems(mark("gilcheck_scaling", threads=value)) == [
        f"threads={value!r} is not a whole number from 2 to 256 or 'auto'"
    ]


@pytest.mark.parametrize(
    "value", [True, "1", 0, -0.1, 3601, math.nan, math.inf, -math.inf, 1j, [1], 10**400], ids=lambda value: repr(value)[:9]
)
def test_budgets_that_are_none(value: object) -> None:
    assert problems(mark("gilcheck_scaling", seconds=value)) == [
        f"seconds={value!r} is not a number of seconds above 0, at most 3600"
    ]


def test_each_mistake_is_listed_but_contradictions_only_between_good_values() -> None:
    found = problems(mark("gilcheck_scaling", 3, threads=2, min_speedup=5, expect="fast", second=1))
    assert [problem.split(" ")[0] for problem in found] == ["takes", "expect='fast'", "unknown"]
    assert problems(mark("gilcheck", threads=2, min_speedup=2.5, expect="gil-bound")) == [
        "min_speedup=2.5 cannot be reached with threads=2; at most 2",
        "min_speedup=2.5 contradicts expect='gil-bound', whose speed-up is about 1; give one of them",
    ]


def test_the_closest_markers_are_merged_with_scaling_first() -> None:
    wide, close = mark("gilcheck", threads=2, seconds=1), mark("gilcheck", threads=3, seed=7)
    scaling = mark("gilcheck_scaling", threads=4, expect="scales")
    assert markers.wanted(item("t")) is None
    assert markers.wanted(item("t", mark("gilcheck_race"))) is None
    assert markers.wanted(item("t", close, wide)) == Wanted(threads=3)
    assert markers.wanted(item("t", wide, scaling)) == Wanted(threads=4, expect="scales", seconds=1)
    assert markers.wanted(item("t", scaling)) == Wanted(threads=4, expect="scales")


def test_the_reason_of_the_closest_skip() -> None:
    assert markers.skip_reason(item("t")) is None
    assert markers.skip_reason(item("t", mark("gilcheck_skip", "near"), mark("gilcheck_skip", "far"))) == "near"
    assert markers.skip_reason(item("t", mark("gilcheck_skip", reason="named"))) == "named"


def test_one_mistake_on_many_tests_is_one_line() -> None:
    wide, own = mark("gilcheck", threads=0), mark("gilcheck_skip")
    with pytest.raises(pytest.UsageError) as raised:
        markers.check_all(
            [item("a", wide), item("b", own, wide), item("c", mark("slow"), wide), item("d", mark("gilcheck"))]
        )
    assert str(raised.value).splitlines() == [
        "a (and 2 more): @pytest.mark.gilcheck: threads=0 is not a whole number from 1 to 256 or 'auto'",
        "b: @pytest.mark.gilcheck_skip: needs a reason: gilcheck_skip(reason='…')",
    ]


def test_markers_of_others_are_none_of_our_business() -> None:
    markers.check_all([item("a", mark("slow", 1), mark("parametrize"), mark("xfail"))])


def test_every_keyword_has_a_place_in_what_is_wanted() -> None:
    assert set(markers.KEYWORDS["gilcheck_scaling"]) == set(Wanted.__slots__)
    assert set(markers.KEYWORDS["gilcheck"]) == set(markers.KEYWORDS["gilcheck_scaling"]) | set(
        markers.KEYWORDS["gilcheck_race"]
    )
