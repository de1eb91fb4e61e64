"""The race check of one item: search with few copies of its body first, judge, and say how to see a failure again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from pytest_gilcheck.plugin import racefailures, strategies, tokens
from pytest_gilcheck.plugin.markers import RaceWanted
from pytest_gilcheck.plugin.outcomes import RaceOutcome
from pytest_gilcheck.plugin.output import Output, bounded
from pytest_gilcheck.plugin.progress import RaceProgress
from pytest_gilcheck.plugin.racescope import rules, scope
from pytest_gilcheck.plugin.scenario import ItemScenario
from pytest_gilcheck.plugin.settings import PluginSettings
from pytest_gilcheck.plugin.testname import copies_of, scenario_name
from pytest_gilcheck.races import Budget, Exploration, explore
from pytest_gilcheck.races.schedulers.guarded import BrokenStrategy
from pytest_gilcheck.races.search import Observer
from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.verdict import WITNESSED, Hazard, Race

if TYPE_CHECKING:
    from pytest_gilcheck.plugin.concurrency import Concurrency

SECONDS = 1.0
SCHEDULES = 1000
_NO_LIMIT = 10**9

#: The longest that one execution may take, and how many times the ordinary run of all copies, if that is more.
LIMIT = 10.0
LIMIT_RUNS = 20

# Most races need two threads, nearly all others four; so much of what is left of the budget goes to each but the last.
_FEW = (2, 4)
_SHARE = 0.5

# A search runs so many executions before it looks at its budget: with more copies only if these fit into what is left.
_FIRST_EXECUTIONS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A search with ``copies`` of the body, and what it came to."""

    copies: int
    exploration: Exploration


class RaceChecker:
    """Checks the items of one session, one at a time."""

    def __init__(self, config: pytest.Config, settings: PluginSettings) -> None:
        self._config = config
        self._settings = settings
        self._coverage: Concurrency | None = config.pluginmanager.get_plugin("gilcheck-coverage")

    def check(self, item: pytest.Function, wanted: RaceWanted, seconds: float, output: Output) -> RaceOutcome:
        """Search for an interleaving that breaks ``item``, whose ordinary run took ``seconds``; ``output`` is added to."""
        assert isinstance(wanted.threads, int)
        token = tokens.last(self._config, item.nodeid)
        try:
            with bounded(item, output), self._lines_recorded() as executed:
                stages = list(self._search(item, wanted, token, seconds, executed))
        except BrokenStrategy as mistake:
            return _broken(mistake)
        record = _shortened(item, describe(stages, wanted))
        last = stages[-1].exploration
        section = racefailures.section(item, last, record) if last.verdict in WITNESSED else None
        if self._settings.policy.fails_test(last.verdict):
            return RaceOutcome(record=replace(record, failed=True), error=racefailures.error(item, last), section=section)
        if record.hazards and self._settings.policy.hazards_fail:
            error, section = racefailures.hazardous(record.hazards)
            return RaceOutcome(record=replace(record, failed=True), error=error, section=section)
        return RaceOutcome(record=record, section=section)

    def _lines_recorded(self) -> AbstractContextManager[Observer | None]:
        """Around a search, what is to hear of each execution for the coverage of concurrency, if that is measured."""
        return nullcontext() if self._coverage is None else self._coverage.race()

    def _search(
        self, item: pytest.Function, wanted: RaceWanted, token: str | None, seconds: float, executed: Observer | None
    ) -> Iterator[Stage]:
        """One search after another, until one has an answer that more copies would not change."""
        assert isinstance(wanted.threads, int)
        progress = RaceProgress(self._config, item, executed)
        left = _limits(wanted)
        stages = steps(wanted.threads, copies_of(token, item.nodeid) if token else None)
        for copies, following in pairwise([*stages, None]):
            assert copies is not None
            share = 1.0 if following is None else _SHARE
            budget = Budget(
                seconds=left[0] * share,
                schedules=max(1, int(left[1] * share)),
                limit=self._settings.timeout or max(LIMIT, LIMIT_RUNS * copies * seconds),
            )
            scenario = ItemScenario(item, copies, atomic=wanted.atomic)
            exploration = explore(
                scenario,
                name=scenario_name(item.nodeid, copies),
                strategy=wanted.strategy,
                strategies=strategies.added(self._config),
                budget=budget,
                seed=wanted.seed or 0,
                bound=wanted.bound,
                scope=scope(self._config, self._settings, item),
                observer=progress,
                first=token,
                rules=rules(self._settings, wanted),
            )
            if self._coverage is not None:
                self._coverage.searched(exploration)
            yield Stage(copies=copies, exploration=_as_declined(exploration, scenario.declined))
            left = (left[0] - exploration.seconds, left[1] - exploration.schedules)
            if exploration.verdict is not Race.CLEAN or not following or not _worth(exploration, left, following / copies):
                return


