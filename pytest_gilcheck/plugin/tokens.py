"""The schedules of the last failures, in pytest's cache: the next search of the same test starts with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.verdict import WITNESSED, Race

KEY = "gilcheck/tokens"


def last(config: pytest.Config, test: str) -> str | None:
    """The token of the last failure of ``test``, if there was one and nothing has passed since."""
    token = _stored(config).get(test)
    return token if isinstance(token, str) else None


def keep(config: pytest.Config, records: Mapping[str, RaceRecord]) -> None:
    """Store the tokens of what failed, and forget those of what is clean now."""
    if getattr(config, "cache", None) is None:
        return
    before = _stored(config)
    after = dict(before)
    for test, record in records.items():
        if record.verdict in WITNESSED and record.token is not None:
            after[test] = record.token
        elif record.verdict is Race.CLEAN:
            after.pop(test, None)
    if after != before:
        assert config.cache is not None
        config.cache.set(KEY, after)


def _stored(config: pytest.Config) -> dict[str, Any]:
    cache = getattr(config, "cache", None)  # there is none with -p no:cacheprovider
    stored = None if cache is None else cache.get(KEY, None)
    return stored if isinstance(stored, dict) else {}
