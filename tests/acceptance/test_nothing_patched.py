"""After a check, however it ended, the process is as it was: threads, code, the namespaces of the modules it deals with."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from programs.race_leftovers import differences, snapshot

TESTS = Path(__file__).resolve().parent.parent

#: A program for each way in which a check can end, and for each thing that could be left patched.
ENDINGS = {
    "attribute_twin": "clean",
    "attribute_bad": "race",
    "item_twin": "clean",
    "deadlock": "deadlock",
    "lost_notify": "hang",
    "infinite_loop": "hang",
    "socket_recv": "uncontrolled",
    "lock_held_by_a_foreign_thread": "uncontrolled",
    "keyboard_interrupt": "KeyboardInterrupt",
    "os_exit_in_a_thread": "race",
    "executor_twin": "clean",
    "timers_bad": "race",
    "done_too_early_twin": "clean",
    "waiting_daemon_twin": "clean",
    "environment_bad": "race",
    "reload_twin": "clean",
    "executed_bad": "race",
    "decorator_bad": "race",
    "cached_twin": "clean",
    "subclass_bad": "race",
}


@pytest.mark.parametrize(("program", "verdict"), ENDINGS.items())
def test_a_check_puts_everything_back(program: str, verdict: str) -> None:
    command = [sys.executable, "-m", "programs.race_leftovers", program]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=60.0, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == [verdict, []]


def test_the_look_sees_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(*_: object) -> None:
        """Stands in for what a check might leave."""

    before = snapshot()
    sleep = time.sleep
    monkeypatch.setattr(threading.Thread.is_alive, "__code__", other.__code__)
    monkeypatch.setattr(time, "sleep", other)
    monkeypatch.setattr(threading, "made_up", other, raising=False)
    gc.disable()
    try:
        found = differences(before)
    finally:
        gc.enable()
        time.sleep = sleep
    assert found == [
        "code of threading.Thread.is_alive",
        "time.sleep",
        "new threading.made_up",
        "collector: False, was True",
    ]


_SUITE = """
import threading
import pytest

@pytest.fixture
def counter():
    return {"value": 0}

@pytest.mark.gilcheck_race(threads=2, schedules=50)
def test_bad(counter):
    counter["value"] = value = counter["value"] + 1
    assert counter["value"] == value

@pytest.mark.gilcheck_race(threads=2, schedules=50)
def test_good(counter):
    with threading.Lock():
        counter["value"] = 1

@pytest.mark.gilcheck_race(schedules=50)
def test_deadlock(gilcheck):
    one, other = threading.Lock(), threading.Lock()
    def forth():
        with one, other: pass
    def back():
        with other, one: pass
    gilcheck.run(forth, back)
"""

_CONFTEST = """
import pytest
from programs.race_leftovers import differences, snapshot

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    before = snapshot()
    try:
        return (yield)
    finally:
        with open("differences.txt", "a") as file:
            file.write(f"{item.name} {differences(before)}\\n")
"""


def test_tests_leave_the_process_as_it_was(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]))
    pytester.makeconftest(_CONFTEST)
    pytester.makepyfile(_SUITE)
    result = pytester.runpytest_subprocess("-p", "no:xdist", "-p", "no:hypothesispytest", timeout=60)
    result.assert_outcomes(passed=1, failed=2)
    lines = pytester.path.joinpath("differences.txt").read_text().splitlines()
    assert lines == ["test_bad []", "test_good []", "test_deadlock []"]
