from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_gilcheck.gating.policy import WORDS
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.findings import Finding, findings
from pytest_gilcheck.reporting.rules import RULES, Level, hazard_rule
from pytest_gilcheck.verdict import FLAGGED, WITNESSED, Race, Scaling
from unit.reporting.specimens import BOUND, CLEAN, DEADLOCK, HAZARD, RACE, WAITS, a_report


def found(*words: str, scaling: ScalingRecord | None = None, race: RaceRecord | None = None) -> list[Finding]:
    failing = tuple(("tests/test_it.py::t", word) for word in words)
    return findings(a_report(failing, t=Checked(scaling=scaling, race=race)))


def rules(*words: str, scaling: ScalingRecord | None = None, race: RaceRecord | None = None) -> list[tuple[str, Level]]:
    return [(each.rule, each.level) for each in found(*words, scaling=scaling, race=race)]


@pytest.mark.parametrize("verdict", sorted(WITNESSED))
def test_what_was_witnessed_is_an_error_if_it_fails_the_test(verdict: Race) -> None:
    assert rules(race=replace(RACE, verdict=verdict)) == [(verdict.value, Level.ERROR)]
    assert rules(race=replace(RACE, verdict=verdict, failed=False)) == [(verdict.value, Level.WARNING)]


def test_a_race_is_told_with_its_cause_and_its_lines() -> None:
    (finding,) = found(race=RACE)
    assert finding.title == "race: lost update of Counter.value"
    assert finding.text == "lost update of Counter.value (found on schedule 2)"
    assert [(spot.file, spot.line) for spot in finding.spots] == [("src/counter.py", 5)]
    (finding,) = found(race=DEADLOCK)
    assert (finding.title, [spot.line for spot in finding.spots]) == ("deadlock", [4, 3])


@pytest.mark.parametrize("verdict", [Race.CLEAN, Race.SKIPPED, Race.NOT_REPEATABLE])
def test_what_says_nothing_bad_is_no_finding(verdict: Race) -> None:
    assert rules(race=replace(CLEAN, verdict=verdict, hazards=())) == []
    assert rules(scaling=WAITS) == []


@pytest.mark.parametrize("verdict", [Race.NONDETERMINISTIC, Race.UNCONTROLLED])
def test_what_stopped_a_search(verdict: Race) -> None:
    record = RaceRecord(verdict=verdict, reason="x", uncontrolled=("thread 1 waits for a socket",))
    assert rules(race=record) == [(verdict.value, Level.WARNING)]
    assert rules(verdict.value, race=record) == [(verdict.value, Level.ERROR)]
    assert found(race=record)[0].text == "x\nthread 1 waits for a socket"


def test_hazards() -> None:
    assert rules(race=CLEAN) == [("hazard-unordered", Level.WARNING)]
    assert rules("hazard", race=CLEAN) == [("hazard-unordered", Level.ERROR)]
    assert rules(race=replace(CLEAN, failed=True)) == [("hazard-unordered", Level.ERROR)]
    assert rules(race=replace(CLEAN, hazards=(replace(HAZARD, kind="new"),))) == [("hazard", Level.WARNING)]


def test_a_hazard_that_has_come_true_is_told_once() -> None:
    same = replace(HAZARD, places=(replace(HAZARD.places[0], file="src/counter.py", line=5),))
    assert rules(race=replace(RACE, hazards=(same,))) == [("race", Level.ERROR)]
    assert [rule for rule, _ in rules(race=replace(RACE, hazards=(HAZARD,)))] == ["race", "hazard-unordered"]


@pytest.mark.parametrize("verdict", sorted(FLAGGED))
def test_threads_that_do_not_help_are_a_note_unless_that_is_expected(verdict: Scaling) -> None:
    record = replace(BOUND, verdict=verdict)
    assert rules(scaling=record) == [(verdict.value, Level.NOTE)]
    assert rules(scaling=replace(record, expectation="met")) == []


def test_a_verdict_that_fails_the_run_is_an_error() -> None:
    assert rules("gil-bound", scaling=BOUND) == [("gil-bound", Level.ERROR)]
    assert rules("inconclusive", scaling=replace(WAITS, verdict=Scaling.INCONCLUSIVE)) == [("inconclusive", Level.ERROR)]
    assert rules(scaling=replace(WAITS, verdict=Scaling.INCONCLUSIVE)) == []
    assert found("gil-bound", scaling=BOUND)[0].spots[0].file == "/repo/src/a b.py"


def test_expectations() -> None:
    broken = replace(WAITS, expectation="broken", expected="expect='gil-bound', but it is io-bound")
    assert rules(scaling=broken) == [("expectation", Level.ERROR)]
    assert found(scaling=broken)[0].text == "expect='gil-bound', but it is io-bound"
    assert rules(scaling=replace(broken, expectation="unchecked")) == [("expectation-unchecked", Level.NOTE)]


def test_a_regression_is_told_with_what_is_worse_and_is_an_error_if_it_fails_the_run() -> None:
    worse = replace(WAITS, compared="worse", regression="it was better")
    (finding,) = found("regression", scaling=worse)
    assert (finding.rule, finding.level, finding.text) == ("regression", Level.ERROR, "it was better")
    assert rules(scaling=worse) == [("regression", Level.WARNING)]


def test_a_rerun_that_failed_is_the_only_thing_said() -> None:
    assert rules(scaling=replace(BOUND, failed=True, expectation="broken")) == [("failed-in-rerun", Level.ERROR)]


def test_a_word_that_nothing_tells_is_told_by_itself() -> None:
    assert rules("regression", scaling=WAITS) == [("regression", Level.ERROR)]
    assert rules("of a later version", scaling=WAITS) == [("other", Level.ERROR)]
    assert [each.test for each in findings(a_report((("gone", "regression"),)))] == ["gone"]


def test_the_worst_come_first() -> None:
    report = a_report(a=Checked(scaling=BOUND), b=Checked(race=CLEAN), c=Checked(race=RACE), d=Checked(race=DEADLOCK))
    assert [each.test[-1] for each in findings(report)] == ["c", "d", "b", "a"]


def test_there_is_a_rule_for_every_word_and_every_kind_of_hazard() -> None:
    assert set(WORDS) - set(RULES) <= {"none"}
    kinds = ("unordered", "split", "lock-order", "lost-update", "unserialisable")
    assert [hazard_rule(kind) for kind in kinds] == [f"hazard-{kind}" for kind in kinds]
