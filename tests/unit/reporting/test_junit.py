from __future__ import annotations

from dataclasses import replace

from pytest_gilcheck.record import Checked
from pytest_gilcheck.reporting.junit import properties
from unit.reporting.specimens import BOUND, CLEAN, RACE


def test_both_checks() -> None:
    assert properties(Checked(scaling=BOUND, race=RACE)) == {
        "scaling": "gil-bound",
        "scaling_reason": "4 threads ×1.02",
        "threads": "4",
        "processes": "4",
        "gil_share": "0.9877",
        "speedup_threads": "1.02",
        "speedup_processes": "1.9",
        "race": "race",
        "race_reason": "lost update of Counter.value (found on schedule 2)",
        "kind": "lost-update",
        "schedules": "2",
        "hazards": "0",
        "gil_feasible": "false",
        "token": "gc1:AAAA",
    }


def test_what_is_not_known_is_absent() -> None:
    assert properties(Checked()) == {}
    assert set(properties(Checked(race=CLEAN))) == {"race", "race_reason", "coverage", "schedules", "hazards"}
    assert properties(Checked(race=CLEAN))["hazards"] == "1"


def test_a_failed_rerun_is_no_verdict() -> None:
    assert properties(Checked(scaling=replace(BOUND, failed=True)))["scaling"] == "failed"


def test_what_xml_has_no_character_for_is_escaped() -> None:
    hostile = replace(RACE, reason="a\x00\x1b\ud800\ufffe\nb")
    assert properties(Checked(race=hostile))["race_reason"] == "a\\x00\\x1b\\ud800\\ufffe\nb"
