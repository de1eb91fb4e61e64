from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating import baseline
from pytest_gilcheck.gating.baseline import Baseline
from pytest_gilcheck.gating.figures import Figures, Machine, decided
from pytest_gilcheck.gating.jsonlines import Lines, conflict_marker
from pytest_gilcheck.record import ScalingRecord
from pytest_gilcheck.verdict import Scaling
from unit.gating.figures import MACHINE, figures
from unit.scaling.fakes import an_environment

BOUND = figures(Scaling.GIL_BOUND, single_runs=(0.02, 0.0201), thread_runs=(0.02, 0.0199), waiting_for_cpu=0.0)
WAITS = figures(Scaling.IO_BOUND, machine=replace(MACHINE, python="3.13"))
TWO = Baseline(tests={"t.py::test_b": BOUND, "t.py::test_a": WAITS})

TEXT = """\
{{
  "gilcheck_baseline": 1,
  "machines": {{
MACHINES
  }},
  "tests": {{
    "t.py::test_a":
      {{"gil_share": 0.0, "machine": "{NEW}", "runnable_ratio": 1.0, "speedup_threads": 3.9, "threads": 4, \
"verdict": "io-bound"}},
    "t.py::test_b":
      {{"gil_share": 0.98, "machine": "{OLD}", "runnable_ratio": 0.27, "single_runs": [0.02, 0.0201], \
"speedup_threads": 1.0, "thread_runs": [0.02, 0.0199], "threads": 4, "verdict": "gil-bound", "waiting_for_cpu": 0.0}}
  }}
}}
"""
MACHINES = "MACHINES"


def test_the_file_is_sorted_and_readable_whatever_the_order() -> None:
    written = baseline.text(TWO)
    # Machines are named by a hash of their facts, and sorted by that.
    old, new = (
        name for _, name in sorted((machine["python"], name) for name, machine in json.loads(written)["machines"].items())
    )
    head, tail = TEXT.format(OLD=old, NEW=new).split(MACHINES)
    assert written.startswith(head)
    assert written.endswith(tail)
    assert baseline.text(Baseline(tests=dict(reversed(list(TWO.tests.items()))))) == written
    assert baseline.parse(written, "f") == TWO
    assert max(map(len, written.splitlines())) < 250


def test_an_empty_one() -> None:
    assert baseline.text(Baseline()) == '{\n  "gilcheck_baseline": 1,\n  "machines": {},\n  "tests": {}\n}\n'
    assert baseline.parse(baseline.text(Baseline()), "f") == Baseline()


def test_figures_are_rounded_once() -> None:
    record = ScalingRecord(
        verdict=Scaling.GIL_BOUND,
        reason="r",
        threads=4,
        gil_share=0.98765,
        runnable_ratio=0.26789,
        speedup_threads=1.01499,
        waiting_for_cpu=0.0,
        single_runs=(0.0203456, 1.23456),
        thread_runs=(0.0203999, 1.2),
    )
    assert Figures.of(record, MACHINE) == figures(
        Scaling.GIL_BOUND,
        gil_share=0.99,
        runnable_ratio=0.27,
        speedup_threads=1.01,
        waiting_for_cpu=0.0,
        single_runs=(0.0203, 1.23),
        thread_runs=(0.0204, 1.2),
    )


def test_only_what_has_a_verdict_is_kept() -> None:
    records = {verdict.value: ScalingRecord(verdict=verdict, reason="r") for verdict in Scaling}
    assert set(decided(records, MACHINE)) == set(records) - {"too-short", "inconclusive", "skipped"}


def test_the_fingerprint_of_a_machine() -> None:
    machine = Machine.of(an_environment(python="3.13.1t", gil="disabled", cpu_quota=1.5, platform="Linux 6.1-rc1 x86_64"))
    assert machine == Machine(
        cpu_model="a processor", cpus=1.5, gil="disabled", implementation="CPython", python="3.13t", system="Linux x86_64"
    )
    other = replace(machine, gil="enabled", cpus=2)
    assert other.differences(machine) == ["cpus 2, not 1.5", "gil enabled, not disabled"]
    assert machine.differences(machine) == []
    assert Machine.of(an_environment(platform="Linux")).system == "Linux"


def test_merging_keeps_what_was_not_measured() -> None:
    new = figures(Scaling.LOCK_BOUND)
    short = figures(Scaling.TOO_SHORT)
    merged = TWO.merged({"t.py::test_b": new, "t.py::test_c": new, "t.py::test_a": short}, gone=["t.py::test_x"])
    assert merged.tests == {"t.py::test_a": WAITS, "t.py::test_b": new, "t.py::test_c": new}
    assert TWO.merged({}, gone=["t.py::test_b"]).tests == {"t.py::test_a": WAITS}


def test_one_gone_and_one_new_test_of_a_file_with_one_verdict_may_be_renamed() -> None:
    new = {"t.py::test_c": BOUND}
    assert TWO.renamed(new, ["t.py::test_b"]) == [("t.py::test_b", "t.py::test_c")]
    assert TWO.renamed(new, ["t.py::test_a"]) == [], "another verdict"
    assert TWO.renamed(new, ["t.py::test_a", "t.py::test_b"]) == [], "which of them?"
    assert TWO.renamed({**new, "t.py::test_d": BOUND}, ["t.py::test_b"]) == [], "which of them?"
    assert TWO.renamed({"u.py::test_c": BOUND}, ["t.py::test_b"]) == [], "another file"
    assert TWO.renamed({"t.py::test_a": BOUND}, ["t.py::test_b"]) == [], "it was there before"


