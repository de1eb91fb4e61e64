"""Gather the records of a session, show them, write them, and apply the gate. Not active in workers of pytest-xdist."""

from __future__ import annotations

import os
import shutil
import sys
from functools import cached_property
from typing import Any

import pytest

from pytest_gilcheck.environment import Environment, observe
from pytest_gilcheck.gating.policy import Decision, decide
from pytest_gilcheck.plugin import tokens
from pytest_gilcheck.plugin.comparing import Comparing
from pytest_gilcheck.plugin.report import records
from pytest_gilcheck.plugin.settings import PluginSettings
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting import layout, races, text
from pytest_gilcheck.reporting.files import write_atomically
from pytest_gilcheck.reporting.formats import renderer
from pytest_gilcheck.reporting.report import Report

_NOTHING = "no check was finished; mark tests with @pytest.mark.gilcheck, or use --gilcheck for all"


class Results:
    """The hooks at the end of a session."""

    def __init__(self, config: pytest.Config, settings: PluginSettings, comparing: Comparing) -> None:
        self._config = config
        self._settings = settings
        self._comparing = comparing
        self._records: dict[str, Checked] = {}
        self._problems: list[str] = []
        self._mistake: str | None = None
        self.notes: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the record from a report, wherever the test ran."""
        checked = records(report)
        if checked is not None:
            self._records[report.nodeid] = self._comparing.complete(checked)

    @property
    def _scaling(self) -> dict[str, ScalingRecord]:
        return {test: checked.scaling for test, checked in self._records.items() if checked.scaling is not None}

    @property
    def _races(self) -> dict[str, RaceRecord]:
        return {test: checked.race for test, checked in self._records.items() if checked.race is not None}

    @cached_property
    def _environment(self) -> Environment:
        return observe()

    @property
    def _siblings(self) -> int:
        """How many workers of pytest-xdist ran tests at the same time."""
        return len(getattr(self._config.option, "tx", None) or ()) if self._config.getoption("dist", "no") != "no" else 0

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of pytest-xdist found wrong in the markers, and what its worker processes said at their end."""
        output = getattr(node, "workeroutput", None) or {}
        self.notes += output.get("gilcheck_notes", [])
        self._comparing.hears(output.get("gilcheck_gone"))
        self._mistake = output.get("gilcheck_mistake", self._mistake)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the file, keep the tokens, then let the gate fail a run that nothing else has failed."""
        if self._settings.replay is None:
            tokens.keep(self._config, self._races)
        decision = decide(self._settings.policy, self._records)
        keep = self._settings.replay is None and not self._config.getoption("collectonly")
        self._problems += self._comparing.finish(self._records, keep=keep)
        self._write_files(decision)
        if session.exitstatus == pytest.ExitCode.OK and (decision.fails or self._problems):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._mistake is not None:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            sys.stderr.write("".join(f"ERROR: {line}\n" for line in self._mistake.splitlines()))
        if not self._config.pluginmanager.has_plugin("terminalreporter"):
            lines = [*self._comparing.lines(), *text.gate(decision, self._records)]
            lines += [f"gilcheck: {problem}" for problem in self._problems]
            sys.stderr.write("".join(f"{line}{os.linesep}" for line in lines))

    def _write_files(self, decision: Decision) -> None:
        if not self._settings.files:
            return
        report = Report(
            environment=self._environment,
            tests=self._records,
            session={"xdist_workers": self._siblings},
            failing=decision.failing,
            trend=self._comparing.trend,
        )
        for name, path in self._settings.files.items():
            try:
                write_atomically(path, renderer(name)(report))
            except OSError as error:
                self._problems.append(f"cannot write {path}: {error.strerror or error}")

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The table if asked for; one line for what was flagged in any case; what failed the run and why."""
        full = self._settings.report
        if full:
            terminalreporter.ensure_newline()  # or it comes between the heading and the table
            terminalreporter.section("gilcheck")
            self._write(terminalreporter, self._tables(shutil.get_terminal_size().columns))
            self._write(terminalreporter, text.footnotes(self._environment, self._siblings))
        lines = [*text.summary(self._scaling, full=full), *races.summary(self._races, full=full)]
        if self._settings.replay is not None:
            lines += races.not_reproduced(self._races)
        self._write(terminalreporter, lines, yellow=True)
        self._write(terminalreporter, self._comparing.lines())
        self._write(terminalreporter, text.gate(decide(self._settings.policy, self._records), self._records), red=True)
        problems = [f"gilcheck: {note}" for note in [*self.notes, *self._problems]]
        self._write(terminalreporter, problems, red=True)

    def _tables(self, width: int) -> list[str]:
        tables = [table for table in (text.table(self._scaling, width), races.table(self._races, width)) if table]
        return [line for number, table in enumerate(tables) for line in ([""] if number else []) + table] or [_NOTHING]

    @staticmethod
    def _write(terminalreporter: pytest.TerminalReporter, lines: list[str], **markup: bool) -> None:
        plain = layout.plain if not layout.fits(getattr(sys.stdout, "encoding", None)) else str
        for line in lines:
            terminalreporter.write_line(plain(line), **markup)
