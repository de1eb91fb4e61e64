"""Runs a program in an interpreter of its own, for what patches or watches the whole process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent


def alone(folder: Path, program: str, *options: str, **environment: str) -> str:
    """What the program printed; it has to succeed. ``options`` come between the interpreter and the program."""
    file = folder / "program.py"
    file.write_text(dedent(program), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", *options, str(file)],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