GOOD = baseline.text(TWO)
LINE_OF_B = next(n for n, line in enumerate(GOOD.splitlines(), 1) if "test_b" in line)


def edited(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"'f', line 1, column 1: no JSON: Expecting value; restore the file, or make one with --gilcheck-save-bas"),
        (GOOD[:-20], rf"'f', line {GOOD.count(chr(10)) - 2}, column \d+: no JSON: "),
        ("[]", "'f' is no baseline: it has no number 'gilcheck_baseline'"),
        ("{}", "'f' is no baseline"),
        ('{"schema_version": 1, "tests": {}}', "'f' is no baseline"),
        ('{"gilcheck_baseline": true}', "'f' is no baseline"),
        ('{"gilcheck_baseline": 1.0}', "'f' is no baseline"),
        ("[" * 100_000, "'f' is no baseline: "),
        (edited(": 0.98", ": NaN"), "'f' is no baseline: NaN is no figure"),
        (
            edited('"gilcheck_baseline": 1', '"gilcheck_baseline": 2'),
            r"newer version \(schema 2, this one reads up to 1\); upgr",
        ),
        ('{"gilcheck_baseline": 1}', "'f', line 1: 'machines' is not an object; restore the file"),
        ('{"gilcheck_baseline": 1,\n\n"machines": {},\n"tests": []}', "'f', line 4: 'tests' is not an object"),
        (edited('"gil-bound"', '"gil bound"'), f"'f', line {LINE_OF_B}: t.py::test_b: 'gil bound' is not a valid Scaling"),
        (edited('"gil-bound"', '"skipped"'), f"line {LINE_OF_B}: t.py::test_b: the verdict skipped says nothing"),
        (edited(": 0.98", ": 1.5"), f"line {LINE_OF_B}: t.py::test_b: 'gil_share' is 1.5"),
        (edited(": 0.98", ': "0.98"'), f"line {LINE_OF_B}: t.py::test_b: 'gil_share' is '0.98'"),
        (edited("[0.02, 0.0201]", "[0.02, null]"), f"line {LINE_OF_B}: t.py::test_b: 'single_runs' is "),
        (edited('"waiting_for_cpu"', '"threads_running"'), f"line {LINE_OF_B}: t.py::test_b: .*threads_running"),
        (edited('"cpus": 2', '"cpus": "2"'), "line 4: machine '[0-9a-f]{8}' has a value of the wrong type"),
        (edited('"cpu_model"', '"cpu"'), "line 4: machine '[0-9a-f]{8}': .*cpu"),
        (edited('"t.py::test_a"', '"t.py::test_b"'), f"'f', line {LINE_OF_B}: 't.py::test_b' is there twice; keep one"),
        (edited('"threads": 4', '"threads": 4, "threads": 8'), "line 9: 'threads' is there twice"),
        (edited('  "tests"', '<<<<<<< HEAD\n  "tests"'), "'f', line 7: a merge conflict that was not resolved"),
        (edited('  "tests"', '=======\n  "tests"'), "'f', line 7: a merge conflict"),
        (edited('  "tests"', '>>>>>>> branch\n  "tests"'), "'f', line 7: a merge conflict"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(content: str, message: str) -> None:
    with pytest.raises(Misuse, match=message):
        baseline.parse(content, "f")


def test_a_machine_that_is_not_there() -> None:
    name = next(name for name, machine in json.loads(GOOD)["machines"].items() if machine["python"] == "3.12")
    with pytest.raises(Misuse, match=f"line {LINE_OF_B}: t.py::test_b: its machine 'none' is not among 'machines'"):
        baseline.parse(edited(f'"machine": "{name}"', '"machine": "none"'), "f")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(Misuse, match=r"cannot read .*nowhere.json': No such file or directory; make one"):
        baseline.read(tmp_path / "nowhere.json")
    with pytest.raises(Misuse, match=r"cannot read .*Is a directory"):
        baseline.read(tmp_path)
    path = tmp_path / "latin.json"
    path.write_bytes(b'{\n"\xe4": 1}')
    with pytest.raises(Misuse, match=r"latin.json', line 2: not UTF-8"):
        baseline.read(path)
    path.write_text(GOOD, encoding="utf-8")
    assert baseline.read(path) == TWO


def test_lines_of_keys() -> None:
    lines = Lines('{"a": {"b": "x: {",\n "c\\"": [{"d": 1},\n{"d": 2}]},\n"b": 2}')
    assert lines.duplicate is None
    places = [lines.of(path) for path in [("a",), ("a", "b"), ("a", 'c"'), ("b",), ("a", "nothing"), ("x",)]]
    assert places == [1, 1, 2, 4, 1, 1]
    assert Lines('{"a": {"a": 1},\n"b": 1, "\\u0061": 3}').duplicate == (2, "a")


def test_what_looks_like_a_conflict_inside_a_line_is_none() -> None:
    assert conflict_marker('{"a": "<<<<<<< HEAD"}') is None
    assert conflict_marker("{\n||||||| base\n}") == 2
    assert conflict_marker("=======\r\n") == 1
