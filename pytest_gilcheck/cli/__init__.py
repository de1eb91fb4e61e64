"""The command line: a table of commands, each a module that is loaded when it is asked for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Protocol, cast

from pytest_gilcheck import __version__
from pytest_gilcheck.errors import Misuse


class Command(Protocol):
    """A module with a command. One that ``PASSES_ON`` has what stands behind ``--`` in ``arguments.passed_on``."""

    HELP: str

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """Declare the arguments."""

    @staticmethod
    def run(arguments: argparse.Namespace) -> int:
        """Do it; the exit status. Raises :class:`Misuse` for a mistake of the user."""


#: By name, in the order in which they are listed.
COMMANDS: Final = {
    name: f"pytest_gilcheck.cli.{name}"
    for name in ("report", "compare", "history", "replay", "doctor")
    if find_spec(f"pytest_gilcheck.cli.{name}") is not None
}

# As a shell has it for a program that is interrupted.
_INTERRUPTED = 130


def main(argv: Sequence[str]) -> int:
    """Run one command; the exit status: 2 for a mistake of the user, which is said on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(list(argv))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has enough. The interpreter flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _run(argv: list[str]) -> int:
    only = argv[0] if argv and argv[0] in COMMANDS else None
    parser = argparse.ArgumentParser(
        prog="python -m pytest_gilcheck", description="Reports of pytest-gilcheck, and what this machine allows."
    )
    parser.add_argument("--version", action="version", version=f"pytest-gilcheck {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in COMMANDS if only is None else (only,):
        command = _load(name)
        subparser = subparsers.add_parser(name, help=command.HELP, description=command.HELP)
        command.add_arguments(subparser)
        subparser.set_defaults(command=command, parser=subparser)
    passed_on: list[str] = []
    if only is not None and "--" in argv and getattr(_load(only), "PASSES_ON", False):
        argv, passed_on = argv[: argv.index("--")], argv[argv.index("--") + 1 :]
    arguments = parser.parse_args(argv, argparse.Namespace(passed_on=passed_on))
    try:
        return int(arguments.command.run(arguments))
    except Misuse as mistake:
        of_command: argparse.ArgumentParser = arguments.parser
        of_command.error(str(mistake))


def _load(name: str) -> Command:
    return cast("Command", import_module(COMMANDS[name]))
