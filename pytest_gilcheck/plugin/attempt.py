"""The checks of one item after its ordinary run has passed: for races first, then scaling."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

import pytest

from pytest_gilcheck.environment import observe
from pytest_gilcheck.plugin import checks, compat
from pytest_gilcheck.plugin.asked import Asked, against
from pytest_gilcheck.plugin.checks import Checker
from pytest_gilcheck.plugin.markers import RaceWanted, Wanted
from pytest_gilcheck.plugin.outcomes import Outcomes, RaceOutcome, race_skipped
from pytest_gilcheck.plugin.output import Output, apart
from pytest_gilcheck.plugin.pool import Pool
from pytest_gilcheck.plugin.progress import Progress
from pytest_gilcheck.plugin.settings import PluginSettings
from pytest_gilcheck.tracers import aside, unmeasured

if TYPE_CHECKING:
    from pytest_gilcheck.plugin.racecheck import RaceChecker

#: What the teardown after the ordinary run raised, until pytest's own turn to tear down.
TEARDOWN_ERROR = pytest.StashKey[BaseException]()


class Attempts:
    """Checks the items of one session; what the engines need is made when the first one asks for it."""

    def __init__(self, config: pytest.Config, settings: PluginSettings) -> None:
        self._config = config
        self._settings = settings
        self._checker: Checker | None = None
        self._races: RaceChecker | None = None
        self.pool: Pool | None = None

    def check(self, item: pytest.Item, wanted: Asked, seconds: float) -> Outcomes:
        """Make the checks that ``wanted`` names of a test whose ordinary run took ``seconds``."""
        race = None if wanted.race is None else _refused_race(item, wanted.race)
        scaling = None if wanted.scaling is None else _refused_scaling(item, wanted.scaling)
        if (wanted.race is None or race is not None) and (wanted.scaling is None or scaling is not None):
            return Outcomes(scaling=scaling, race=race)
        assert isinstance(item, pytest.Function)
        compat.stop_timers(item)
        try:
            compat.tell_result(item, "call")
            compat.tear_down(item)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | pytest.exit.Exception):
                raise
            item.stash[TEARDOWN_ERROR] = error
            return without(wanted, "its teardown failed after the ordinary run")
        with aside(), unmeasured(), apart(item) as output:
            if wanted.race is not None and race is None:
                race = self._search(item, wanted.race, seconds, output)
            if wanted.scaling is not None and scaling is None:
                if race is not None and race.witnessed:
                    scaling = checks.skipped(f"its race check found a {race.record.verdict}", wanted.scaling)
                else:
                    scaling = self._ready().check(item, wanted.scaling, Progress(self._config, item))
                    self._measure_lines(item, scaling)
        outcomes = Outcomes(scaling=scaling, race=race)
        if outcomes.error is not None:
            output.show(item)
        return outcomes

    def _search(self, item: pytest.Function, wanted: RaceWanted, seconds: float, output: Output) -> RaceOutcome:
        from pytest_gilcheck.plugin.racecheck import RaceChecker  # noqa: PLC0415 - for sessions that need it only

        self._races = self._races or RaceChecker(self._config, self._settings)
        return self._races.check(item, wanted, seconds, output)

    def _measure_lines(self, item: pytest.Function, scaling: checks.Outcome) -> None:
        coverage = self._config.pluginmanager.get_plugin("gilcheck-coverage")
        if coverage is not None and self.pool is not None:
            coverage.scaling(item, scaling.record, self.pool)

    def _ready(self) -> Checker:
        if self._checker is None:
            self.pool = Pool(self._config)
            self._config.add_cleanup(self.pool.close)
            self._checker = Checker(self._settings, self.pool, _sibling_lock(self._config), observe())
        return self._checker


def without(wanted: Asked, reason: str) -> Outcomes:
    """The outcomes of a test for which neither check could be made."""
    return Outcomes(
        scaling=None if wanted.scaling is None else checks.skipped(reason, wanted.scaling),
        race=None if wanted.race is None else race_skipped(reason),
    )


def _refused_race(item: pytest.Item, wanted: RaceWanted) -> RaceOutcome | None:
    assert isinstance(wanted.threads, int)
    reason = against(item, wanted.threads)
    return None if reason is None else race_skipped(reason)


def _refused_scaling(item: pytest.Item, wanted: Wanted) -> checks.Outcome | None:
    reason = against(item, 2)
    return None if reason is None else checks.skipped(reason, wanted)


def _sibling_lock(config: pytest.Config) -> AbstractContextManager[object] | None:
    """Under pytest-xdist, the lock that lets one worker at a time measure; in the folder that the workers' own lie in."""
    if not hasattr(config, "workerinput"):
        return None
    from filelock import FileLock  # noqa: PLC0415 - takes long to import, and most sessions have no siblings

    folder = compat.shared_folder(config)
    return FileLock(folder / "gilcheck.lock")
