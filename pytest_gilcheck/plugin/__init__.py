"""The pytest plugin: hooks only. Everything else is imported when a marker or an option asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_gilcheck.plugin import options

if TYPE_CHECKING:
    from pytest_gilcheck.plugin.fixture import Gilcheck
    from pytest_gilcheck.races.schedulers import Scheduler

MARKERS = (
    """gilcheck(threads='auto', processes='auto', expect=None, min_speedup=None, seconds=None, max_regression=None, \
max_speedup_loss=None): search for a thread interleaving that breaks this test, and find out whether threads help it; \
also takes the keywords of gilcheck_race""",
    """gilcheck_scaling(threads='auto', processes='auto', expect=None, min_speedup=None, seconds=None, \
max_regression=None, max_speedup_loss=None): \
scaling only; expect='scales'/'gil-bound'/'io-bound' and min_speedup=1.6 turn a mismatch into a failure""",
    """gilcheck_race(threads='auto', strategy='auto', seconds=None, schedules=None, seed=None, bound=None, atomic=False): \
race search only: run the test under one interleaving of its threads after another; threads=1 explores the body's own""",
    """gilcheck_skip(reason): leave this test alone, whatever --gilcheck or an outer marker says""",
)


class HookSpecs:
    """The hooks that other plugins and conftest files can implement."""

    @staticmethod
    def pytest_gilcheck_strategies() -> dict[str, Callable[[int], Scheduler]]:  # type: ignore[empty-body]
        """Add strategies to those that ``strategy=`` of the markers knows.

        Returns, by name, what makes the scheduler of one execution from a seed, which is another one each time.
        """


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that others can implement."""
    pluginmanager.add_hookspecs(HookSpecs)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Measure coverage from here on, before the code under test is imported, if it is asked for."""
    if options.early(early_config, "gilcheck_cov") and not options.early(early_config, "gilcheck_off"):
        from pytest_gilcheck.plugin import plaincoverage

        plaincoverage.start_early(early_config)


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
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Plan the checks of the tests that ask for some, if there are any, once all other plugins have had their say."""
    if options.value(config, "gilcheck_off"):
        return
    asked = any(options.value(config, name) for name in ("gilcheck", "gilcheck_replay"))
    if asked or any(_asks(item) for item in items):
        from pytest_gilcheck.plugin import session as sessions

        sessions.plan(session, items)


def _asks(item: pytest.Item) -> bool:
    marked = any(mark.name.startswith("gilcheck") for mark in item.iter_markers())
    return marked or "gilcheck" in getattr(item, "fixturenames", ())


@pytest.fixture
def gilcheck(request: pytest.FixtureRequest) -> Iterator[Gilcheck]:
    """Run callables as concurrent threads (``run``), check what they leave (``after``), and learn which run this is."""
    from pytest_gilcheck.plugin import fixture

    yield from fixture.provide(request)
