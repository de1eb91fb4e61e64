"""One session's checks: plan them after collection, run each after its test's ordinary run, report it."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from filelock import FileLock

from pytest_gilcheck.environment import observe
from pytest_gilcheck.plugin import compat, markers, unsafe
from pytest_gilcheck.plugin.checks import Checker, Outcome, skipped
from pytest_gilcheck.plugin.output import apart
from pytest_gilcheck.plugin.pool import Pool
from pytest_gilcheck.plugin.progress import Progress
from pytest_gilcheck.plugin.results import Results
from pytest_gilcheck.plugin.settings import PluginSettings, resolve
from pytest_gilcheck.scaling.failures import raised

#: The attribute of a test report that carries the record, as builtins, to where the session is reported.
ATTRIBUTE = "gilcheck"

_WANTED = pytest.StashKey[markers.Wanted]()
_OUTCOME = pytest.StashKey[Outcome | None]()
_TEARDOWN_ERROR = pytest.StashKey[BaseException]()
_SETTINGS = pytest.StashKey[PluginSettings]()


def start(config: pytest.Config) -> PluginSettings:
    """Check the options and register what gathers and reports; once a session."""
    settings = config.stash.get(_SETTINGS, None)
    if settings is None:
        settings = config.stash[_SETTINGS] = resolve(config)
        if not hasattr(config, "workerinput"):
            config.pluginmanager.register(Results(config, settings), "gilcheck-results")
    return settings


def plan(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the markers of ``items``, note on each what it asks for, and register what runs the checks."""
    if config.pluginmanager.has_plugin("gilcheck-worker"):
        return
    settings = start(config)
    try:
        markers.check_all(items)
    except pytest.UsageError as mistake:
        output = getattr(config, "workeroutput", None)
        if output is None:
            raise
        # A worker of pytest-xdist cannot end the run in an orderly way; the controller does, when it reads this.
        output["gilcheck_mistake"] = str(mistake)
        items.clear()
        return
    for item in items:
        wanted = markers.wanted(item) or (markers.Wanted() if settings.everything and _bare(item) else None)
        if wanted is not None:
            item.stash[_WANTED] = wanted
    if not config.pluginmanager.has_plugin("gilcheck-checks"):
        config.pluginmanager.register(Checks(config, settings), "gilcheck-checks")


def _bare(item: pytest.Item) -> bool:
    """Whether a test has no marker of this plugin that says otherwise than ``--gilcheck``."""
    return item.get_closest_marker("gilcheck_race") is None


class Checks:
    """The hooks around a test with a marker."""

    def __init__(self, config: pytest.Config, settings: PluginSettings) -> None:
        self._config = config
        self._settings = settings
        self._checker: Checker | None = None
        self._pool: Pool | None = None

    def _ready(self) -> Checker:
        if self._checker is None:
            self._pool = Pool(self._config)
            self._config.add_cleanup(self._pool.close)
            self._checker = Checker(self._settings, self._pool, _sibling_lock(self._config), observe())
        return self._checker

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """The ordinary run first; its failure or skip is the result and nothing else is measured."""
        item.stash[_OUTCOME] = None
        yield
        wanted = item.stash.get(_WANTED, None)
        if wanted is None or compat.ordinary_run_failed(item):
            return
        try:
            outcome = item.stash[_OUTCOME] = self._check(item, wanted)
        except BaseException as error:
            item.stash[_OUTCOME] = skipped(f"its check ended early: it {raised(error)}", wanted)
            raise
        if outcome.error is not None:
            raise outcome.error

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """End the worker processes; what went wrong in that goes to whoever reports the session."""
        if self._pool is None:
            return
        self._pool.close()
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["gilcheck_notes"] = self._pool.notes
        else:
            results = self._config.pluginmanager.get_plugin("gilcheck-results")
            assert isinstance(results, Results)
            results.notes += self._pool.notes

    def _check(self, item: pytest.Item, wanted: markers.Wanted) -> Outcome:
        reason = markers.skip_reason(item) or markers.xfail_reason(item) or unsafe.reason(item)
        if reason is not None:
            return skipped(reason, wanted)
        assert isinstance(item, pytest.Function)
        compat.stop_timers(item)
        try:
            compat.tell_result(item, "call")
            compat.tear_down(item)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | pytest.exit.Exception):
                raise
            item.stash[_TEARDOWN_ERROR] = error
            return skipped("its teardown failed after the ordinary run", wanted)
        with apart(item) as output:
            outcome = self._ready().check(item, wanted, Progress(self._config, item))
        if outcome.error is not None:
            output.show(item)
        return outcome

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        """Report what the teardown after the ordinary run raised where pytest would have reported it."""
        yield
        error = item.stash.get(_TEARDOWN_ERROR, None)
        if error is not None:
            del item.stash[_TEARDOWN_ERROR]
            raise error

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the record to the report of the phase that decided the test."""
        report = yield
        if item.stash.get(_WANTED, None) is not None and (
            call.when == "call" or (call.when == "setup" and not report.passed)
        ):
            wanted = markers.Wanted()  # of a test that did not pass, nothing more is expected
            outcome = item.stash.get(_OUTCOME, None) or skipped(f"its ordinary run did not pass ({report.outcome})", wanted)
            setattr(report, ATTRIBUTE, outcome.record.to_builtins())
        elif call.when == "call" and item.get_closest_marker("gilcheck_race") is not None:
            setattr(report, ATTRIBUTE, None)
        return report


def _sibling_lock(config: pytest.Config) -> FileLock | None:
    """Under pytest-xdist, the lock that lets one worker at a time measure; in the folder that the workers' own lie in."""
    if not hasattr(config, "workerinput"):
        return None
    folder = compat.shared_folder(config)
    return FileLock(folder / "gilcheck.lock")
