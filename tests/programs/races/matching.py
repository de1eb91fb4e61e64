"""Patterns that read attributes of what other threads change."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

from pytest_gilcheck.races import run


@dataclass
class Point:
    x: int = 0
    y: int = 0


class Celsius:
    """Its degrees are computed when a pattern asks for them."""

    __match_args__ = ("degrees",)

    def __init__(self) -> None:
        self.whole = 0
        self.tenths = 0

    @property
    def degrees(self) -> tuple[int, int]:
        return self.whole, self.tenths


def class_pattern_bad() -> None:
    state = SimpleNamespace(point=Point())

    def move() -> None:
        state.point.x = 1
        state.point.y = 1

    def look() -> tuple[int, int]:
        match state.point:
            case Point(x, y=y):
                return x, y
        raise AssertionError("no point")

    _, seen = run(move, look)
    assert seen in {(0, 0), (1, 1)}


def class_pattern_twin() -> None:
    state = SimpleNamespace(point=Point())

    def move() -> None:
        state.point = Point(1, 1)

    def look() -> tuple[int, int]:
        match state.point:
            case Point(x, y=y):
                return x, y
        raise AssertionError("no point")

    _, seen = run(move, look)
    assert seen in {(0, 0), (1, 1)}


def computed_pattern_bad() -> None:
    shared = Celsius()

    def warm() -> None:
        shared.whole, shared.tenths = 1, 5

    def look() -> tuple[int, int]:
        match shared:
            case Celsius(degrees):
                return degrees
        raise AssertionError("no temperature")

    _, seen = run(warm, look)
    assert seen in {(0, 0), (1, 5)}


def computed_pattern_twin() -> None:
    state = SimpleNamespace(now=Celsius())

    def warm() -> None:
        warmer = Celsius()
        warmer.whole, warmer.tenths = 1, 5
        state.now = warmer

    def look() -> tuple[int, int]:
        match state.now:
            case Celsius(degrees):
                return degrees
        raise AssertionError("no temperature")

    _, seen = run(warm, look)
    assert seen in {(0, 0), (1, 5)}
