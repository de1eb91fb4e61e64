from __future__ import annotations

from pytest_gilcheck.scaling.measurement import SHORTEST_SECONDS
from unit.scaling.fakes import a_measurement


def test_measured_to_the_end_is_neither_too_short_nor_too_long() -> None:
    measurement = a_measurement(shortest=SHORTEST_SECONDS)
    assert not measurement.too_short
    assert not measurement.too_long


def test_too_short_and_too_long_exclude_one_another() -> None:
    short = a_measurement(shortest=SHORTEST_SECONDS * 0.99, solo=(), in_threads=(), in_processes=())
    assert short.too_short
    assert not short.too_long
    long = a_measurement(shortest=40.0, solo=(), in_threads=(), in_processes=())
    assert long.too_long
    assert not long.too_short
