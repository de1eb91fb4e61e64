"""The command-line options and their ini twins, as one table."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest


class Option(NamedTuple):
    """One option: ``--gilcheck-NAME`` on the command line, ``gilcheck_NAME`` in the ini file. No metavar: a flag."""

    name: str
    help: str
    metavar: str | None = None

    @property
    def ini(self) -> str:
        """The ini name, which is also where the command line's value is kept."""
        return f"gilcheck_{self.name.replace('-', '_')}" if self.name else "gilcheck"

    @property
    def flag(self) -> str:
        """The option as it is typed."""
        return f"--gilcheck-{self.name}" if self.name else "--gilcheck"


OPTIONS = (
    Option("", "treat every test as if it were marked with gilcheck; those that cannot be rerun are skipped, with a reason"),
    Option("off", "ignore all gilcheck markers and options"),
    Option("threads", "threads for a scaling check: a number or 'auto' (twice the usable CPUs, 4 to 8)", "N|auto"),
    Option("processes", "processes for a scaling check: a number, 0 for none, or 'auto' (as many as threads)", "N|auto"),
    Option("seconds", "time that a scaling check of one test aims to stay within (default: 2)", "S"),
    Option("timeout", "give up a single rerun of a test after this time (default: 10, more for long tests)", "S"),
    Option(
        "source",
        "comma list of packages, modules and paths whose code race checks look into (default: all that runs)",
        "LIST",
    ),
    Option(
        "ignore",
        "comma list of what race checks shall not judge: failure, lost-update, unserialisable, deadlock, left-over, hazard",
        "WORDS",
    ),
    Option(
        "approximate",
        "comma list of patterns such as Stats.hits: attributes and variables whose updates may get lost",
        "PATTERNS",
    ),
    Option("replay", "run the one selected test under the schedule that was printed with a failure", "TOKEN"),
    Option("report", "show the verdict of every checked test in a table"),
    Option("cov", "measure which lines run under several threads, and which shared accesses in both orders (coverage.py)"),
    Option("json", "write the verdicts and their figures to this file", "PATH"),
    Option("html", "write a report with pictures to this file, for a browser (needs pytest-gilcheck[html])", "PATH"),
    Option("sarif", "write what was found to this file, for code scanning", "PATH"),
    Option("markdown", "write what was found to this file, for a comment on a pull request", "PATH"),
    Option("github", "annotate the lines and write the step summary as on GitHub Actions, where that happens without it"),
    Option(
        "fail-on",
        "comma list of what fails: race, deadlock, hang, expectation, regression (the default), gil-bound, lock-bound, \
inconclusive, nondeterministic, uncontrolled, hazard, or none",
        "WORDS",
    ),
    Option("baseline", "compare scaling with the figures in this file, and fail the run where it is worse", "PATH"),
    Option("save-baseline", "write the figures of the measured tests into this file, beside those of others there", "PATH"),
    Option(
        "max-regression",
        "what the GIL share may rise by, and the part that the runnable ratio may fall by, before both together count as a \
regression, above 0, at most 1 (default: 0.25)",
        "SHARE",
    ),
    Option(
        "max-speedup-loss",
        "the part of the speed-up in threads that may be lost, above 0, at most 1; needs the machine of the baseline \
(default: a loss is reported only)",
        "SHARE",
    ),
    Option("history", "append what came of this run to this SQLite file", "PATH"),
)


def add(parser: pytest.Parser) -> None:
    """Register every option and its ini twin."""
    group = parser.getgroup("gilcheck", "scaling in threads, the GIL, and races")
    for option in OPTIONS:
        if option.metavar is None:
            group.addoption(option.flag, action="store_true", default=None, dest=option.ini, help=option.help)
            parser.addini(option.ini, option.help, type="bool", default=None)
        else:
            group.addoption(option.flag, default=None, dest=option.ini, metavar=option.metavar, help=option.help)
            parser.addini(option.ini, option.help, default=None)


def value(config: pytest.Config, ini: str) -> Any:
    """What the command line says, else what the ini file says, else ``None``."""
    given = config.getoption(ini, default=None)
    if given is not None:
        return given
    try:
        return config.getini(ini)
    except ValueError as problem:
        raise pytest.UsageError(f"{ini} in {config.inipath}: {problem}; valid: true, false") from None


def early(config: pytest.Config, ini: str) -> bool:
    """Whether a flag is set, asked before the command line is read in earnest. What is wrong with it is said later."""
    given = getattr(config.known_args_namespace, ini, None)
    try:
        return bool(config.getini(ini) if given is None else given)
    except ValueError:
        return False
