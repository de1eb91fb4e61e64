"""``doctor``: what this machine and this interpreter allow, and what follows from that."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import textwrap
from dataclasses import asdict

from pytest_gilcheck import __version__
from pytest_gilcheck.cli.facts import BROKEN, GOOD, LIMITS, Fact, facts
from pytest_gilcheck.reporting.layout import printable

HELP = "tell what this machine and this interpreter allow, each with its consequence"

_SIGNS = {GOOD: " ", LIMITS: "!", BROKEN: "x"}

# Text is not wrapped any narrower.
_NARROWEST = 40


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to tell it."""
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")


def run(arguments: argparse.Namespace) -> int:
    """0, or 1 where something keeps checks from running at all."""
    found = facts()
    if arguments.json:
        document = {"gilcheck": __version__, "facts": [asdict(fact) for fact in found]}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        lines = told(found, shutil.get_terminal_size().columns)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if any(fact.state == BROKEN for fact in found) else 0


def told(found: list[Fact], width: int) -> list[str]:
    """Each fact, with its consequence below it."""
    name_width = max(len(fact.name) for fact in found)
    lines = [f"pytest-gilcheck {__version__}"]
    for fact in found:
        lines.append(f"{_SIGNS[fact.state]} {fact.name:{name_width}}  {printable(fact.value)}")
        lines += textwrap.wrap(
            printable(fact.consequence), max(_NARROWEST, width), initial_indent="      ", subsequent_indent="      "
        )
    legend = [f"{_SIGNS[LIMITS]} limits what can be measured or said"] if any(f.state == LIMITS for f in found) else []
    legend += [f"{_SIGNS[BROKEN]} keeps checks from running"] if any(f.state == BROKEN for f in found) else []
    return [*lines, *legend]
