"""What is wrong, or worth a look, in a report: one value for each thing, for all formats that list problems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.reporting.rules import RULES, Level, hazard_rule
from pytest_gilcheck.verdict import FLAGGED, WITNESSED, Hazard, Race

_STOPPED = frozenset({Race.NONDETERMINISTIC, Race.UNCONTROLLED})

# Words of what fails a run that have no rule of the same name: a hazard has one for its kind.
_HAZARD = "hazard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A line of source with what is said of it; ``file`` is as the record has it."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found by ``rule`` in ``test``. ``title`` is a few words, ``text`` a sentence or more.

    ``spots`` are the lines that it is about, the most telling first; there may be none. ``race`` is the record of what a
    schedule showed.
    """

    rule: str
    level: Level
    test: str
    title: str
    text: str
    spots: tuple[Spot, ...] = ()
    race: RaceRecord | None = None
    hazard: Hazard | None = None
    scaling: ScalingRecord | None = None


def findings(report: Report) -> list[Finding]:
    """All that a report has, the worst first, and otherwise in the order of its tests."""
    failing: dict[str, list[str]] = {}
    for test, word in report.failing:
        failing.setdefault(test, []).append(word)
    found = [each for test, checked in report.tests.items() for each in _of_test(test, checked, failing.get(test, []))]
    found += [_of_word(test, word, None) for test, words in failing.items() if test not in report.tests for word in words]
    return sorted(found, key=lambda each: each.level)


def spots_of(story: Mapping[str, Any] | None) -> tuple[Spot, ...]:
    """The lines of a story: first those of threads that are stuck, then those whose accesses conflict, then the others."""
    if story is None:
        return ()
    steps = sorted(story["steps"], key=lambda step: not any(act["conflict"] for act in step["acts"]))
    lines = [*story["stuck"], *steps]
    return tuple({(each["file"], each["line"]): _spot(each) for each in lines}.values())


def _spot(line: Mapping[str, Any]) -> Spot:
    return Spot(file=line["file"], line=line["line"], text=line["source"])


def _of_test(test: str, checked: Checked, words: list[str]) -> Iterator[Finding]:
    told = set()
    races = [] if checked.race is None else _of_race(test, checked.race, words)
    scalings = [] if checked.scaling is None else _of_scaling(test, checked.scaling, words)
    for each in [*races, *scalings]:
        told.add(_HAZARD if each.hazard is not None else each.rule)
        yield each
    for word in words:
        if word not in told:
            yield _of_word(test, word, checked)


def _of_word(test: str, word: str, checked: Checked | None) -> Finding:
    """For a word that fails the run and that nothing else tells."""
    scaling = None if checked is None else checked.scaling
    rule = word if word in RULES else "other"
    reason = "" if scaling is None or rule == "other" else f" {scaling.reason}"
    meaning = f"The run fails on {word}." if rule == "other" else RULES[rule].meaning
    title = word if rule == "other" else _title(rule)
    return Finding(rule=rule, level=Level.ERROR, test=test, title=title, text=f"{meaning}{reason}", scaling=scaling)


def _of_race(test: str, record: RaceRecord, words: list[str]) -> Iterator[Finding]:
    if record.verdict in WITNESSED:
        rule = record.verdict.value
        cause = (record.story or {}).get("cause") or record.kind
        yield Finding(
            rule=rule,
            level=Level.ERROR if record.failed or rule in words else Level.WARNING,
            test=test,
            title=_title(rule) if cause in {None, rule} else f"{_title(rule)}: {cause}",
            text=record.reason,
            spots=spots_of(record.story),
            race=record,
        )
    if record.verdict in _STOPPED:
        rule = record.verdict.value
        level = Level.ERROR if rule in words else RULES[rule].level
        text = "\n".join([record.reason, *record.uncontrolled])
        yield Finding(rule=rule, level=level, test=test, title=_title(rule), text=text, race=record)
    # A test that fails and for which nothing was witnessed fails for its hazards.
    failed = _HAZARD in words or (record.failed and record.verdict not in WITNESSED)
    shown = {(spot.file, spot.line) for spot in spots_of(record.story)} if record.verdict in WITNESSED else set()
    for hazard in record.hazards:
        rule = hazard_rule(hazard.kind)
        spots = tuple(Spot(file=each.file, line=each.line, text=each.source) for each in hazard.places)
        if not failed and {(spot.file, spot.line) for spot in spots} <= shown:
            continue  # it has happened, and is told above
        level = Level.ERROR if failed else RULES[rule].level
        yield Finding(rule=rule, level=level, test=test, title=_title(rule), text=hazard.text, spots=spots, hazard=hazard)


def _of_scaling(test: str, record: ScalingRecord, words: list[str]) -> Iterator[Finding]:
    if record.failed:
        yield _scaling("failed-in-rerun", Level.ERROR, test, record, record.reason)
        return
    if record.expectation == "broken":
        yield _scaling("expectation", RULES["expectation"].level, test, record, record.expected or record.reason)
    elif record.expectation == "unchecked":
        rule = "expectation-unchecked"
        yield _scaling(rule, RULES[rule].level, test, record, record.expected or record.reason)
    if record.regression is not None:
        level = Level.ERROR if "regression" in words else Level.WARNING
        yield _scaling("regression", level, test, record, record.regression)
    rule = record.verdict.value
    if rule in words and rule in RULES:
        yield _scaling(rule, Level.ERROR, test, record, _reason(record))
    elif record.verdict in FLAGGED and record.expectation is None:
        # What its author expects, or is told of above, is no news.
        yield _scaling(rule, RULES[rule].level, test, record, _reason(record))


def _scaling(rule: str, level: Level, test: str, record: ScalingRecord, text: str) -> Finding:
    spots = tuple(
        Spot(file=line.file, line=line.line, text=f"{line.share:.0%} of the time the GIL was held in {line.function}")
        for line in record.hot_lines
    )
    return Finding(rule=rule, level=level, test=test, title=_title(rule), text=text, spots=spots, scaling=record)


def _reason(record: ScalingRecord) -> str:
    return f"{record.reason}; {record.advice}" if record.advice else record.reason


def _title(rule: str) -> str:
    name = RULES[rule].name
    return name[0].lower() + name[1:]
