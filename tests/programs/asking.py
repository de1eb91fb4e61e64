"""Runs the programs of a module in a process of their own, and reads the answers that it prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

TESTS = Path(__file__).resolve().parent.parent
#: All programs of a module take some seconds; one that hangs takes for ever.
LIMIT = 300.0


def ask(module: str, *arguments: str) -> dict[str, Any]:
    """What ``python -m programs.MODULE`` prints in its last line, a JSON object by program; it has to succeed."""
    command = [sys.executable, "-m", f"programs.{module}", *arguments]
    done = subprocess.run(command, cwd=TESTS, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
