"""One session: plan the checks after collection, run each after its test's ordinary run, report it."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

import pytest

from pytest_gilcheck.plugin import attempt, compat, fixture, frames, markers, strategies, watch
from pytest_gilcheck.plugin.asked import Asked, asked
from pytest_gilcheck.plugin.collected import Collected
from pytest_gilcheck.plugin.comparing import Comparing
from pytest_gilcheck.plugin.markers import Wanted
from pytest_gilcheck.plugin.outcomes import Outcomes
from pytest_gilcheck.plugin.report import attach
from pytest_gilcheck.plugin.results import Results
from pytest_gilcheck.plugin.settings import PluginSettings, resolve
from pytest_gilcheck.scaling.failures import raised

_ASKED = pytest.StashKey[Asked]()
_OUTCOMES = pytest.StashKey[Outcomes]()
_SETTINGS = pytest.StashKey[PluginSettings]()

#: The plugin that runs the checks, or the replay, is registered by this name.
NAME = "gilcheck-checks"


def start(config: pytest.Config) -> PluginSettings:
    """Check the options and register what gathers and reports; once a session."""
    settings = config.stash.get(_SETTINGS, None)
    if settings is None:
        settings = config.stash[_SETTINGS] = resolve(config)
        collected = Collected(config, settings.gates.known)
        if settings.gates.known:
            config.pluginmanager.register(collected, "gilcheck-collected")
        if settings.cov and not config.getoption("collectonly", False):
            _measure_coverage(config, settings)
        if not hasattr(config, "workerinput"):
            comparing = Comparing(config, settings, collected)
            config.pluginmanager.register(Results(config, settings, comparing), "gilcheck-results")
    return settings


def _measure_coverage(config: pytest.Config, settings: PluginSettings) -> None:
    from pytest_gilcheck.plugin import concurrency  # noqa: PLC0415 - for those who ask only

    config.pluginmanager.register(concurrency.Concurrency(config, settings.timeout), concurrency.NAME)


def plan(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Check the markers of ``items``, note on each what it asks for, and register what runs the checks, or the replay."""
    config = session.config
    if config.pluginmanager.has_plugin("gilcheck-worker"):
        return
    settings = start(config)
    try:
        markers.check_all(items, strategies.added(config))
        # Where a file could not be collected, that is what stops the run.
        if settings.replay is not None and not session.testsfailed:
            _plan_replay(config, settings, items)
            return
    except pytest.UsageError as mistake:
        output = getattr(config, "workeroutput", None)
        if output is None:
            raise
        # A worker of pytest-xdist cannot end the run in an orderly way; the controller does, when it reads this.
        output["gilcheck_mistake"] = str(mistake)
        items.clear()
        return
    for item in items:
        wanted = asked(item, everything=settings.everything)
        if wanted is not None:
            item.stash[_ASKED] = wanted
    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(Checks(config, settings), NAME)


def _plan_replay(config: pytest.Config, settings: PluginSettings, items: list[pytest.Item]) -> None:
    from pytest_gilcheck.plugin import replay  # noqa: PLC0415 - it needs the engine

    item = replay.only(items)
    if not config.pluginmanager.has_plugin(NAME):
        config.pluginmanager.register(replay.Replay(config, settings, item), NAME)


class Checks:
    """The hooks around a test that asks for checks."""

    def __init__(self, config: pytest.Config, settings: PluginSettings) -> None:
        self._config = config
        self._attempts = attempt.Attempts(config, settings)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """The ordinary run first; its failure or skip is the result and nothing else is done."""
        __tracebackhide__ = frames.hidden
        wanted = item.stash.get(_ASKED, None)
        if _OUTCOMES in item.stash:
            del item.stash[_OUTCOMES]
        if wanted is None:
            yield
            fixture.settle(item)
            return
        begin = time.perf_counter()
        with watch.ordinary_run(threads=wanted.watches_threads) as seen:
            yield
            if compat.ordinary_run_failed(item):
                return
            fixture.settle(item)
        wanted = wanted.knowing(seen)
        recorded = list(item.user_properties)
        try:
            outcomes = item.stash[_OUTCOMES] = self._attempts.check(item, wanted, time.perf_counter() - begin)
        except BaseException as error:
            item.stash[_OUTCOMES] = attempt.without(wanted, f"its check ended early: it {raised(error)}")
            raise
        finally:
            item.user_properties[:] = recorded  # each rerun of a body that records some has added them again
        if outcomes.error is not None:
            raise outcomes.error

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End the worker processes; what went wrong in that goes to whoever reports the session."""
        pool = self._attempts.pool
        if pool is None:
            return
        pool.close()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["gilcheck_notes"] = pool.notes
        else:
            results = self._config.pluginmanager.get_plugin("gilcheck-results")
            assert isinstance(results, Results)
            results.notes += pool.notes

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """Report what the teardown after the ordinary run raised where pytest would have reported it."""
        yield
        error = item.stash.get(attempt.TEARDOWN_ERROR, None)
        if error is not None:
            del item.stash[attempt.TEARDOWN_ERROR]
            raise error

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the records to the report of the phase that decided the test."""
        report = yield
        wanted = item.stash.get(_ASKED, None)
        if wanted is not None and (call.when == "call" or (call.when == "setup" and not report.passed)):
            attach(report, item.stash.get(_OUTCOMES, None) or _not_run(wanted, report))
        return report


def _not_run(wanted: Asked, report: pytest.TestReport) -> Outcomes:
    """The outcomes of a test that did not pass; nothing more is expected of it."""
    scaling = None if wanted.scaling is None else Wanted()
    race = None if wanted.if_run else wanted.race
    return attempt.without(Asked(scaling=scaling, race=race), f"its ordinary run did not pass ({report.outcome})")
