"""Installed it costs nothing; and after a session nothing is left of what it started, patched or wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from acceptance.suite import SLEEP, Suite

ENGINE = ("pytest_gilcheck.scaling", "pytest_gilcheck.reporting", "pytest_gilcheck.gating", "pytest_gilcheck.plugin.session")

WATCH = """
import os, signal, sys, threading
import psutil, pytest

def state():
    return {
        "switch interval": sys.getswitchinterval(),
        "hooks": (threading.excepthook, sys.excepthook, sys.unraisablehook, sys.gettrace(), threading.gettrace()),
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "files": psutil.Process().num_fds() if hasattr(psutil.Process, "num_fds") else 0,
        "environment": {name: text for name, text in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "folder": os.getcwd(),
    }

def pytest_sessionstart(session): session.config.before = state()

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    after = state()
    print()
    print("CHANGED:", [name for name, old in session.config.before.items() if old != after[name]])
    print("THREADS:", [t.name for t in threading.enumerate() if t is not threading.main_thread()])
    print("CHILDREN:", psutil.Process().children(recursive=True))
"""

CLEAN = ("CHANGED: [[]]", "THREADS: [[]]", "CHILDREN: [[]]")


def test_loading_imports_next_to_nothing(suite: Suite) -> None:
    suite.write(
        """
        import sys, threading
        def test_one(gilcheck):
            print("LOADED", sorted(name for name in sys.modules if name.startswith("pytest_gilcheck")))
            assert gilcheck.mode == "single"
        """,
        test_without="""
        import sys, threading
        def test_loaded():
            ours = sorted(name for name in sys.modules if name.startswith("pytest_gilcheck"))
            assert ours == ["pytest_gilcheck", "pytest_gilcheck.plugin", "pytest_gilcheck.plugin.options"]
            assert [name for name in ("filelock", "coverage", "psutil", "multiprocessing") if name in sys.modules] == []
            assert not [t for t in threading.enumerate() if "gilcheck" in t.name]
        """,
    )
    result = suite.plain("test_without.py")
    assert result.ret == 0, str(result.stdout)


@pytest.mark.parametrize(
    "arguments", [["--gilcheck-off"], ["--gilcheck-off", "--gilcheck"], ["--gilcheck-off", "--gilcheck-threads=0"]]
)
def test_off_imports_no_engine(suite: Suite, arguments: list[str]) -> None:
    suite.write(
        f"""
        import sys
        @pytest.mark.gilcheck
        def test_loaded():
            assert [name for name in sys.modules if name.startswith({ENGINE!r})] == []
        """
    )
    assert suite.plain(*arguments).ret == 0


def test_only_collecting_starts_nothing(suite: Suite) -> None:
    suite.write(f"@pytest.mark.gilcheck\ndef test_one(): {SLEEP}", conftest=WATCH)
    ran = suite.run("--collect-only", "-s")
    ran.shows("*<Function test_one>*", *CLEAN)
    assert ran.status == 0
    assert not ran.leftovers


def test_nothing_is_left_after_a_session(suite: Suite) -> None:
    suite.write(
        f"""
        import subprocess, sys
        pytestmark = pytest.mark.gilcheck
        def test_waits(): {SLEEP}
        def test_computes(): sum(i & 3 for i in range(100_000))
        def test_fails(gilcheck):
            {SLEEP}
            assert gilcheck.mode == "single"
        def test_dies(gilcheck):
            {SLEEP}
            if gilcheck.mode == "processes": os._exit(1)
        def test_skips(): pytest.skip("x")
        """,
        conftest=WATCH,
    )
    ran = suite.run("-s", "--gilcheck-report")
    ran.shows(*CLEAN)
    assert not ran.leftovers


def test_nothing_is_left_after_a_session_that_ends_early(suite: Suite) -> None:
    suite.write(
        f"""
        @pytest.mark.gilcheck
        def test_waits(): {SLEEP}
        def test_interrupts(): raise KeyboardInterrupt
        """,
        conftest=WATCH,
    )
    ran = suite.run("-s")
    assert ran.status == pytest.ExitCode.INTERRUPTED
    ran.shows(*CLEAN)
    assert not ran.leftovers


@pytest.mark.skipif(sys.platform == "win32", reason="has no such signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_nothing_runs_on_after_a_session_that_is_killed(suite: Suite, number: signal.Signals) -> None:
    suite.write(
        """
        import pathlib
        @pytest.mark.gilcheck_scaling(threads=2, processes=2)
        def test_waits(gilcheck):
            time.sleep(0.02)
            if gilcheck.mode == "processes":
                pathlib.Path("reached").touch()
                time.sleep(60)
        """,
        # Whoever runs these tests in the background may have it ignored.
        conftest="import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)",
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:hypothesispytest", "--gilcheck-timeout=60"]
    with subprocess.Popen(command, cwd=suite.folder, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 30
        while not (suite.folder / "reached").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert (suite.folder / "reached").exists()
        os.kill(process.pid, number)
        process.wait(30)
    assert [line for line in suite.leftovers() if not line.startswith("pytest-gilcheck-")] == []
    if number == signal.SIGINT:
        assert suite.leftovers() == [], "pytest ended in good order and removed its folder"
