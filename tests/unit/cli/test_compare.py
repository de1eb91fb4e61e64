from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_gilcheck.cli import compare
from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating import baseline
from pytest_gilcheck.gating.baseline import Baseline
from pytest_gilcheck.gating.figures import Figures, Machine
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting import jsonreport
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.verdict import Race, Scaling
from unit.scaling.fakes import an_environment

RELEASES = ScalingRecord(
    verdict=Scaling.RELEASES_GIL, reason="r", threads=4, gil_share=0.02, runnable_ratio=1.0, speedup_threads=1.9
)
BOUND = replace(RELEASES, verdict=Scaling.GIL_BOUND, gil_share=0.98, runnable_ratio=0.27, speedup_threads=1.0)
SHORT = ScalingRecord(verdict=Scaling.TOO_SHORT, reason="one call takes 1 ms")
BASE = {"a": RELEASES, "b": BOUND, "c": RELEASES, "d": SHORT, "e": RELEASES, "f": RELEASES, "g": RELEASES}
HEAD = {
    "a": BOUND,
    "b": RELEASES,
    "c": RELEASES,
    "d": BOUND,
    "f": SHORT,
    "g": replace(RELEASES, speedup_threads=1.2),
    "h": BOUND,
}


def write(path: Path, records: dict[str, ScalingRecord], *, as_baseline: bool = False) -> Path:
    environment = an_environment()
    if as_baseline:
        tests = {
            test: Figures.of(record, Machine.of(environment)) for test, record in records.items() if record is not SHORT
        }
        path.write_text(baseline.text(Baseline(tests=tests)))
    else:
        race = Checked(race=RaceRecord(verdict=Race.CLEAN, reason="r"))
        tests_ = {test: Checked(scaling=record) for test, record in records.items()} | {"race": race}
        path.write_text(jsonreport.text(Report(environment=environment, tests=tests_)))
    return path


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    compare.add_arguments(parser)
    return compare.run(parser.parse_args([str(argument) for argument in arguments]))


def test_all_outcomes_the_worst_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(write(tmp_path / "base", BASE), write(tmp_path / "head", HEAD)) == 1
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        "                               verdict  GIL held     runnable        threads  test",
        "worse         releases-gil → gil-bound  2% → 98%  1.00 → 0.27  ×1.90 → ×1.00  a",
        "better        gil-bound → releases-gil  98% → 2%  0.27 → 1.00  ×1.00 → ×1.90  b",
        "new                          gil-bound       98%         0.27          ×1.00  h",
        "gone                      releases-gil        2%         1.00          ×1.90  e",
        "not compared     too-short → gil-bound       98%         0.27          ×1.00  d",
        "    the baseline is too-short",
        "not compared  releases-gil → too-short        2%         1.00          ×1.90  f",
        "    too-short: one call takes 1 ms",
        "slower                    releases-gil        2%         1.00  ×1.90 → ×1.20  g",
        "    speed-up in threads ×1.90 → ×1.20 (reported only: --gilcheck-max-speedup-loss is not given)",
        "1 worse, 1 better, 1 new, 1 gone, 2 not compared, 2 same",
    ]


@pytest.mark.parametrize("base", [True, False])
@pytest.mark.parametrize("head", [True, False])
def test_reports_and_baselines_in_any_combination(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], base: bool, head: bool
) -> None:
    before = write(tmp_path / "base", {"a": RELEASES}, as_baseline=base)
    assert run(before, write(tmp_path / "head", {"a": BOUND}, as_baseline=head)) == 1
    assert run(before, before) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "1 same"


def test_the_limits_can_be_moved(tmp_path: Path) -> None:
    partly = replace(RELEASES, verdict=Scaling.PARTLY_GIL_BOUND, gil_share=0.4, runnable_ratio=0.6)
    files = write(tmp_path / "base", {"a": RELEASES}), write(tmp_path / "head", {"a": partly})
    assert run(*files) == 1
    assert run(*files, "--max-regression=0.8") == 0
    steady = replace(RELEASES, single_runs=(0.02, 0.02), thread_runs=(0.01, 0.01))
    slow = replace(RELEASES, speedup_threads=1.2, single_runs=(0.02, 0.0201), thread_runs=(0.017, 0.017))
    files = write(tmp_path / "base", {"a": steady}), write(tmp_path / "head", {"a": slow})
    assert run(*files) == 0
    assert run(*files, "--max-speedup-loss=0.2") == 1
    for wrong in ("0", "1.5", "nan", "x"):
        with pytest.raises(SystemExit):
            run(*files, f"--max-regression={wrong}")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    good = write(tmp_path / "good", {"a": RELEASES})
    with pytest.raises(Misuse, match=r"cannot read .*missing': No such file or directory; give a JSON report or a baseline"):
        run(good, tmp_path / "missing")
    (tmp_path / "bad").write_text('{"gilcheck_baseline": 9}')
    with pytest.raises(Misuse, match="newer version"):
        run(tmp_path / "bad", good)
    (tmp_path / "bad").write_text("[]")
    with pytest.raises(Misuse, match="bad' is no report"):
        run(tmp_path / "bad", good)


def test_nothing_to_compare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = write(tmp_path / "empty", {})
    assert run(empty, empty) == 0
    assert capsys.readouterr().out == "neither file has a scaling verdict\n"
