"""The JSON report: its document, described by docs/reference/gilcheck.schema.json."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pytest_gilcheck import __version__
from pytest_gilcheck.environment import Environment
from pytest_gilcheck.record import Checked

SCHEMA_VERSION = 1

# More digits than any figure is good for would only make two reports hard to compare.
_DIGITS = 4


def document(environment: Environment, records: Mapping[str, Checked], session: Mapping[str, object]) -> dict[str, Any]:
    """The report as builtins; ``session`` adds facts to those on the environment."""
    return {
        "schema_version": SCHEMA_VERSION,
        "environment": {**asdict(environment), "gilcheck": __version__, **session},
        "tests": {test: _rounded(checked.to_builtins()) for test, checked in records.items()},
    }


def text(report: Mapping[str, Any]) -> str:
    """The document as text: UTF-8 safe for any test id, no NaN."""
    return json.dumps(report, indent=2, allow_nan=False) + "\n"


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
