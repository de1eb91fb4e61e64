"""The tools that stand side by side, each in a virtual environment of its own, and how one of them is asked something.

They need Python 3.12; ``--make-venvs`` makes the environments first.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
REQUIREMENTS = {
    "gilcheck": ["-e", str(HERE.parent)],
    "frontrun": ["frontrun==0.7.0"],
    "interleave-test": ["interleave-test==0.1.0"],
    "pytest-run-parallel": ["pytest-run-parallel==0.10.0"],
}
# Those whose environment has a command that Python has to be started with: it refuses to run otherwise.
LAUNCHERS = {"frontrun": "frontrun"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where the environments are, and whether to make them."""
    parser.add_argument("--venvs", type=Path, default=Path("peer-venvs"), help="folder of the tools' virtual environments")
    parser.add_argument("--make-venvs", action="store_true", help="make them, with the interpreter given by --python")
    parser.add_argument("--python", default=sys.executable, help="a Python 3.12")


def prepared(arguments: argparse.Namespace) -> Path:
    """The folder of the environments that ``arguments`` name; they are made if that is asked for."""
    folder: Path = arguments.venvs.resolve()
    if arguments.make_venvs:
        for name, requirements in REQUIREMENTS.items():
            python = folder / name / "bin/python"
            if not python.exists():
                subprocess.run([arguments.python, "-m", "venv", str(folder / name)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *requirements], check=True)
    return folder


def ask(environment: Path, script: str, *words: str, limit: float) -> Any:
    """What ``script --child`` with ``words`` prints last, which is JSON, when the Python of ``environment`` runs it.

    Raises ``subprocess.TimeoutExpired`` after ``limit`` seconds, ``ValueError`` if it does not end with JSON.
    """
    binaries = environment / "bin"
    launcher = [str(binaries / LAUNCHERS[environment.name])] if environment.name in LAUNCHERS else []
    command = [*launcher, str(binaries / "python"), str(HERE / script), "--child", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=limit, cwd=HERE, check=False)
    return json.loads((done.stdout.splitlines() or [""])[-1])


def versions(folder: Path) -> str:
    """The Python and the tools in ``folder``, in one line."""
    code = "import sys, importlib.metadata as m; print(sys.version.split()[0], *[m.version(n) for n in sys.argv[1:]])"
    said = []
    for name in REQUIREMENTS:
        distribution = "pytest-gilcheck" if name == "gilcheck" else name
        command = [str(folder / name / "bin/python"), "-c", code, distribution]
        python, tool = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        said.append(f"{distribution} {tool} (CPython {python})")
    return ", ".join(said)
