"""What the installed plugin costs a suite of trivial tests without a marker: paired runs, with it and with -p no:gilcheck.

    python benchmarks/overhead.py [--tests 1000] [--pairs 31]

Prints the median of the paired differences, as a share of the run without the plugin, with its quartiles.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def run(folder: str, *arguments: str) -> tuple[float, float]:
    """Wall and CPU seconds of one pytest run."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder, *arguments, folder]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tests", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=31)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"def test_{number}():\n    assert {number} + 1\n" for number in range(options.tests)]
        Path(folder, "test_trivial.py").write_text("\n".join(lines))
        run(folder), run(folder, "-p", "no:gilcheck")
        walls, cpus = [], []
        for _ in range(options.pairs):
            figures = {}
            sides = [("with", ()), ("without", ("-p", "no:gilcheck"))]
            random.shuffle(sides)
            for name, arguments in sides:
                figures[name] = run(folder, *arguments)
            walls.append(figures["with"][0] / figures["without"][0] - 1)
            cpus.append(figures["with"][1] / figures["without"][1] - 1)
    for name, values in (("wall", walls), ("CPU", cpus)):
        low, middle, high = statistics.quantiles(values, n=4)
        print(f"{name}: median {middle:+.2%} (quartiles {low:+.2%} to {high:+.2%}), {options.pairs} pairs")


if __name__ == "__main__":
    main()
