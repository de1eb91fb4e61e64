"""Gather the records of a session, show them, write them, and apply the gate. Not active in workers of pytest-xdist."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from functools import cached_property
from typing import Any

import pytest

from pytest_gilcheck.environment import Environment, observe
from pytest_gilcheck.gating.policy import Decision, decide
from pytest_gilcheck.plugin import compat, tokens
from pytest_gilcheck.plugin.comparing import Comparing
from pytest_gilcheck.plugin.options import value
from pytest_gilcheck.plugin.report import records
from pytest_gilcheck.plugin.settings import PluginSettings
from pytest_gilcheck.record import Checked, RaceRecord
from pytest_gilcheck.reporting import brief, junit, layout, races, text
from pytest_gilcheck.reporting.files import write_atomically
from pytest_gilcheck.reporting.formats import renderer
from pytest_gilcheck.reporting.jsonreport import as_read
from pytest_gilcheck.reporting.paths import repository
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.reporting.table import table

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
        self._coverage: dict[str, Any] | None = None
        self._measured: Any = config.pluginmanager.get_plugin("gilcheck-coverage")
        self._annotations: list[str] = []
        self._decision = Decision(failing=())
        self.notes: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the record from a report, wherever the test ran."""
        checked = records(report)
        if checked is not None:
            checked = self._comparing.complete(checked)
            self._records[report.nodeid] = replace(checked, line=_line(report))
            compat.set_junit_properties(report, self._config, junit.PREFIX, junit.properties(checked))

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
        decision = self._decision = decide(self._settings.policy, self._records)
        keep = self._settings.replay is None and not self._config.getoption("collectonly")
        self._problems += self._comparing.finish(self._records, keep=keep)
        self._conclude_coverage()
        wants_github = self._wants_github()
        if self._settings.files or wants_github:
            report = self._report(decision)
            self._write_files(report)
            if wants_github:
                self._tell_github(report)
        if session.exitstatus == pytest.ExitCode.OK and (decision.fails or self._problems):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._mistake is not None:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
            sys.stderr.write("".join(f"ERROR: {line}\n" for line in self._mistake.splitlines()))
        if not self._config.pluginmanager.has_plugin("terminalreporter"):
            lines = [*self._comparing.lines(), *text.gate(decision, self._records)]
            lines += [f"gilcheck: {problem}" for problem in self._problems]
            sys.stderr.write("".join(f"{line}{os.linesep}" for line in lines))

    def _conclude_coverage(self) -> None:
        if self._measured is not None:
            self._coverage = self._measured.conclude()
            self._problems += self._measured.problems

    def _wants_github(self) -> bool:
        """What the option or the ini file say; without them, whether this is a step of GitHub Actions."""
        asked = value(self._config, "gilcheck_github")
        return os.environ.get("GITHUB_ACTIONS") == "true" if asked is None else bool(asked)

    def _write_files(self, report: Report) -> None:
        for name, path in self._settings.files.items():
            try:
                write_atomically(path, renderer(name)(report))
            except OSError as error:
                self._problems.append(f"cannot write {path}: {error.strerror or error}")

    def _report(self, decision: Decision) -> Report:
        root, folder = self._config.rootpath, self._config.invocation_params.dir
        of_repository = repository(root)
        report = Report(
            environment=self._environment,
            tests=self._records,
            session={
                "xdist_workers": self._siblings,
                "folder": str(folder),
                "root": str(root),
                "repository": None if of_repository is None else str(of_repository),
            },
            failing=decision.failing,
            trend=self._comparing.trend,
            coverage=self._coverage,
        )
        return as_read(report)

    def _tell_github(self, report: Report) -> None:
        """Add to the summary of the step, and keep the annotations for the end of the output."""
        from pytest_gilcheck.plugin import github  # noqa: PLC0415 - it needs the race engine, and few runs are on GitHub

        self._annotations = github.annotate(report)
        problem = github.append_summary(report)
        if problem is not None:
            self.notes.append(problem)
        if not self._config.pluginmanager.has_plugin("terminalreporter"):
            sys.stdout.write("".join(f"{layout.encodable(line, sys.stdout)}\n" for line in self._annotations))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """The table if asked for; one line for what was flagged in any case; what failed the run and why."""
        full = self._settings.report
        if full:
            terminalreporter.ensure_newline()  # or it comes between the heading and the table
            terminalreporter.section("gilcheck")
            self._write(terminalreporter, table(self._records, shutil.get_terminal_size().columns) or [_NOTHING])
            self._write(terminalreporter, text.footnotes(self._environment, self._siblings))
        if self._coverage is not None:
            terminalreporter.ensure_newline()
            terminalreporter.section("gilcheck coverage of concurrency")
            self._write(terminalreporter, self._measured.text())
        lines = brief.summary(self._records, full=full)
        if not full and self._wants_lines():
            lines += brief.lines(self._records)
        if self._settings.replay is not None:
            lines += races.not_reproduced(self._races)
        self._write(terminalreporter, lines, yellow=True)
        self._write(terminalreporter, self._comparing.lines())
        self._write(terminalreporter, text.gate(self._decision, self._records), red=True)
        problems = [f"gilcheck: {note}" for note in [*self.notes, *self._problems]]
        self._write(terminalreporter, problems, red=True)
        if self._annotations:
            terminalreporter.ensure_newline()  # a runner reads whole lines only
            for line in self._annotations:
                terminalreporter.write_line(layout.encodable(line, sys.stdout))

    def _wants_lines(self) -> bool:
        """Whether short summaries of all that did not simply pass were asked for, as by ``-ra``."""
        return self._config.get_verbosity() >= 0 and any(c in "aA" for c in self._config.option.reportchars)

    @staticmethod
    def _write(terminalreporter: pytest.TerminalReporter, lines: list[str], **markup: bool) -> None:
        plain = layout.for_encoding(getattr(sys.stdout, "encoding", None))
        for line in lines:
            terminalreporter.write_line(plain(line), **markup)


def _line(report: pytest.TestReport) -> int | None:
    """Where the test begins; ``None`` for one that is inherited from a class in another file."""
    file, line, _ = report.location
    return None if line is None or file.replace(os.sep, "/") != report.nodeid.partition("::")[0] else line + 1
