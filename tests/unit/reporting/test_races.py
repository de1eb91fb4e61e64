from __future__ import annotations

import pytest

from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.reporting.races import not_reproduced
from unit.reporting.samples import CLEAN, FOUND, NOT_RACED


@pytest.mark.parametrize("record", [FOUND, NOT_RACED])
def test_a_replay_that_fails_or_is_refused_says_so_itself(record: RaceRecord) -> None:
    assert not_reproduced({"t": record}) == []


def test_a_replay_that_passes_says_so() -> None:
    assert not_reproduced({"t[\x1b]": CLEAN}) == ["gilcheck: the schedule ran and did not fail: t[\\x1b]"]
