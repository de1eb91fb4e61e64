"""How operations go about what they do, told from events written down by hand."""

from __future__ import annotations

import pytest

from pytest_gilcheck.races.oracles.steps import conduct
from unit.races.oracles.written import events


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1rx 1wx",
        "1rx 1ry 1wx 1wy",
        "1cx",
        "1tl 1rx 1wx 1wx 1fl",
        "1tl 1tm 1wx 1fm 1fl",
        "1ql 1tl 1wx 1fl",  # tried, and it was free
        "1bl 1tl 1wx 1fl",  # waited for
        "1tl 1qs 1fs 1fl",  # a signal for somebody who waits
        "1wx 2wx 2wx 1wy",
    ],
)
def test_what_may_be_meant_to_be_one_step(text: str) -> None:
    assert conduct(events(text), 1).at_once


@pytest.mark.parametrize(
    "text",
    [
        "1wx 1wx",
        "1cx 1cy",
        "1cx 1cx",
        "1tl 1fl 1tl 1fl",
        "1tl 1wx 1fl 1cx",
        "1px 1px",  # in the same place
        "1ql 1rx",  # tried in vain
        "1ql",
        "1bl 1rx",  # waited for in vain
        "1j2",
    ],
)
def test_what_cannot(text: str) -> None:
    assert not conduct(events(text), 1).at_once


def test_what_else_is_told() -> None:
    looked = conduct(events("1rx 1ry"), 1)
    assert (looked.wrote, looked.guarded, looked.spread) == (False, False, False)
    assert conduct(events("1wx 1wy"), 1).spread
    assert not conduct(events("1tl 1wx 1wy 1fl"), 1).spread
    assert conduct(events("1tl 1rx 1fl"), 1).guarded
    assert not conduct(events("1rx 2wx"), 1).wrote
