"""The formats of report files by name; each is loaded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.reporting.report import Report

#: By the name of the format and of its option: the function that makes the text of the file.
FORMATS: Final = {
    "json": "pytest_gilcheck.reporting.jsonreport:text",
    "html": "pytest_gilcheck.reporting.html.page:text",
    "sarif": "pytest_gilcheck.reporting.sarif:text",
    "markdown": "pytest_gilcheck.reporting.markdown:text",
}


def renderer(name: str) -> Callable[[Report], str]:
    """The function for format ``name``; raises :class:`~pytest_gilcheck.errors.Misuse` where something it needs is not
    installed."""
    module, _, function = FORMATS[name].partition(":")
    try:
        found: Callable[[Report], str] = getattr(import_module(module), function)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == __package__.partition(".")[0]:
            raise
        raise Misuse(f"needs {error.name}, which is not installed; pip install 'pytest-gilcheck[{name}]'") from error
    return found
