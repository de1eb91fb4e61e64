"""What race checks cost on real code, through the plugin: ``python benchmarks/race_corpora.py gil|real --corpus DIR``.

``gil``: an execution compared with the plain body, for labelled workloads that compute and wait. ``real``: the time from the
start of a check to its second schedule, for races that shipped in packages. ``DIR`` holds ``run.py`` with these corpora.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent

GIL = """
import sys, pytest
sys.path.insert(0, {folder!r})
from cases import CASES
@pytest.fixture
def workload():
    return CASES[{name!r}].make()
@pytest.mark.gilcheck_race(threads=2, seconds={seconds})
def test_case(workload):
    workload()
"""

PLAIN = """
import sys, time
sys.path.insert(0, {folder!r})
from cases import CASES
body = CASES[{name!r}].make()
body()
times = []
for _ in range(5):
    begin = time.perf_counter()
    body()
    times.append(time.perf_counter() - begin)
print(sorted(times)[2])
"""


def load(corpus: Path) -> Any:
    spec = importlib.util.spec_from_file_location("corpus_run", corpus / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


Found = dict[str, Any]


def checked(runner: Any, text: str, python: str, environment: dict[str, str], arguments: list[str]) -> tuple[Found, Found]:
    """The record of the only test, and the times of its first exploration."""
    with tempfile.TemporaryDirectory() as folder:
        times = Path(folder, "times")
        paths = [str(HERE), *filter(None, [environment.get("PYTHONPATH")])]
        variables = {**environment, "PYTHONPATH": os.pathsep.join(paths), "RACE_TIMES": str(times)}
        record = runner.run_pytest(text, python, "race", 120, variables, ["-p", "race_observer", *arguments])
        lines = times.read_text().splitlines() if times.exists() else []
    return record, json.loads(lines[0]) if lines else {"times": [], "seconds": 0.0, "megabytes": 0.0}


def said(record: Found) -> str:
    return f"{record['verdict']} {record.get('kind')} {record.get('coverage')} after {record.get('schedules')} schedules"


def gil(runner: Any, corpus: Path, arguments: argparse.Namespace) -> None:
    folder = str(corpus / "gil")
    listed = subprocess.run([arguments.python, f"{folder}/cases.py"], capture_output=True, text=True, check=True).stdout
    ratios: list[float] = []
    for line in listed.splitlines()[:-1]:
        name = line.split()[1]
        if arguments.only and name not in arguments.only:
            continue
        command = [arguments.python, "-c", PLAIN.format(folder=folder, name=name)]
        body = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        text = GIL.format(folder=folder, name=name, seconds=arguments.seconds)
        record, found = checked(runner, text, arguments.python, {}, [])
        times = found["times"]
        each = [later - earlier for earlier, later in pairwise(times)] or times or [0.0]
        ratios.append(statistics.median(each) / body)
        figures = (
            f"{body * 1e3:8.1f} ms  ×{ratios[-1]:7.1f}  first {times[0] if times else 0:6.2f} s  longest {max(each):6.2f} s"
        )
        cost = f"check {found['seconds']:6.2f} s  {found['megabytes']:6.0f} MB"
        print(f"{name:24s}{figures}  {cost}  {said(record)}  {str(record.get('reason'))[:90]}", flush=True)
    print(f"execution to plain body: median ×{statistics.median(ratios):.1f}, worst ×{max(ratios):.1f}")


def real(runner: Any, corpus: Path, arguments: argparse.Namespace) -> None:
    first: list[float] = []
    for toml in sorted((corpus / "real").glob("*/case.toml")):
        meta = tomllib.loads(toml.read_text())
        if arguments.only and meta["id"] not in arguments.only:
            continue
        for side, module in (("buggy", "test_case"), ("fixed", "test_twin" if meta.get("fixed_by_twin") else "test_case")):
            version = meta.get(f"{side}_python", meta.get("python", "3.12"))
            python = runner.venv(version, arguments.cache, str(HERE.parent))
            where = runner.site(meta, side, version, arguments.cache)
            text = runner.REAL.format(module=module, seconds=arguments.seconds, seed=0)
            scope = [f"--gilcheck-source={','.join(meta['scope'])}"] if meta.get("scope") else []
            path = os.pathsep.join([str(where), str(toml.parent)])
            record, found = checked(runner, text, python, {"PYTHONPATH": path}, scope)
            times = found["times"]
            first += times[:1]
            cost = f"check {found['seconds']:6.2f} s {found['megabytes']:5.0f} MB"
            begin = f"{times[0]:7.3f} s" if times else "        –"
            print(
                f"{meta['id']:36s}{side:7s}{begin}  {cost}  {said(record)}  {record.get('uncontrolled') or ''}", flush=True
            )
    print(f"start to second schedule: median {statistics.median(first):.3f} s, longest {max(first):.3f} s, of {len(first)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["gil", "real"])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir(), "gilcheck-corpus"))
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()
    corpus = arguments.corpus.resolve()
    arguments.cache = arguments.cache.resolve()
    {"gil": gil, "real": real}[arguments.what](load(corpus), corpus, arguments)


if __name__ == "__main__":
    main()
