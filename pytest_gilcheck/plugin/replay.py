"""``--gilcheck-replay``: the one selected test runs under the schedule of a token, in place of its ordinary run."""

from __future__ import annotations

import sys
from collections.abc import Generator
from dataclasses import replace

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.plugin import asked, compat, frames, racefailures
from pytest_gilcheck.plugin.markers import RaceWanted, race_wanted
from pytest_gilcheck.plugin.outcomes import Outcomes, RaceOutcome
from pytest_gilcheck.plugin.output import logs_apart
from pytest_gilcheck.plugin.racecheck import LIMIT, Stage, describe
from pytest_gilcheck.plugin.racescope import rules, scope
from pytest_gilcheck.plugin.report import attach
from pytest_gilcheck.plugin.scenario import ItemScenario
from pytest_gilcheck.plugin.settings import PluginSettings
from pytest_gilcheck.plugin.tail import Tail
from pytest_gilcheck.plugin.testname import copies_of, scenario_name
from pytest_gilcheck.races import Exploration, replay
from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.verdict import WITNESSED, Race


class Replay:
    """The hooks of a session that replays."""

    def __init__(self, config: pytest.Config, settings: PluginSettings, item: pytest.Item) -> None:
        self._config = config
        self._settings = settings
        self._item = item
        self._outcome: RaceOutcome | None = None
        # So that --pdb and all reporting treat it as the test's run.
        item.runtest = self._run  # type: ignore[method-assign]

    def _run(self) -> None:
        __tracebackhide__ = frames.hidden
        outcome = self._outcome = self._replay(self._item)
        if outcome.error is not None:
            raise outcome.error

    def _replay(self, item: pytest.Item) -> RaceOutcome:
        assert self._settings.replay is not None
        copies = copies_of(self._settings.replay, item.nodeid)
        if copies is None:
            return _refused("the schedule is for another test; give the test's id and the schedule as they were printed")
        reason = asked.against(item, copies)
        if reason is not None:
            return _refused(reason)
        assert isinstance(item, pytest.Function)
        wanted = race_wanted(item) or RaceWanted()
        compat.stop_timers(item)
        compat.tell_result(item, "call")
        compat.tear_down(item)
        try:
            with logs_apart(item) as log:
                exploration = replay(
                    _Rehearsed(item, copies, log, atomic=wanted.atomic),
                    self._settings.replay,
                    name=scenario_name(item.nodeid, copies),
                    scope=scope(self._config, self._settings, item),
                    limit=self._settings.timeout or LIMIT,
                    debuggable=True,
                    rules=rules(self._settings, wanted),
                )
        except Misuse as refusal:
            return _refused(str(refusal))
        return self._judged(exploration, copies)

    def _judged(self, exploration: Exploration, copies: int) -> RaceOutcome:
        record = describe([Stage(copies=copies, exploration=exploration)], RaceWanted())
        if exploration.verdict not in WITNESSED:
            return RaceOutcome(record=record)
        section = racefailures.section(self._item, exploration, record, replayed=True)
        return RaceOutcome(
            record=replace(record, failed=True), error=racefailures.error(self._item, exploration), section=section
        )

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the record to the report of the replay."""
        report = yield
        if call.when == "call" and self._outcome is not None:
            attach(report, Outcomes(race=self._outcome))
        return report


class _Rehearsed:
    """The scenario of ``item``; mute while the engine gets to know the code, which it does with breakpoints silenced.

    What it writes then goes to streams that were made before, as all code that runs in an execution counts. ``log`` is
    emptied for each execution, so that in the end it has the records of the last.
    """

    def __init__(self, item: pytest.Function, copies: int, log: Tail, *, atomic: bool) -> None:
        self._scenario = ItemScenario(item, copies, atomic=atomic, keep_folders=True)
        self._log = log
        self._breakpointhook = sys.breakpointhook
        self._mute = Tail(sys.stdout, 0), Tail(sys.stderr, 0)

    def __call__(self) -> None:
        self._log.clear()
        before = sys.stdout, sys.stderr
        if sys.breakpointhook is not self._breakpointhook:
            sys.stdout, sys.stderr = self._mute
        try:
            self._scenario()
        finally:
            sys.stdout, sys.stderr = before


def _refused(reason: str) -> RaceOutcome:
    record = RaceRecord(verdict=Race.SKIPPED, reason=reason, failed=True)
    return RaceOutcome(record=record, error=pytest.fail.Exception(f"gilcheck: cannot replay: {reason}", pytrace=False))


def only(items: list[pytest.Item]) -> pytest.Item:
    """The one test to replay; a usage error unless there is exactly one."""
    if len(items) == 1:
        return items[0]
    what = "no test is" if not items else f"{len(items)} tests are"
    raise pytest.UsageError(
        f"--gilcheck-replay replays one test, and {what} selected; give the id printed with the schedule"
    )
