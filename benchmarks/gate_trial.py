"""Can the gate be trusted? Runs without a change must show no regression, and real regressions must all be caught.

    python benchmarks/gate_trial.py [--runs 10] [--workloads 45] [--seconds 1] [--changes 12] [--seed 0] [--folder DIR]

Measures the workloads of `gate_workloads.py` as a baseline, then `--runs` times more while processes that keep the CPUs
busy come and go, without a change; then makes `--changes` real changes for the worse, one after another, and measures the
changed test. It takes long: with `--folder`, which keeps the baseline, it can be done in parts (`--runs 3 --changes 0`).
Prints each regression that was reported without a change, and each change that was missed; status 1 if there was one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

from gate_workloads import CHANGES, WORKLOADS, source

# How many processes keep CPUs busy, and for how many seconds, before others take over.
BURNERS = (0, 0, 1, 2, 3)
SHORTEST, LONGEST = 1.0, 6.0


def burn() -> None:
    while True:
        sum(range(10_000))


@contextmanager
def changing_load(seed: int):
    """Busy processes that come and go until the end of the block."""
    chosen, over = random.Random(seed), threading.Event()

    def change() -> None:
        while not over.is_set():
            burners = [multiprocessing.Process(target=burn, daemon=True) for _ in range(chosen.choice(BURNERS))]
            for burner in burners:
                burner.start()
            over.wait(chosen.uniform(SHORTEST, LONGEST))
            for burner in burners:
                burner.terminate()
                burner.join()

    changing = threading.Thread(target=change)
    changing.start()
    try:
        yield
    finally:
        over.set()
        changing.join()


class Trial:
    def __init__(self, folder: Path, names: list[str], seconds: float) -> None:
        self.folder, self.names, self.seconds = folder, names, seconds
        self.baseline = folder / "baseline.json"

    def run(self, *arguments: str, changed: str | None = None) -> tuple[int, dict[str, dict]]:
        """The exit status of one pytest run, and the scaling records by workload."""
        tests = [changed] if changed else self.names
        bodies = {name: (CHANGES[name][1] if name == changed else WORKLOADS[name]) for name in tests}
        (self.folder / "test_trial.py").write_text(source(bodies))
        (self.folder / "pytest.ini").write_text("[pytest]\n")
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--gilcheck-seconds={self.seconds}"]
        command += ["--gilcheck-threads=4", f"--gilcheck-json={report}", *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if not report.exists():
            raise SystemExit(done.stdout + done.stderr)
        records = json.loads(report.read_text())["tests"]
        return done.returncode, {test.partition("::test_")[2]: entry["scaling"] for test, entry in records.items()}

    def take_baseline(self) -> set[str]:
        """Measure until each workload has a verdict, at most three times; returns those that have one."""
        for _ in range(3):
            known = self.known()
            if known >= set(self.names):
                break
            every, self.names = self.names, [name for name in self.names if name not in known]
            self.run(f"--gilcheck-save-baseline={self.baseline}")
            self.names = every
        return self.known() & set(self.names)

    def known(self) -> set[str]:
        tests = json.loads(self.baseline.read_text())["tests"] if self.baseline.exists() else {}
        return {test.partition("::test_")[2] for test in tests}

    def unchanged(self, number: int, seed: int) -> list[str]:
        """One run without a change; the regressions that it reports."""
        with changing_load(seed):
            begin = time.perf_counter()
            status, records = self.run(f"--gilcheck-baseline={self.baseline}")
        told = Counter((record["compared"] or "none").partition(":")[0] for record in records.values())
        wrong = [f"{name}: {record['regression']}" for name, record in records.items() if record["regression"]]
        counts = ", ".join(f"{count} {word}" for word, count in sorted(told.items()))
        print(f"run {number}: {counts}; exit status {status}; {time.perf_counter() - begin:.0f} s", flush=True)
        if status != bool(wrong):
            wrong.append(f"exit status {status}")
        for line in wrong:
            print(f"    FALSE REGRESSION {line}", flush=True)
        return wrong

    def changed(self, name: str, seed: int) -> bool:
        """Whether the change of one workload is caught."""
        with changing_load(seed):
            status, records = self.run(f"--gilcheck-baseline={self.baseline}", changed=name)
        record = records[name]
        caught = status == 1 and record["regression"] is not None
        told = record["regression"] or f"{record['compared']}: {record['verdict']}: {record['reason']}"
        print(f"{'caught' if caught else 'MISSED'}: {name}: {CHANGES[name][0]}: {told}", flush=True)
        return caught


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--workloads", type=int, default=len(WORKLOADS), help="so many, spread over their kinds")
    parser.add_argument("--changes", type=int, default=len(CHANGES))
    parser.add_argument("--seconds", type=float, default=1.0, help="the budget of one check")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="keep the baseline here, and take it from here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        names = sorted(WORKLOADS, key=lambda name: random.Random(name).random())[: options.workloads]
        changes = list(CHANGES)[: options.changes]
        trial = Trial(folder, list(dict.fromkeys([*names, *changes])), options.seconds)
        with_verdict = trial.take_baseline()
        without = sorted(set(trial.names) - with_verdict)
        print(
            f"baseline: {len(with_verdict)} of {len(trial.names)} workloads; no verdict: {', '.join(without) or 'none'}",
            flush=True,
        )
        wrong = [line for run in range(options.runs) for line in trial.unchanged(run + 1, options.seed + run)]
        caught = [trial.changed(name, options.seed + 100 + number) for number, name in enumerate(changes)]
    comparisons = options.runs * len(with_verdict)
    print(f"{len(wrong)} false regressions in {comparisons} comparisons; {sum(caught)} of {len(caught)} changes caught")
    raise SystemExit(bool(wrong) or not all(caught))


if __name__ == "__main__":
    main()
