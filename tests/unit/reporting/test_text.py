from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_gilcheck.environment import Environment, observe
from pytest_gilcheck.gating.policy import Decision
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.layout import printable
from pytest_gilcheck.reporting.text import footnotes, gate
from pytest_gilcheck.verdict import Race, Scaling

BOUND = ScalingRecord(verdict=Scaling.GIL_BOUND, reason="threads do not help")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("plain ü → ×", "plain ü → ×"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc\r", "a\\nb\\tc\\r"),
        ("\ud800", "\\ud800"),
        ("\u202e", "\\u202e"),
        ("", ""),
    ],
)
def test_what_could_garble_a_terminal_is_escaped(text: str, safe: str) -> None:
    assert printable(text) == safe


def test_newlines_are_kept_where_they_are_wanted() -> None:
    assert printable("a\nb\x00", newlines=True) == "a\nb\\x00"


def test_ids_and_reasons_are_made_safe() -> None:
    bad = replace(BOUND, reason="\x1b[2J")
    assert "\x1b" not in "".join(gate(Decision(failing=(("t[\x1b]", "gil-bound"),)), {"t[\x1b]": Checked(scaling=bad)}))


def test_the_gate_names_what_fails_the_run() -> None:
    assert gate(Decision(failing=()), {}) == []
    records = {
        "a": Checked(scaling=replace(BOUND, reason="a lock", regression="it was better")),
        "b": Checked(race=RaceRecord(verdict=Race.UNCONTROLLED, reason="a socket")),
    }
    assert gate(Decision(failing=(("a", "lock-bound"), ("a", "regression"), ("b", "uncontrolled"))), records) == [
        "gilcheck: --gilcheck-fail-on=lock-bound,regression,uncontrolled fails this run:",
        "    lock-bound: a",
        "        a lock",
        "    regression: a",
        "        it was better",
        "    uncontrolled: b",
        "        a socket",
    ]


HERE = replace(
    observe(), python="3.13.1", implementation="CPython", gil="enabled", gil_reenabled_by=None, run_queue_delay=True
)


def on(usable_cpus: int, cpu_quota: float | None = None, **changes: object) -> Environment:
    return replace(HERE, usable_cpus=usable_cpus, cpu_quota=cpu_quota, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        (on(2), "CPython 3.13.1, GIL enabled, 2 usable CPUs"),
        (on(1), "CPython 3.13.1, GIL enabled, 1 usable CPU"),
        (on(8, 1.5), "CPython 3.13.1, GIL enabled, 1.5 usable CPUs (cgroup quota of 8 CPUs)"),
        (on(2, gil="re-enabled", gil_reenabled_by="numpy"), "CPython 3.13.1, GIL re-enabled by numpy, 2 usable CPUs"),
    ],
)
def test_the_footnote_says_what_was_measured_on(environment: Environment, line: str) -> None:
    assert footnotes(environment, 0) == [line]


def test_what_makes_verdicts_less_certain_is_said() -> None:
    lines = footnotes(on(2, run_queue_delay=False), 3)
    assert lines[1].startswith("this system does not tell how long threads wait for a CPU")
    assert lines[2] == "3 xdist workers ran tests at the same time: one measured at a time, beside the others"
