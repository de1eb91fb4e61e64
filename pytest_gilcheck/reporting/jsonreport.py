"""The JSON report, described by docs/reference/gilcheck.schema.json: written, and read again."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.reporting.report import Report

SCHEMA_VERSION = 1

# More digits than any figure is good for would only make two reports hard to compare.
_DIGITS = 4


def text(report: Report) -> str:
    """The report as text, a line for each test: UTF-8 safe for any test id, no NaN."""
    document = {"schema_version": SCHEMA_VERSION, **_rounded(report.to_builtins())}
    tests = ",\n".join(f"  {_line(test)}: {_line(record)}" for test, record in document["tests"].items())
    values = {name: _line(value) for name, value in document.items() if name != "tests"}
    values["tests"] = f"{{\n{tests}\n }}" if tests else "{}"
    return "{\n" + ",\n".join(f" {_line(name)}: {values[name]}" for name in document) + "\n}\n"


def _line(value: object) -> str:
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def as_read(report: Report) -> Report:
    """What a reader of the file has: its figures have as many digits as the file's, so that all formats say the same."""
    return Report.from_builtins(_rounded(report.to_builtins()))


def read(path: Path) -> Report:
    """The report in a file that :func:`text` made; raises :class:`Misuse` that says what is wrong with it."""
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Misuse(f"cannot read {str(path)!r}: {reason}; give the path of what --gilcheck-json wrote") from error
    try:
        plain = json.loads(content)
    except ValueError as error:
        raise Misuse(f"{str(path)!r} is no JSON: {error}; give the path of what --gilcheck-json wrote") from error
    except RecursionError as error:
        raise Misuse(f"{str(path)!r} is no report: it is nested too deeply") from error
    version = plain.get("schema_version") if isinstance(plain, dict) else None
    if type(version) is not int:
        raise Misuse(f"{str(path)!r} is no report of --gilcheck-json: it has no schema_version")
    if version > SCHEMA_VERSION:
        raise Misuse(
            f"{str(path)!r} was written by a newer version (schema {version}, this one reads up to {SCHEMA_VERSION}); "
            f"upgrade pytest-gilcheck"
        )
    try:
        return Report.from_builtins(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Misuse(f"{str(path)!r} is damaged: {type(error).__name__}: {error}") from error


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(entry) for entry in value]
    return value
