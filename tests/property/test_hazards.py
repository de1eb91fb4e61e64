"""Hazards of any content cross between processes unchanged, as exact builtins."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.verdict import Hazard, HazardPlace, Race

TEXT = st.text(st.characters(), max_size=20)
PLACES = st.builds(
    HazardPlace,
    thread=st.integers(0, 99),
    file=TEXT,
    line=st.integers(0, 10**6),
    function=TEXT,
    source=TEXT,
    act=TEXT,
    locks=st.lists(TEXT, max_size=3).map(tuple),
)
HAZARDS = st.builds(Hazard, kind=TEXT, text=TEXT, places=st.lists(PLACES, max_size=3).map(tuple))


def exact(value: Any) -> bool:
    if isinstance(value, dict):
        return type(value) is dict and all(type(key) is str and exact(item) for key, item in value.items())
    if isinstance(value, list):
        return type(value) is list and all(exact(item) for item in value)
    return value is None or type(value) in {bool, int, float, str}


@given(st.lists(HAZARDS, max_size=3).map(tuple))
def test_a_record_with_hazards_comes_out_as_it_went_in(hazards: tuple[Hazard, ...]) -> None:
    record = RaceRecord(verdict=Race.CLEAN, reason="x", hazards=hazards)
    plain = record.to_builtins()
    assert exact(plain)
    assert RaceRecord.from_builtins(json.loads(json.dumps(plain))) == record
