"""Every report can be had in every format, whatever its texts are: valid, and nothing in a text is taken for markup."""

from __future__ import annotations

import html
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
from hypothesis import assume, given, settings

from property.reported import STORIES, TEXTS, reports
from pytest_gilcheck.races.story import Story
from pytest_gilcheck.reporting import github, jsonreport, junit, markdown, sarif
from pytest_gilcheck.reporting.findings import findings
from pytest_gilcheck.reporting.layout import printable
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.reporting.rules import RULES

SCHEMA = Path(__file__).parents[1] / "unit" / "reporting" / "sarif-2.1.0.schema.json"
VALIDATOR = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@given(STORIES)
def test_a_story_is_read_back(story: Story) -> None:
    assert Story.from_builtins(json.loads(json.dumps(story.to_builtins()))) == story


@settings(max_examples=25)
@given(reports())
def test_the_same_files_come_from_a_report_and_from_its_json(report: Report) -> None:
    again = Report.from_builtins(json.loads(json.dumps(report.to_builtins())))
    assert [make(again) for make in (sarif.text, markdown.text, jsonreport.text)] == [
        make(report) for make in (sarif.text, markdown.text, jsonreport.text)
    ]


def texts_of(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts_of(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts_of(each)]
    return [value] if isinstance(value, str) else []


def of_key(value: Any, key: str) -> list[Any]:
    if isinstance(value, list):
        return [found for each in value for found in of_key(each, key)]
    if not isinstance(value, dict):
        return []
    return [*([value[key]] if key in value else []), *(found for each in value.values() for found in of_key(each, key))]


@settings(max_examples=25)
@given(reports())
def test_sarif(report: Report) -> None:
    text = sarif.text(report)
    assert text.isascii()
    document = json.loads(text)
    VALIDATOR.validate(document)
    (run,) = document["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == list(dict.fromkeys(rule["id"] for rule in rules))
    assert len(run["results"]) == len(findings(report))
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert len(result["locations"]) == 1
        orders = sorted(order for flow in result.get("codeFlows", ()) for order in of_key(flow, "executionOrder"))
        assert orders == list(range(1, len(orders) + 1))
    for place in of_key(document, "artifactLocation"):
        parts = urlsplit(place["uri"])
        assert re.fullmatch(r"[\w%/.~:-]+", place["uri"], re.ASCII)
        assert (parts.scheme, "uriBaseId" in place) in {("", True), ("file", False)}
        assert ".." not in unquote(parts.path).split("/")
    for shown in texts_of(document):
        assert printable(shown, newlines=True) == shown
    prints = [each["gilcheckFinding/v1"] for each in of_key(document, "partialFingerprints")]
    assert len(prints) == len(set(prints))
    for message in of_key(document, "message"):
        assert "](" not in message["text"]
        assert "{" not in message["text"].replace("{{", "")
        assert "}" not in message["text"].replace("}}", "")


def outside_fences(text: str) -> list[str]:
    """The lines of Markdown that are no code, by the rule of CommonMark on what ends a fence."""
    lines: list[str] = []
    fence = None
    for line in text.split("\n"):
        run = re.match("`{3,}", line)
        if fence is None and run:
            fence = len(run[0])
        elif fence is not None:
            closing = re.fullmatch(" {0,3}(`{3,}) *", line)
            fence = None if closing and len(closing[1]) >= fence else fence
        else:
            lines.append(line)
    assert fence is None
    return lines


_TAGS = re.compile(r"</?(?:details|summary|code|br)>|^<!-- pytest-gilcheck -->$")


@settings(max_examples=25)
@given(reports())
def test_markdown(report: Report) -> None:
    text = markdown.text(report)
    text.encode("utf-8")
    assert text.startswith(f"{markdown.MARKER}\n")
    assert len(text) <= markdown.MOST
    assert printable(text, newlines=True) == text
    lines = outside_fences(text)
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == (len(report.tests) + 2 if report.tests else 0)
    for line in lines:
        left = _TAGS.sub("", line)
        assert not set("<>@[]\\~$") & set(left)
        assert "://" not in left
        if line.startswith("|"):
            assert line.count("|") == 7
    told = [finding for finding in findings(report) if finding.level.name != "NOTE"]
    assert sum(line.startswith("<details>") for line in lines) == sum(line == "</details>" for line in lines) <= len(told)


@given(TEXTS)
def test_code_in_a_line_of_markdown_says_what_it_was_given(text: str) -> None:
    shown = markdown.coded(text)
    assert html.unescape(shown.removeprefix("<code>").removesuffix("</code>")) == printable(text)
    assert "\n" not in shown


def unescaped(text: str) -> str:
    for code, character in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
        text = text.replace(code, character)
    return text


@settings(max_examples=25)
@given(reports())
def test_commands_for_github(report: Report) -> None:
    assume(len(findings(report)) <= github.MOST_OF_A_KIND)
    for line, finding in zip(github.commands(report, "/repo"), findings(report), strict=True):
        assert line.isprintable()
        command, properties, message = re.fullmatch("::(error|warning|notice) ([^:]*)::(.*)", line).groups()  # type: ignore[union-attr]
        assert command in {"error", "warning", "notice"}
        given = dict(each.split("=", 1) for each in properties.split(","))
        assert given.keys() <= {"file", "line", "title"}
        assert not unescaped(given.get("file", "")).startswith(("/", "../"))
        title = printable(f"gilcheck: {finding.title}"[: github.LONGEST_TITLE], newlines=True)
        assert unescaped(given["title"]).startswith(title)
        assert unescaped(message).startswith(printable(finding.test, newlines=True)[:100])


@settings(max_examples=25)
@given(reports())
def test_properties_can_stand_in_xml(report: Report) -> None:
    for checked in report.tests.values():
        for name, value in junit.properties(checked).items():
            element = ET.Element("property", name=name, value=value)
            assert ET.fromstring(ET.tostring(element, encoding="unicode")).get("value") == value


@settings(max_examples=25)
@given(reports())
def test_every_word_that_fails_the_run_is_told_as_an_error(report: Report) -> None:
    found = findings(report)
    assert all(finding.rule in RULES for finding in found)
    worst = {finding.test for finding in found if finding.level.name == "ERROR"}
    assert {test for test, _ in report.failing} <= worst
