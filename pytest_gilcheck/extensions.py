"""Which extension module switched the GIL back on: found by importing the loaded ones again in a fresh interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

_SECONDS = 30.0

_CHILD = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
path, names = json.load(sys.stdin)
sys.path[:] = path
for name in names:
    try:
        importlib.import_module(name)
    except BaseException:
        continue
    if sys._is_gil_enabled():
        print(json.dumps(name))
        break
"""


def extension_modules() -> list[str]:
    """The extension modules of this process, in the order in which they were imported."""
    suffixes = (".so", ".pyd")
    return [n for n, m in list(sys.modules.items()) if str(getattr(m, "__file__", None) or "").endswith(suffixes)]


def first_to_enable_the_gil() -> str | None:
    """The first loaded extension module whose import enables the GIL, or ``None`` when that cannot be told.

    Costs one interpreter start and the imports, at most 30 s. The modules are imported in a process of their own, so that
    nothing of this one changes.
    """
    question = json.dumps([sys.path, extension_modules()])
    command = [sys.executable, "-c", _CHILD]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            command, input=question, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        answer = json.loads(done.stdout.splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError):
        return None
    return str(answer)
