"""A generated test suite, run by a pytest of its own, and what can be asked about that run."""

from __future__ import annotations

import json
import re
import shlex
import sys
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
import pytest

#: Set in every process that a run starts, so that those which outlive it can be found.
MARK = "GILCHECK_ACCEPTANCE_RUN"

# Plugins that only cost time when they are not what is tested.
_WITHOUT = ("-p", "no:xdist", "-p", "no:hypothesispytest")

_SMALL = ("--gilcheck-threads=2", "--gilcheck-processes=2", "--gilcheck-seconds=0.3")

#: A body that waits, one that computes, and one that is over at once: their verdicts do not depend on the load.
SLEEP = "time.sleep(0.005)"
LOOP = "sum(i & 3 for i in range(400_000))"

_WORD = "(PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)"
_OUTCOME = re.compile(rf"^(?:(\S+::.*?) {_WORD}(?: .*)?|\[gw\d+\] \[ *\d+%\] {_WORD} (\S+::.*?) *)$")
_HEADLINE = re.compile(r"^_{3,} (.+?) _{3,}$")


@dataclass
class Ran:
    """One finished run."""

    result: pytest.RunResult
    folder: Path
    report: dict[str, Any] | None
    leftovers: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        return int(self.result.ret)

    @cached_property
    def output(self) -> str:
        return f"{self.result.stdout}\n{self.result.stderr}"

    def shows(self, *patterns: str) -> None:
        """Fail unless the patterns match lines of the output, in this order."""
        self.result.stdout.fnmatch_lines(patterns)

    def lacks(self, *texts: str) -> None:
        for text in texts:
            assert text not in self.output

    @property
    def records(self) -> dict[str, Any]:
        """The scaling records of the JSON report by test name (what follows the file in the test's id)."""
        return self._records("scaling")

    @property
    def races(self) -> dict[str, Any]:
        """The race records of the JSON report by test name."""
        return self._records("race")

    def _records(self, check: str) -> dict[str, Any]:
        assert self.report is not None, self.output
        return {test.partition("::")[2]: entry[check] for test, entry in self.report["tests"].items()}

    def race(self, test: str) -> str:
        """The verdict of the race check of ``test``."""
        return str(self.races[test]["verdict"])

    @property
    def replay_lines(self) -> list[list[str]]:
        """The commands printed for replaying, each as a shell would split it, without ``pytest`` itself."""
        lines = [line.removeprefix("replay: ") for line in self.result.outlines if line.startswith("replay: pytest ")]
        return [shlex.split(line)[1:] for line in lines]

    def verdict(self, test: str) -> str:
        return str(self.records[test]["verdict"])

    def reason(self, test: str) -> str:
        return str(self.records[test]["reason"])

    def explained(self, test: str) -> str:
        """The reason of a verdict with its details."""
        return f"{self.reason(test)}\n{self.records[test].get('details') or ''}"

    @cached_property
    def outcomes(self) -> dict[str, list[str]]:
        """What the lines of ``-v`` say about each test, in the order in which they came."""
        found: dict[str, list[str]] = {}
        for line in self.result.outlines:
            if match := _OUTCOME.match(line):
                test, word = (match[1], match[2]) if match[1] else (match[4], match[3])
                found.setdefault(test.partition("::")[2], []).append(word.lower())
        return found

    def failure(self, test: str) -> str:
        """The text of the section about a failure of ``test``."""
        found: list[str] = []
        inside = False
        for line in self.result.outlines:
            if match := _HEADLINE.match(line):
                inside = match[1].removeprefix("ERROR at teardown of ").removeprefix("ERROR at setup of ") == test
            elif line.startswith("======"):
                inside = False
            elif inside:
                found.append(line)
        assert found, f"no section on {test} in:\n{self.output}"
        return "\n".join(found)


class Suite:
    """Writes test files and runs pytest on them in processes of its own."""

    def __init__(self, pytester: pytest.Pytester, temporary: Path) -> None:
        self._pytester = pytester
        self.folder = pytester.path
        self.temporary = temporary

    def write(self, *texts: str, **files: str) -> None:
        """``texts`` make up the test file, with ``time`` and ``pytest`` imported; ``files`` are others (``name.py``)."""
        if texts:
            self._pytester.makepyfile(test_suite="\n".join(["import os, time, pytest", *map(_dedented, texts)]))
        for name, text in files.items():
            (self.folder / f"{name}.py").write_text(_dedented(text), encoding="utf-8")

    def ini(self, **values: str) -> None:
        lines = [f"{name} = {text}" for name, text in values.items()]
        (self.folder / "pytest.ini").write_text("\n".join(["[pytest]", *lines, ""]), encoding="utf-8")

    def run(self, *arguments: str, small: bool = True, xdist: int = 0) -> Ran:
        """Run with few workers and a small budget, unless ``small`` is false; ``arguments`` win over that."""
        path = self.folder / "gilcheck.json"
        path.unlink(missing_ok=True)
        options = [*(_SMALL if small else ()), f"--gilcheck-json={path.name}"] if "--gilcheck-off" not in arguments else []
        verbose = () if "-pno:terminal" in arguments else ("-v",)
        without = ("-n", str(xdist), *_WITHOUT[2:]) if xdist else _WITHOUT
        result = self._pytester.runpytest_subprocess(*verbose, *without, *options, *arguments, timeout=120)
        report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
        return Ran(result=result, folder=self.folder, report=report, leftovers=self.leftovers())

    def plain(self, *arguments: str) -> pytest.RunResult:
        """Run with these arguments only."""
        return self._pytester.runpytest_subprocess(*_WITHOUT, *arguments, timeout=120)

    def type_into(self, text: str, *arguments: str) -> pytest.RunResult:
        """Run with this on the standard input."""
        command = [sys.executable, "-m", "pytest", *_WITHOUT, *_SMALL, *arguments]
        return self._pytester.run(*command, stdin=text.encode(), timeout=120)

    def leftovers(self) -> list[str]:
        """Processes and temporary files of a run that are still there after it, given a moment to end."""
        deadline = time.monotonic() + 3
        while (found := self._processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return [*found, *self._files()]

    def _processes(self) -> list[str]:
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK) == self.temporary.name and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(f"{process.pid} {' '.join(process.cmdline())}")
            except psutil.Error:
                continue
        return [line for line in found if not line.startswith(f"{psutil.Process().pid} ")]

    def _files(self) -> list[str]:
        return [path.name for path in self.temporary.iterdir() if "gilcheck" in path.name]


def _dedented(text: str) -> str:
    import textwrap

    return textwrap.dedent(text)


def marked(*bodies: str, **keywords: object) -> str:
    """Tests ``test_0``, ``test_1``, …, each with the marker ``gilcheck`` and one line of body."""
    arguments = ", ".join(f"{name}={value!r}" for name, value in keywords.items())
    tests = [f"@pytest.mark.gilcheck({arguments})\ndef test_{n}(tmp_path):\n    {body}\n" for n, body in enumerate(bodies)]
    return "\n".join(tests)
