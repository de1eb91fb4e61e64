"""Coverage of concurrency, alone and beside coverage.py and pytest-cov; and that checks leave plain figures alone."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from coverage import CoverageData

from acceptance.suite import Suite
from pytest_gilcheck.reporting.coveragedata import close

SCHEMA = Path(__file__).parents[2] / "docs" / "reference" / "gilcheck.schema.json"

#: Its tracer in C is not there in every build.
IN_C = "ctrace" if importlib.util.find_spec("coverage.tracer") else "pytrace"
CORES = [IN_C, *(["sysmon"] if sys.version_info >= (3, 12) else [])]

#: What runs only in one kind of rerun; lines are found by the words at their ends.
PROGRAM = """\
import threading


class Counter:
    def __init__(self):
        self.value = 0  # setup
        self.lock = threading.Lock()  # setup

    def increment(self):
        with self.lock:  # concurrent
            self.value += 1  # concurrent
            value = self.value  # concurrent
        if self.value != value:  # concurrent
            self.interrupted()  # concurrent race

    def decrement(self):
        with self.lock:  # concurrent
            self.value -= 1  # concurrent

    def interrupted(self):
        len("seen by nobody")  # concurrent race

    def total(self):
        return self.value  # after


def in_mode(mode):
    if mode == "threads":  # concurrent
        return "threads"  # concurrent threads
    if mode == "processes":
        return "processes"  # processes
    return "others"


def never():
    return None  # never
"""

TESTS = """\
import subprocess, sys, time
import pytest
from program import Counter, in_mode

@pytest.fixture
def counter(gilcheck):
    if gilcheck.mode == "threads":
        time.sleep(0)  # threads
    yield Counter()
    if gilcheck.mode == "threads":
        time.sleep(0)  # threads

@pytest.fixture
def child(gilcheck):
    yield gilcheck.mode
    if gilcheck.mode == "race":
        subprocess.run([sys.executable, "-c", "import only_in_reruns"], check=True)

def test_race(gilcheck, counter):
    gilcheck.run(counter.increment, counter.decrement)
    counter.total()  # after

@pytest.mark.gilcheck_scaling(threads=2, processes=2, seconds=0.3)
def test_scaling(gilcheck, counter):
    time.sleep(0.004)  # concurrent
    in_mode(gilcheck.mode)  # concurrent

