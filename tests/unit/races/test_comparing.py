"""Whether two runs went the same way."""

from __future__ import annotations

import pytest

from pytest_gilcheck.races.comparing import Step, difference
from pytest_gilcheck.races.sites import Kind, Site

CODE = (lambda: None).__code__
A, B, C = (Site(code=CODE, offset=number, line=number, kind=Kind.LOAD_ATTR) for number in range(3))


def steps(*sites: Site, thread: int = 1) -> list[Step]:
    return [(thread, site) for site in sites]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([], []),
        (steps(A, B), steps(A, B)),
        (steps(A, B, B, C), steps(A, B, B, B, B, C)),
        (steps(A, B, A, B, C), steps(A, B, A, B, A, B, C)),
    ],
)
def test_runs_that_differ_in_rounds_only_are_the_same(one: list[Step], other: list[Step]) -> None:
    assert difference(one, other) is None
    assert difference(other, one) is None


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (steps(A, B), steps(A, C), "step 2 is thread 1 at .*:1 in one and thread 1 at .*:2 in the other"),
        (steps(A), steps(A, thread=2), "step 1 is thread 1 .* thread 2"),
        (steps(A, B), steps(A), "one goes on with thread 1 at .*:1 where the other has ended"),
    ],
)
def test_the_first_difference_is_named(one: list[Step], other: list[Step], said: str) -> None:
    import re

    found = difference(one, other)
    assert found is not None
    assert re.search(said, found)
