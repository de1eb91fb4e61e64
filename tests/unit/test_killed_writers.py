"""A writer that is killed leaves the old file or the new one; several that write to one history lose nothing.

Each program ends itself with SIGKILL at the n-th call into the operating system that has to do with a file, for every n.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_gilcheck.gating import history

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")

#: Python functions through which a file is written, synchronised and moved; a kill comes before the call, or after it.
_KILLER = """
import os, pathlib, signal, sys, tempfile
from pathlib import Path
from pytest_gilcheck.reporting import files

left = int(sys.argv[1])

def counted(function):
    def call(*arguments, **keywords):
        global left
        for step in ("before", "after"):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            if step == "before":
                result = function(*arguments, **keywords)
        return result
    return call

os.fsync, os.fdopen, os.replace = counted(os.fsync), counted(os.fdopen), counted(os.replace)
tempfile.mkstemp, Path.replace, Path.chmod = counted(tempfile.mkstemp), counted(Path.replace), counted(Path.chmod)
"""

_WRITES = """
path = Path(sys.argv[2])
text = sys.argv[3] * 100_000
files.write_atomically(path, text)
"""

#: As the plugin saves: read, merged, written.
_SAVES = """
from pytest_gilcheck.gating import baseline
from pytest_gilcheck.gating.figures import Figures, Machine
from pytest_gilcheck.verdict import Scaling

path = Path(sys.argv[2])
machine = Machine(cpu_model="m", cpus=2, gil="enabled", implementation="CPython", python="3.12", system="Linux")
measured = {f"t.py::test_{n}": Figures(verdict=Scaling(sys.argv[3]), machine=machine) for n in range(500)}
files.write_atomically(path, baseline.text(baseline.read(path).merged(measured)))
"""

#: SQLite calls into the system by itself: killed at the n-th instruction of its virtual machine instead.
_APPENDS = """
import os, signal, sqlite3, sys
from pathlib import Path
from pytest_gilcheck.gating import history
from pytest_gilcheck.gating.figures import Machine
from pytest_gilcheck.record import Checked, ScalingRecord
from pytest_gilcheck.verdict import Scaling

left, path, name = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
connect = sqlite3.connect

def killed():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

class Connection(sqlite3.Connection):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.execute("PRAGMA cache_size = 1")  # so that a half-made run gets into the file, and has to be taken back
        self.set_progress_handler(killed, 1)

sqlite3.connect = lambda *arguments, **keywords: connect(*arguments, factory=Connection, **keywords)
machine = Machine(cpu_model="m", cpus=2, gil="enabled", implementation="CPython", python="3.12", system="Linux")
checked = Checked(scaling=ScalingRecord(verdict=Scaling.IO_BOUND, reason="r"))
for number in range(int(sys.argv[4])):
    history.append(path, name, "0.1", machine, {f"t.py::test_{n}": checked for n in range(50)})
"""

NEVER = 10**9


def start(program: str, kill_at: int, *arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", program, str(kill_at), *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT)


def run(program: str, kill_at: int, *arguments: object) -> bool:
    """Whether the program came to its end; else it was killed, and nothing else went wrong."""
    status = start(program, kill_at, *arguments).wait(60)
    assert status in {0, -signal.SIGKILL}
    return status == 0


def test_a_report_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    path, seen = tmp_path / "report.json", set()
    for kill_at in range(1, 100):
        path.write_text("old")
        finished = run(_KILLER + _WRITES, kill_at, path, "n")
        seen.add(path.read_text())
        if finished:
            break
    assert finished
    assert kill_at > 8, "it was killed at several places"
    assert seen == {"old", "n" * 100_000}


def test_a_baseline_is_the_old_one_or_the_new_one(tmp_path: Path) -> None:
    from pytest_gilcheck.gating import baseline

    path, seen = tmp_path / "baseline.json", set()
    path.write_text(baseline.text(baseline.Baseline()))
    assert run(_KILLER + _SAVES, NEVER, path, "io-bound")
    old = path.read_text()
    for kill_at in (1, 3, 5, 6, 7, 8, 9, 10, 11, 12, NEVER):
        path.write_text(old)
        run(_KILLER + _SAVES, kill_at, path, "gil-bound")
        verdicts = {figures.verdict.value for figures in baseline.read(path).tests.values()}
        assert len(baseline.read(path).tests) == 500
        assert len(verdicts) == 1, "not some of each"
        seen |= verdicts
    assert seen == {"io-bound", "gil-bound"}


def test_a_history_has_a_run_wholly_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    kept = taken_back = 0
    # From the making of the tables, over the insertion of 50 rows, to the end, which takes some 2,000 instructions.
    for kill_at in (5, 40, 100, 200, 400, 800, 1_200, NEVER):
        kept += run(_APPENDS, kill_at, path, f"killed at {kill_at}", 1)
        taken_back += path.with_name("history.db-journal").exists()
        history.check(path)  # whoever opens it first takes back what is half made
        if path.exists() and path.stat().st_size:
            assert [run.tests for run in history.runs(path)] == [50] * kept
    assert kept >= 1, "the last one was not killed"
    assert taken_back >= 1, "some were, in the middle of it"
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_several_that_append_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    writers = [start(_APPENDS, NEVER, path, name, 15) for name in ("a", "b", "c")]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    runs = history.runs(path)
    assert sorted(run.at for run in runs) == ["a"] * 15 + ["b"] * 15 + ["c"] * 15
    assert {run.tests for run in runs} == {50}
    assert [run.number for run in runs] == list(range(1, 46))
