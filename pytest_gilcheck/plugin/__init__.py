"""The pytest plugin: hooks only. Everything else is imported when a marker or an option asks for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_gilcheck.plugin import options

if TYPE_CHECKING:
    from pytest_gilcheck.plugin.fixture import Gilcheck

MARKERS = (
    """gilcheck(threads='auto', processes='auto', expect=None, min_speedup=None, seconds=None): \
find out whether threads help this test, and what stops them if they do not; also takes the keywords of gilcheck_race""",
    """gilcheck_scaling(threads='auto', processes='auto', expect=None, min_speedup=None, seconds=None): \
scaling only; expect='scales'/'gil-bound'/'io-bound' and min_speedup=1.6 turn a mismatch into a failure""",
    """gilcheck_race(threads='auto', strategy='auto', seconds=None, schedules=None, seed=None, bound=None, atomic=False): \
race search only; it arrives with the next part of this release, today the marker is checked and reported""",
    """gilcheck_skip(reason): leave this test alone, whatever --gilcheck or an outer marker says""",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; look at the options only if there are any; in a worker process, become one."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    role = os.environ.pop("PYTEST_GILCHECK_ROLE", None)  # roles.ROLE, without importing it
    if role is not None:
        from pytest_gilcheck.plugin import zygote

        zygote.enlist(config, role)
    elif not options.value(config, "gilcheck_off") and (
        any(options.value(config, option.ini) is not None for option in options.OPTIONS)
        or config.getoption("dist", "no") != "no"
    ):
        from pytest_gilcheck.plugin import session

        session.start(config)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Plan the checks of the marked tests, if there are any, once all other plugins have had their say on the list."""
    if options.value(config, "gilcheck_off"):
        return
    marked = any(mark.name.startswith("gilcheck") for item in items for mark in item.iter_markers())
    if marked or options.value(config, "gilcheck"):
        from pytest_gilcheck.plugin import session

        session.plan(config, items)


@pytest.fixture
def gilcheck() -> Gilcheck:
    """What a test can ask about the rerun it is in: ``mode``, ``thread_index`` and ``thread_count``."""
    from pytest_gilcheck.plugin.fixture import Gilcheck

    return Gilcheck()
