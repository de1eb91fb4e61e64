"""The whole page: a template that is filled on the server side with the table of tests, and data for what is opened in it.

The table can be read without JavaScript. What a test shows when it is opened is drawn from data that is kept compressed,
as 5,000 pictures would make a file of tens of megabytes. Nothing that comes from the tests is ever part of the scripts or
becomes markup: the template escapes everything, and the scripts make text nodes only. A content security policy says the
same to the browser: it runs the scripts of this page, and loads nothing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pytest_gilcheck.reporting import text as figures
from pytest_gilcheck.reporting.html.coverage import files, totals
from pytest_gilcheck.reporting.html.details import details
from pytest_gilcheck.reporting.html.levels import by_word
from pytest_gilcheck.reporting.html.rows import Row, rows, tallies
from pytest_gilcheck.reporting.html.trend import Columns, changes
from pytest_gilcheck.reporting.layout import printable
from pytest_gilcheck.reporting.report import Report

_ASSETS = Path(__file__).with_name("assets")

#: In this order: each may use those before it.
_SCRIPTS: Final = ("dom.js", "scaling.js", "race.js", "details.js", "page.js")

#: Runs before there is anything to lay out: with it the rows are blocks, and those out of sight cost nothing.
_FIRST_SCRIPT: Final = 'document.documentElement.className = "scripted";'


def text(report: Report) -> str:
    """The report as a page, valid UTF-8 whatever the tests are called."""
    table = rows(report)
    numbers = {row.test: row.number for row in table}
    page: str = _template().render(
        rows=table,
        data=_packed(report, table),
        races=tallies(row.checked.race.verdict for row in table if row.checked.race is not None),
        scalings=tallies(row.checked.scaling.verdict for row in table if row.checked.scaling is not None),
        failed=sum(row.fails for row in table),
        failing=[(numbers.get(test), test, word) for test, word in report.failing],
        made_on=figures.footnotes(report.environment, int(report.session.get("xdist_workers") or 0)),
        environment=report.environment,
        gilcheck=report.gilcheck,
        coverage=None if report.coverage is None else files(report.coverage),
        covered=None if report.coverage is None else totals(report.coverage),
        changes=None if report.trend is None else changes(report.trend, numbers),
        **_inlined(),
    )
    return page


def _packed(report: Report, table: list[Row]) -> str:
    """The details of all rows: JSON, compressed, in base64, which no text of a test can break out of."""
    trend: Mapping[str, Any] = report.trend or {}
    encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
    past = Columns()
    cpus = report.environment.cpus
    # Written one by one: to keep the details of thousands of tests until the end would take twice as long.
    runs = (past.of(trend[row.test]) if trend.get(row.test) else [] for row in table)
    tests = ",".join(encode(details(row, cpus, columns)) for row, columns in zip(table, runs, strict=True))
    plain = f'{{"levels":{encode(by_word())},"tests":[{tests}],"said":{encode(past.texts)}}}'
    return base64.b64encode(zlib.compress(plain.encode("ascii"), 6)).decode("ascii")


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(_ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html")


def _shown(value: Any) -> Any:
    """What a template prints: text without control characters and lone surrogates. Markup was made from such text."""
    return printable(value, newlines=True) if type(value) is str and not value.isprintable() else value


@cache
def _inlined() -> dict[str, str]:
    """The style and the scripts, each with the hash that allows it to run."""
    style = (_ASSETS / "page.css").read_text(encoding="utf-8")
    script = "\n".join(
        ['"use strict";', "{", *((_ASSETS / name).read_text(encoding="utf-8") for name in _SCRIPTS), "}"],
    )
    return {
        **_allowed("first_script", _FIRST_SCRIPT),
        **_allowed("style", style),
        **_allowed("script", script),
    }


def _allowed(name: str, content: str) -> dict[str, str]:
    return {name: Markup(content), f"{name}_hash": _hash(content)}  # noqa: S704 - a file of this package, none of it made


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode('ascii')}"
