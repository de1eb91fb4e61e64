from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_gilcheck.plugin import tokens
from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.verdict import Race


class Cache:
    """As much of pytest's cache as is used."""

    def __init__(self, stored: object = None) -> None:
        self.stored = stored
        self.writes = 0

    def get(self, key: str, default: object) -> object:
        assert key == tokens.KEY
        return default if self.stored is None else self.stored

    def set(self, key: str, value: object) -> None:
        assert key == tokens.KEY
        self.stored = value
        self.writes += 1


def config(stored: object = None) -> Any:
    return SimpleNamespace(cache=Cache(stored))


RACE = RaceRecord(verdict=Race.RACE, reason="x", token="gc1:new")


def test_what_failed_is_kept_and_what_passed_forgotten() -> None:
    given = config({"a": "gc1:a", "b": "gc1:b", "c": "gc1:c", "d": "gc1:d"})
    skipped = RaceRecord(verdict=Race.SKIPPED, reason="x")
    tokens.keep(given, {"a": RACE, "b": RaceRecord(verdict=Race.CLEAN, reason="x"), "c": skipped})
    assert given.cache.stored == {"a": "gc1:new", "c": "gc1:c", "d": "gc1:d"}
    assert tokens.last(given, "a") == "gc1:new"
    assert tokens.last(given, "b") is None


def test_nothing_new_writes_nothing() -> None:
    given = config()
    tokens.keep(given, {"a": RaceRecord(verdict=Race.CLEAN, reason="x")})
    assert given.cache.writes == 0


@pytest.mark.parametrize("stored", [[], "x", {"a": 3}])
def test_what_somebody_else_put_there_is_no_token(stored: object) -> None:
    assert tokens.last(config(stored), "a") is None


def test_without_a_cache_nothing_is_kept() -> None:
    without: Any = SimpleNamespace()
    tokens.keep(without, {"a": RACE})
    assert tokens.last(without, "a") is None