@pytest.mark.gilcheck_race(threads=2, schedules=2)
def test_starts_a_process(child): pass  # concurrent
"""


@pytest.fixture
def folder(suite: Suite) -> Path:
    suite.write(program=PROGRAM, test_program=TESTS, only_in_reruns="HERE = 1\n")
    return suite.folder


def lines(file: Path, word: str) -> set[int]:
    """The numbers of the lines of ``file`` whose comments have ``word``."""
    found = (line.partition("  # ")[2].split() for line in file.read_text("utf-8").splitlines())
    return {number for number, words in enumerate(found, 1) if word in words}


def run(folder: Path, *arguments: str, core: str | None = None, by: tuple[str, ...] = ()) -> str:
    """Run pytest with few plugins, by coverage.py if ``by`` says so; what it wrote. The verdicts do not matter here."""
    import os

    environment = {name: text for name, text in os.environ.items() if not name.startswith("COV")}
    if core is not None:
        environment["COVERAGE_CORE"] = core
    small = ["-p", "no:hypothesispytest", "--gilcheck-fail-on=none", "--gilcheck-seconds=0.3"]
    command = [sys.executable, *(by or ("-m",)), "pytest", *small, *arguments]
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        check=False,
        timeout=120,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "INTERNALERROR" not in done.stdout
    assert "CoverageWarning" not in done.stdout, done.stdout
    return done.stdout


def coverage(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "coverage", *arguments]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def opened() -> Iterator[Any]:
    """Opens data files, which are closed in the end."""
    files = []

    def read(path: Path) -> CoverageData:
        data = CoverageData(basename=str(path))
        data.read()
        files.append(data)
        return data

    yield read
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for data in files:
            close(data)


FILE = ".gilcheck.coverage"
OURS = {"program.py", "test_program.py", "only_in_reruns.py"}


def measured(data: CoverageData, *contexts: str) -> dict[str, set[int]]:
    """The lines by name of file, of ``contexts`` (regular expressions) if there are any. In place of an installed plugin
    the tests may use a checkout, whose files coverage.py counts, too."""
    data.set_query_contexts(list(contexts) or None)
    files = {Path(file).name: set(data.lines(file) or ()) for file in data.measured_files()}
    return {name: numbers for name, numbers in files.items() if numbers and name in OURS}


@pytest.mark.parametrize("core", CORES)
def test_plain_figures_are_those_of_a_run_without_checks(folder: Path, opened: Any, core: str) -> None:
    (folder / ".coveragerc").write_text("[run]\npatch = subprocess\nparallel = true\n")
    found = []
    for name, off in (("with", ()), ("off", ("--gilcheck-off",))):
        run(folder, *off, core=core, by=("-m", "coverage", "run", f"--data-file={name}", "-m"))
        coverage(folder, "combine", f"--data-file={name}")
        found.append(measured(opened(folder / name)))
    assert found[0] == found[1]
    # That this compares something: the file and the lines that reruns alone reach are missing in both.
    assert "only_in_reruns.py" not in found[0]
    assert not found[0]["program.py"] & (lines(folder / "program.py", "threads") | lines(folder / "program.py", "race"))


def test_contexts_beside_coverage_run(folder: Path, opened: Any) -> None:
    shown = run(folder, "--gilcheck-cov", "--gilcheck-json=o.json", core=CORES[-1], by=("-m", "coverage", "run", "-m"))
    program, tests = folder / "program.py", folder / "test_program.py"
    plain = measured(opened(folder / ".coverage"))
    assert not plain["program.py"] & (lines(program, "race") | lines(program, "threads") | lines(program, "processes"))
    coverage(folder, "report", "--include=program.py")  # which combines what it finds
    assert measured(opened(folder / ".coverage")) == plain
    coverage(folder, "combine", "--append", FILE)
    data = opened(folder / ".coverage")
    assert data.measured_contexts() == {"", "gilcheck:threads", "gilcheck:processes", "gilcheck:race"}
    assert measured(data, "^$") == plain
    race, threads = measured(data, "gilcheck:race"), measured(data, "gilcheck:threads")
    assert lines(program, "race") | lines(program, "after") | lines(program, "setup") <= race["program.py"]
    assert not race["program.py"] & (lines(program, "threads") | lines(program, "never"))
    assert lines(program, "threads") <= threads["program.py"]
    assert lines(tests, "threads") <= threads["test_program.py"]
    assert lines(program, "processes") <= measured(data, "gilcheck:processes")["program.py"]
    report = json.loads((folder / "o.json").read_text())
    jsonschema.validate(report, json.loads(SCHEMA.read_text(encoding="utf-8")))
    counts = report["coverage"]["files"]["program.py"]
    executable = 26
    assert counts["lines"] == executable
    assert counts["reached"] == executable - len(lines(program, "never"))
    assert counts["threads"] == len(lines(program, "concurrent"))
    assert "gilcheck coverage of concurrency" in shown
    ran = coverage(folder, "report", "--show-missing", "--include=program.py")
    assert ran.splitlines()[-1].split()[-1] == "96%", ran


def test_beside_pytest_cov_with_branches(folder: Path, opened: Any) -> None:
    if importlib.util.find_spec("pytest_cov") is None:
        pytest.skip("pytest-cov is not installed")
    (folder / ".coveragerc").write_text("[run]\nbranch = true\n")
    shown = run(folder, "--cov=.", "--cov-report=term", "--gilcheck-cov", "--gilcheck-json=o.json", "-n", "2", core=IN_C)
    program = folder / "program.py"
    plain = measured(opened(folder / ".coverage"))
    assert not plain["program.py"] & (lines(program, "race") | lines(program, "threads") | lines(program, "processes"))
    coverage(folder, "combine", "--append", FILE)
    data = opened(folder / ".coverage")
    assert data.has_arcs()
    assert data.measured_contexts() == {"", "gilcheck:threads", "gilcheck:processes", "gilcheck:race"}
    assert measured(data, "^$") == plain
    assert lines(program, "race") <= measured(data, "gilcheck:race")["program.py"]
    assert lines(program, "threads") <= measured(data, "gilcheck:threads")["program.py"]
    counts = json.loads((folder / "o.json").read_text())["coverage"]["files"]["program.py"]
    assert (counts["lines"], counts["reached"]) == (26, 25)
    assert counts["threads"] == len(lines(program, "concurrent"))
    assert "test_program.py" in shown
    coverage(folder, "html", "--show-contexts")
    page = next((folder / "htmlcov").glob("program_py.html")).read_text("utf-8")
    assert "gilcheck:race" in page


def test_alone(folder: Path, opened: Any) -> None:
    (folder / "conftest.py").write_text("import program\n")  # imported before the tests are collected
    shown = run(folder, "--gilcheck-cov", "--gilcheck-json=o.json", "-W", "error")
    assert not (folder / ".coverage").exists()
    program = folder / "program.py"
    data = opened(folder / FILE)
    plain = measured(data, "^$")["program.py"]
    assert {1, 4} <= plain
    assert not plain & (lines(program, "race") | lines(program, "threads") | lines(program, "processes"))
    assert lines(program, "race") <= measured(data, "gilcheck:race")["program.py"]
    counts = json.loads((folder / "o.json").read_text())["coverage"]["files"]["program.py"]
    assert counts == {
        "lines": 26,
        "reached": 25,
        "threads": len(lines(program, "concurrent")),
        "accesses": 6,
        "both_orders": 6,
    }
    assert "cannot" not in shown


def test_an_installed_package_that_is_the_source_is_the_users_own(suite: Suite) -> None:
    package = suite.folder / "env" / "site-packages" / "theirs"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "class Counter:\n    def __init__(self): self.value = 0\n    def up(self): self.value += 1\n"
    )
    suite.ini(pythonpath="env/site-packages")
    suite.write(
        """
        from theirs import Counter
        counter = Counter()
        @pytest.mark.gilcheck_race(threads=2, schedules=20)
        def test_up(): counter.up()
        """
    )
    assert suite.run().race("test_up") == "clean", "what others have written is not judged"
    (suite.folder / ".coveragerc").write_text("[run]\nsource = theirs\n")
    assert suite.run().race("test_up") == "race"
    # Who names the code that is to be looked into has said all.
    assert suite.run("--gilcheck-source=test_suite.py").race("test_up") == "clean"


def test_with_workers_of_xdist_one_file_has_all(folder: Path, opened: Any) -> None:
    pytest.importorskip("xdist")
    shown = run(folder, "--gilcheck-cov", "--gilcheck-json=o.json", "-n", "2")
    program = folder / "program.py"
    data = opened(folder / FILE)
    assert data.measured_contexts() == {"", "gilcheck:threads", "gilcheck:processes", "gilcheck:race"}
    assert lines(program, "after") <= measured(data, "^$")["program.py"]
    assert lines(program, "race") <= measured(data, "gilcheck:race")["program.py"]
    counts = json.loads((folder / "o.json").read_text())["coverage"]["files"]["program.py"]
    assert counts == {
        "lines": 26,
        "reached": 25,
        "threads": len(lines(program, "concurrent")),
        "accesses": 6,
        "both_orders": 6,
    }
    assert "cannot" not in shown


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in Python 3.12")
def test_what_cannot_be_measured_is_said(suite: Suite) -> None:
    suite.write(
        """
        @pytest.mark.gilcheck_race(threads=2, schedules=5)
        def test_one(): pass
        """,
        conftest="""
        import sys
        for tool in range(6):
            if sys.monitoring.get_tool(tool) is None: sys.monitoring.use_tool_id(tool, "somebody")
        """,
    )
    ran = suite.run("--gilcheck-cov")
    assert ran.status == 0
    ran.shows("test_suite.py * 0   0%", "! lines of reruns cannot be measured: * are taken (*somebody*)")


def test_settings_that_cannot_be_read_end_no_run(suite: Suite) -> None:
    suite.write("def test_one(): pass")
    (suite.folder / ".coveragerc").write_text("[run\n")
    ran = suite.run("--gilcheck-cov")
    assert ran.status == 0
    ran.shows("! coverage.py cannot measure the ordinary runs: ConfigError: *.coveragerc*")
    assert ran.report is not None
    assert ran.report["coverage"] == {"files": {}}
