from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema

from pytest_gilcheck import __version__
from pytest_gilcheck.record import Checked
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.reporting.rules import RULES
from pytest_gilcheck.reporting.sarif import text
from unit.reporting.specimens import BOUND, CLEAN, DEADLOCK, HAZARD, RACE, WAITS, a_report, of_tests

SCHEMA = json.loads(Path(__file__).with_name("sarif-2.1.0.schema.json").read_text(encoding="utf-8"))


def run(report: Report) -> Any:
    document = json.loads(text(report))
    jsonschema.Draft4Validator(SCHEMA).validate(document)
    (only,) = document["runs"]
    return only


def result(checked: Checked, test: str = "test_a") -> Any:
    (only,) = run(a_report(**{test: checked}))["results"]
    return only


def physical(place: Any) -> tuple[str, int]:
    found = place["physicalLocation"]
    return found["artifactLocation"]["uri"], found["region"]["startLine"]


def test_nothing_found() -> None:
    found = run(a_report(test_a=Checked(scaling=WAITS)))
    assert found["results"] == []
    assert found["tool"]["driver"] == {"name": "pytest-gilcheck", "version": __version__, "rules": []}


def test_a_race() -> None:
    found = result(Checked(race=RACE))
    assert (found["ruleId"], found["level"]) == ("race", "error")
    assert found["message"]["text"].startswith("race: lost update of Counter.value in tests/test_it.py::test_a\n")
    assert physical(found["locations"][0]) == ("src/counter.py", 5)
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    assert found["properties"] == {
        "test": "tests/test_it.py::test_a",
        "kind": "lost-update",
        "token": "gc1:AAAA",
        "schedules": 2,
        "switches": 1,
        "gilFeasible": False,
    }


def test_an_interleaving_has_a_flow_for_each_thread_in_one_order() -> None:
    (flow,) = result(Checked(race=RACE))["codeFlows"]
    steps = {
        thread["id"]: [(step["executionOrder"], step["location"]["message"]["text"]) for step in thread["locations"]]
        for thread in flow["threadFlows"]
    }
    assert steps == {
        "thread 1": [
            (1, "self.value += 1\nreads Counter.value -> 0"),
            (3, "self.value += 1\nwrites Counter.value: 1 -> 1 (2's is lost)"),
        ],
        "thread 2": [(2, "self.value += 1\nreads Counter.value -> 0\nwrites Counter.value: 0 -> 1")],
    }
    (flow,) = result(Checked(race=DEADLOCK))["codeFlows"]
    last = flow["threadFlows"][0]["locations"][-1]
    assert last["location"]["message"]["text"] == "with b: ...\nthread 1 waits for b, held by thread 2"


def test_a_file_outside_of_the_repository_has_an_absolute_uri() -> None:
    found = result(Checked(race=DEADLOCK))
    assert found["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "file:///elsewhere/locks.py"}
    assert "relatedLocations" not in found, "all the lines are in the flow"


def test_a_hazard_with_all_its_places() -> None:
    found = result(Checked(race=CLEAN))
    assert (found["ruleId"], found["level"]) == ("hazard-unordered", "warning")
    assert physical(found["locations"][0]) == ("src/cache.py", 8)
    assert [physical(place) for place in found["relatedLocations"]] == [("src/cache.py", 9)]
    assert "codeFlows" not in found


def test_a_body_that_is_bound_is_shown_at_its_hottest_line_else_where_it_begins() -> None:
    assert physical(result(Checked(scaling=BOUND))["locations"][0]) == ("src/a%20b.py", 3)
    bare = replace(BOUND, hot_lines=())
    assert physical(result(Checked(scaling=bare))["locations"][0]) == ("tests/test_it.py", 1)
    assert physical(result(Checked(scaling=bare, line=7))["locations"][0]) == ("tests/test_it.py", 7)


def test_every_rule_is_complete() -> None:
    failing = tuple(("t", word) for word in RULES if not word.startswith("hazard"))
    hazards = tuple(replace(HAZARD, kind=kind) for kind in ("unordered", "split", "lock-order", "x", "lost-update"))
    report = of_tests({"t": Checked(race=replace(CLEAN, hazards=hazards))}, failing)
    rules = run(report)["tool"]["driver"]["rules"]
    assert len(rules) >= len(RULES) - 1
    for rule in rules:
        for part in ("shortDescription", "fullDescription", "help"):
            assert rule[part]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}


def fingerprints(*checked: Checked) -> list[str]:
    results = run(of_tests({f"t{n}": each for n, each in enumerate(checked)}))["results"]
    for each in results:
        assert (
            each["partialFingerprints"]["primaryLocationLineHash"]
            == f"{each['partialFingerprints']['gilcheckFinding/v1']}:1"
        )
    return [each["partialFingerprints"]["gilcheckFinding/v1"] for each in results]


def test_a_fingerprint_is_the_same_for_another_schedule_and_other_line_numbers() -> None:
    moved = tuple(replace(place, line=place.line + 10) for place in HAZARD.places)
    again = replace(RACE, reason="found on schedule 9", token="gc1:CCCC", story=None)
    assert fingerprints(Checked(race=RACE)) == fingerprints(Checked(race=again))
    same = Checked(race=replace(CLEAN, hazards=(replace(HAZARD, places=moved, text="x"),)))
    assert fingerprints(Checked(race=CLEAN)) == fingerprints(same)


def test_fingerprints_of_different_things_differ() -> None:
    other = replace(HAZARD, places=(replace(HAZARD.places[0], source="other"),))
    hazards = Checked(race=replace(CLEAN, hazards=(HAZARD, other, HAZARD)))
    found = fingerprints(Checked(race=RACE), Checked(race=RACE), hazards, Checked(race=DEADLOCK))
    assert len(found) == len(set(found)) == 6


def test_a_message_has_neither_links_nor_placeholders() -> None:
    said = result(Checked(race=replace(RACE, reason="{0} [x](http://y) \x1b[1m\ud800")))["message"]["text"]
    assert said.endswith("{{0}} [x] (http://y) \\x1b[1m\\ud800")


def test_a_huge_message_is_cut() -> None:
    assert len(result(Checked(race=replace(RACE, reason="x" * 100_000)))["message"]["text"]) < 5_000


def test_the_same_report_gives_the_same_text() -> None:
    report = a_report(a=Checked(race=RACE), b=Checked(scaling=BOUND))
    assert text(report) == text(report)
    assert "/repo" not in text(report)
