from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_gilcheck.environment import Environment, observe
from pytest_gilcheck.gating.policy import Decision
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.layout import printable
from pytest_gilcheck.reporting.text import footnotes, gate, summary, table
from pytest_gilcheck.verdict import Race, Scaling

BOUND = ScalingRecord(
    verdict=Scaling.GIL_BOUND,
    reason="threads do not help",
    advice="use processes",
    gil_share=0.984,
    speedup_threads=1.021,
    speedup_processes=1.9,
    single_seconds=0.0123,
)
SKIPPED = ScalingRecord(verdict=Scaling.SKIPPED, reason="it uses capsys")


def record(verdict: Scaling, **changes: object) -> ScalingRecord:
    return replace(ScalingRecord(verdict=verdict, reason="x"), **changes)  # type: ignore[arg-type]


def test_the_table() -> None:
    assert table({"t.py::test_b": SKIPPED, "t.py::test_a": BOUND}, 80) == [
        "verdict    threads  processes  GIL held    alone  test",
        "gil-bound    ×1.02      ×1.90       98%  12.3 ms  t.py::test_a",
        "    threads do not help",
        "    → use processes",
        "skipped                                           t.py::test_b",
        "    it uses capsys",
    ]


def test_without_records_there_is_no_table() -> None:
    assert table({}, 80) == []


def test_the_worst_is_first() -> None:
    records = {
        "skipped": record(Scaling.SKIPPED),
        "io": record(Scaling.IO_BOUND),
        "broken": record(Scaling.IO_BOUND, expectation="broken"),
        "failed": record(Scaling.INCONCLUSIVE, failed=True),
        "gil": record(Scaling.GIL_BOUND),
        "gil-2": record(Scaling.GIL_BOUND),
    }
    rows = [line.split()[-1] for line in table(records, 80)[1:] if not line.startswith(" ")]
    assert rows == ["failed", "broken", "gil", "gil-2", "io", "skipped"]


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.00001234, "0.0123 ms"), (0.5, "500 ms"), (0.9994, "999 ms"), (1.0, "1.00 s"), (75.0, "75.00 s")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert f"  {shown}  t" in table({"t": replace(BOUND, single_seconds=seconds)}, 80)[1]


@pytest.mark.parametrize("seconds", [0.9996, 0.99999])
def test_a_duration_that_rounds_up_to_a_second_is_one(seconds: float) -> None:
    assert "e+03" not in table({"t": replace(BOUND, single_seconds=seconds)}, 80)[1]


@pytest.mark.parametrize("width", [0, 20, 40, 60, 200])
def test_notes_are_wrapped_but_never_too_narrow(width: int) -> None:
    lines = table({"t": replace(BOUND, reason="word " * 40, advice=None)}, width)[2:]
    assert max(map(len, lines)) <= max(width, 40)
    assert "".join(lines).split() == ["word"] * 40
    assert all(line.startswith("    ") for line in lines)


def test_lines_of_a_reason_stay_lines() -> None:
    lines = table({"t": replace(SKIPPED, reason="first\nits last output:\n  Error: x")}, 80)[2:]
    assert [line.strip() for line in lines] == ["first", "its last output:", "Error: x"]


@pytest.mark.parametrize(("outcome", "shown"), [("broken", True), ("unchecked", True), ("met", False)])
def test_an_expectation_is_shown_unless_it_is_met(outcome: str, shown: bool) -> None:
    lines = table({"t": replace(BOUND, expectation=outcome, expected="expect='scales', but")}, 80)
    assert ("    ! expect='scales', but" in lines) is shown


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
    lines = table({"t[\x1b]": replace(SKIPPED, reason="\x1b[2J")}, 80)
    assert "\x1b" not in "".join(lines)
    assert "\x1b" not in "".join(summary({"t[\x1b]": BOUND}, full=False))
    assert "\x1b" not in "".join(gate(Decision(failing=(("t[\x1b]", "gil-bound"),)), {"t[\x1b]": Checked(scaling=BOUND)}))


def test_the_summary_is_one_line_on_what_was_flagged() -> None:
    records = {
        "a": record(Scaling.GIL_BOUND),
        "b": record(Scaling.IO_BOUND),
        "c": record(Scaling.LOCK_BOUND),
        "d": record(Scaling.GIL_BOUND),
        "e": record(Scaling.INCONCLUSIVE, failed=True),
        "f": record(Scaling.RELEASES_GIL, expectation="broken"),
        "g": record(Scaling.TOO_SHORT, expectation="unchecked"),
    }
    assert summary(records, full=False) == [
        "gilcheck: 1 failed when rerun (e), 1 not as expected (f), 2 gil-bound (a, d), 1 lock-bound (c), "
        "1 expectation unchecked (g); --gilcheck-report shows why"
    ]
    assert not summary(records, full=True)[0].endswith("shows why")


def test_a_long_list_of_tests_is_cut() -> None:
    records = {f"t{n}": BOUND for n in range(5)}
    assert summary(records, full=True) == ["gilcheck: 5 gil-bound (t0, t1, t2 and 2 more)"]
    assert summary({f"t{n}": BOUND for n in range(3)}, full=True) == ["gilcheck: 3 gil-bound (t0, t1, t2)"]


def test_nothing_flagged_nothing_said() -> None:
    assert summary({"a": record(Scaling.IO_BOUND), "b": SKIPPED}, full=False) == []


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
