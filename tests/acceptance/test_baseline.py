"""Baselines: saved, merged, compared with; what is new, gone or renamed; files that cannot be used stay as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from acceptance.suite import Suite
from pytest_gilcheck.environment import gil_state, observe
from pytest_gilcheck.gating import baseline
from pytest_gilcheck.gating.baseline import Baseline
from pytest_gilcheck.gating.figures import Figures, Machine
from pytest_gilcheck.verdict import Scaling

COMPUTES = """
@pytest.mark.gilcheck_scaling(processes=0, seconds=3)
def test_computes(): sum(i & 3 for i in range(700_000))
"""

#: Whatever the load, its verdict is io-bound.
WAITS = """
@pytest.mark.gilcheck_scaling(processes=0)
def {name}(): time.sleep(0.02)
"""

SHORT = """
@pytest.mark.gilcheck_scaling(processes=0)
def test_short(): ...
"""

needs_gil = pytest.mark.skipif(gil_state() == "disabled", reason="nothing is bound by a GIL that is switched off")


def waits(name: str) -> str:
    return WAITS.format(name=name)


def known(**verdicts: str) -> Baseline:
    """A baseline of tests of the suite, measured on this machine."""
    figures = {
        f"test_suite.py::{test}": Figures(
            verdict=Scaling(verdict), machine=Machine.of(observe()), threads=2, gil_share=0.0, runnable_ratio=1.0
        )
        for test, verdict in verdicts.items()
    }
    return Baseline(tests=figures)


def keep(suite: Suite, content: Baseline, name: str = "baseline.json") -> Path:
    path = suite.folder / name
    path.write_text(baseline.text(content), encoding="utf-8")
    return path


def regressed(suite: Suite, test: str) -> str:
    """The name of a baseline in which ``test`` released the GIL."""
    return keep(suite, known(**{test: "releases-gil"})).name


def verdicts_in(path: Path) -> dict[str, Any]:
    return {test.partition("::")[2]: entry["verdict"] for test, entry in json.loads(path.read_text())["tests"].items()}


def test_saving_merges(suite: Suite) -> None:
    suite.write(waits("test_a"), waits("test_b"), SHORT, "def test_plain(): ...")
    path = suite.folder / "new" / "baseline.json"
    ran = suite.run("--gilcheck-save-baseline=new/baseline.json")
    assert ran.status == 0
    assert verdicts_in(path) == {"test_a": "io-bound", "test_b": "io-bound"}
    ran.shows("gilcheck: saved to *baseline.json: 2 measured (2 new (test_suite.py::test_a, test_suite.py::test_b))")
    # As if another run had saved them; of one nothing is known of, as its file was not run.
    old = known(test_a="gil-bound", test_b="gil-bound", test_x="gil-bound", test_short="io-bound")
    old = Baseline(tests={**old.tests, "elsewhere/test_y.py::test_y": old.tests["test_suite.py::test_x"]})
    path.write_text(baseline.text(old))
    (suite.folder / "elsewhere").mkdir()
    (suite.folder / "elsewhere" / "test_y.py").touch()
    ran = suite.run("--gilcheck-save-baseline=new/baseline.json", "test_suite.py", "-k", "test_a or test_short")
    assert verdicts_in(path) == {
        "test_a": "io-bound",
        "test_b": "gil-bound",
        "test_short": "io-bound",
        "test_y": "gil-bound",
    }
    ran.shows("gilcheck: saved to *: 1 measured, 3 kept as they were, 1 gone (test_suite.py::test_x)")
    before = path.read_bytes()
    ran = suite.run("--gilcheck-save-baseline=new/baseline.json", "test_suite.py::test_short", "test_suite.py::test_plain")
    ran.shows("gilcheck: nothing was saved to *baseline.json: no test came to a verdict")
    assert path.read_bytes() == before, "where tests are named, nobody can tell which are gone"
    suite.run("--gilcheck-save-baseline=other.json", "--collect-only")
    assert not (suite.folder / "other.json").exists()
    suite.run("--gilcheck-save-baseline=other.json", "-k", "test_plain")
    assert baseline.read(suite.folder / "other.json") == Baseline(), "there is something to compare with all the same"


def test_what_is_the_same_new_gone_or_renamed_is_said(suite: Suite) -> None:
    suite.write(waits("test_same"), waits("test_now"), SHORT, "def test_left(): ...")
    path = keep(suite, known(test_same="io-bound", test_before="io-bound", test_left="io-bound"))
    before = path.read_bytes()
    for xdist in (0, 2):
        ran = suite.run("--gilcheck-baseline=baseline.json", xdist=xdist)
        assert ran.status == 0
        ran.shows(
            "gilcheck: compared with *baseline.json: 1 same, 1 new (test_suite.py::test_now), 1 not compared "
            "(test_suite.py::test_short), 1 gone (test_suite.py::test_before), 1 not run (test_suite.py::test_left)",
            "    renamed? test_suite.py::test_before is gone, test_suite.py::test_now is new",
        )
        compared = {test: record["compared"] for test, record in ran.records.items()}
        assert compared["test_same"] == "same"
        assert compared["test_now"] == "new"
        assert compared["test_short"].startswith("not compared: too-short: ")
    assert path.read_bytes() == before


@needs_gil
def test_a_regression_fails_the_run_and_not_the_test(suite: Suite) -> None:
    suite.write(COMPUTES, waits("test_waits"))
    name = regressed(suite, "test_computes")
    saved = suite.folder / "saved.json"
    ran = suite.run(f"--gilcheck-baseline={name}", "--gilcheck-save-baseline=saved.json", "--gilcheck-history=h.db")
    assert ran.status == 1
    assert ran.outcomes == {"test_computes": ["passed"], "test_waits": ["passed"]}
    record = ran.records["test_computes"]
    assert record["compared"] == "worse"
    assert record["regression"].startswith("releases-gil → gil-bound: GIL share 0.00 → ")
    ran.shows(
        "gilcheck: compared with *baseline.json: 1 worse (test_suite.py::test_computes), 1 new (test_suite.py::test_waits)",
        "gilcheck: saved to *saved.json: 2 measured *",
        "gilcheck: --gilcheck-fail-on=regression fails this run:",
        "    regression: test_suite.py::test_computes",
        "        releases-gil → gil-bound: GIL share 0.00 → *",
    )
    assert verdicts_in(saved) == {"test_computes": "gil-bound", "test_waits": "io-bound"}, (
        "compared with the old, then saved"
    )
    assert ran.report is not None
    (point,) = ran.report["trend"]["test_suite.py::test_computes"]
    assert (point["scaling"], point["race"]) == ("gil-bound", None)
    ran = suite.run("--gilcheck-baseline=saved.json", "--gilcheck-history=h.db", "-k", "waits")
    assert ran.status == 0
    assert ran.report is not None
    assert {test: len(points) for test, points in ran.report["trend"].items()} == {"test_suite.py::test_waits": 2}


def test_a_first_run_may_name_one_file_for_both(suite: Suite) -> None:
    suite.write(waits("test_a"))
    suite.ini(gilcheck_baseline="../kept.json", gilcheck_save_baseline="../kept.json")
    for outcome in ("1 new (test_suite.py::test_a)", "1 same"):
        ran = suite.run()
        ran.shows(f"gilcheck: compared with *kept.json: {outcome}")
        assert ran.status == 0
    assert verdicts_in(suite.folder.parent / "kept.json") == {"test_a": "io-bound"}, "seen from the configuration file"


def test_a_file_that_is_broken_meanwhile_is_not_overwritten(suite: Suite) -> None:
    suite.write(
        waits("test_a"),
        """
        def test_breaks():
            with open("baseline.json", "w") as file: file.write("<<<<<<< ours")
        """,
    )
    path = keep(suite, known(test_a="io-bound"))
    ran = suite.run("--gilcheck-save-baseline=baseline.json")
    assert ran.status == 1
    ran.shows("gilcheck: the baseline was not saved: *baseline.json', line 1: a merge conflict that was not resolved; *")
    assert path.read_text() == "<<<<<<< ours"


#: What may be in a file of the name, and what is said about it.
UNUSABLE = {
    b"{": "'*, line 1, column 2: no JSON: *",
    b'{"gilcheck_baseline": 99}': "'* was written by a newer version (schema 99, *",
    b'{"schema_version": 1}': "'* is no baseline: *",
    b"{\n<<<<<<< HEAD\n": "'*, line 2: a merge conflict that was not resolved*",
    b'{"gilcheck_baseline": 1,\n"tests": {}, "machines": {},\n"tests": {}}': "'*, line 3: 'tests' is there twice*",
}


def test_a_file_that_cannot_be_used_is_a_usage_error_and_stays(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(): ...")
    path = pytester.path / "kept.json"
    for content, message in UNUSABLE.items():
        path.write_bytes(content)
        for option in ("--gilcheck-save-baseline", "--gilcheck-baseline"):
            # In this process, since nothing is started.
            result = pytester.runpytest_inprocess("-Wdefault", "-pno:hypothesispytest", "-pno:xdist", f"{option}=kept.json")
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            result.stderr.fnmatch_lines([f"ERROR: {option}: {message}"])
            assert path.read_bytes() == content
    assert [file.name for file in pytester.path.iterdir() if "json" in file.name] == ["kept.json"]


def test_figures_of_a_machine_do_not_move_to_another_one() -> None:
    # What the other tests rely on: a crafted baseline says that it is from here.
    machine = Machine.of(observe())
    assert known(test_a="io-bound").tests["test_suite.py::test_a"].machine == machine
    assert machine.differences(replace(machine, cpus=machine.cpus + 1)) != []