def _broken(mistake: BrokenStrategy) -> RaceOutcome:
    """The strategy that was asked for is not fit to search: nothing is known about the test, and that must not go unseen."""
    record = RaceRecord(verdict=Race.SKIPPED, reason=str(mistake), failed=True)
    error = pytest.fail.Exception(f"gilcheck: {mistake}; the test itself was not judged", pytrace=False)
    return RaceOutcome(record=record, error=error)


def _shortened(item: pytest.Item, record: RaceRecord) -> RaceRecord:
    uncontrolled = tuple(racefailures.shortened(item, line) for line in record.uncontrolled)
    hazards = tuple(racefailures.shortened_hazard(item, hazard) for hazard in record.hazards)
    reason, story = racefailures.shortened(item, record.reason), racefailures.shortened_story(item, record.story)
    return replace(record, reason=reason, uncontrolled=uncontrolled, hazards=hazards, story=story)


def _limits(wanted: RaceWanted) -> tuple[float, int]:
    """The seconds and the schedules of a search: of two limits, one that is given alone is the only one."""
    if wanted.seconds and not wanted.schedules:
        return wanted.seconds, _NO_LIMIT
    if wanted.schedules and not wanted.seconds:
        return float(_NO_LIMIT), wanted.schedules
    return wanted.seconds or SECONDS, wanted.schedules or SCHEDULES


def _as_declined(exploration: Exploration, declined: str | None) -> Exploration:
    """A test that skips itself in its first execution is skipped, as it is when it does so in any other rerun."""
    if declined is None or exploration.verdict is not Race.NOT_REPEATABLE:
        return exploration
    return replace(exploration, verdict=Race.SKIPPED, reason=f"it skips itself when it is rerun: {declined}")


def _worth(exploration: Exploration, left: tuple[float, int], growth: float) -> bool:
    """Whether a search with ``growth`` times as many copies as ``exploration`` had fits into what is left of the budget."""
    one = exploration.seconds / max(1, exploration.schedules) * growth
    return left[0] >= _FIRST_EXECUTIONS * one and left[1] >= _FIRST_EXECUTIONS


def steps(threads: int, first: int | None = None) -> list[int]:
    """How many copies to search with, one after another: ``8`` gives 2, 4 and 8; ``first`` is moved to the front."""
    found = [few for few in _FEW if few < threads] + [threads]
    return sorted(found, key=lambda copies: copies != first)


def describe(stages: Sequence[Stage], wanted: RaceWanted) -> RaceRecord:
    """The record of what the searches with more and more copies came to."""
    decisive = _decisive(stages)
    exploration = decisive.exploration
    before = sum(stage.exploration.schedules for stage in stages[: stages.index(decisive)])
    first = exploration.first_failure
    return RaceRecord(
        verdict=exploration.verdict,
        reason=_reason(stages, decisive),
        kind=exploration.kind,
        coverage=exploration.coverage,
        preemption_bound=exploration.preemption_bound,
        schedules=sum(stage.exploration.schedules for stage in stages),
        first_failure=None if first is None else before + first,
        switches=exploration.switches,
        token=exploration.token,
        gil_feasible=exploration.gil_feasible,
        uncontrolled=exploration.uncontrolled,
        threads=decisive.copies,
        strategy=wanted.strategy,
        seed=wanted.seed or 0,
        hazards=_hazards_of(stages),
        conflicts=exploration.conflicts,
        orders_seen=exploration.orders_seen,
        orders_total=exploration.orders_total,
        pruned=exploration.pruned,
        found_after=exploration.found_after,
        seconds=sum(stage.exploration.seconds + stage.exploration.gil_seconds for stage in stages),
        story=racefailures.plain_story(exploration),
    )


def _hazards_of(stages: Sequence[Stage]) -> tuple[Hazard, ...]:
    """Those of all searches; the same lines once."""
    found: dict[object, Hazard] = {}
    for stage in sorted(stages, key=lambda stage: stage.copies):
        for hazard in stage.exploration.hazards:
            lines = sorted({(place.file, place.line) for place in hazard.places})
            found.setdefault((hazard.kind, *lines), hazard)
    return tuple(found.values())


def _decisive(stages: Sequence[Stage]) -> Stage:
    """The last, unless it only says that so many copies cannot be run, after fewer could."""
    last = stages[-1]
    undone = last.exploration.verdict in {Race.NOT_REPEATABLE, Race.SKIPPED}
    return stages[-2] if undone and len(stages) > 1 else last


def _reason(stages: Sequence[Stage], decisive: Stage) -> str:
    """The sentence of the only search, or those of all that passed, each with its number of copies."""
    if decisive.exploration.verdict is not Race.CLEAN or len(stages) == 1:
        return racefailures.reason(decisive.exploration)
    said: dict[str, list[str]] = {}
    for stage in sorted(stages, key=lambda stage: stage.copies):
        ran = stage.exploration.verdict is Race.CLEAN
        said.setdefault(f"{'' if ran else 'not run: '}{stage.exploration.reason}", []).append(str(stage.copies))
    return "; ".join(f"{' and '.join(copies)} threads: {reason}" for reason, copies in said.items())
