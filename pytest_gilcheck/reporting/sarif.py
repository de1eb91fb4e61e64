"""SARIF 2.1.0 for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.

Paths are those of the repository where they can be, so that the file says the same wherever it is read. What identifies a
finding between two runs is its rule, its test and, of a hazard, its source: neither line numbers nor the schedule.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_gilcheck.races.story import Line, Story
from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.reporting.columns import who
from pytest_gilcheck.reporting.findings import Finding, Spot, findings
from pytest_gilcheck.reporting.layout import printable
from pytest_gilcheck.reporting.paths import Paths, uri
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.reporting.rules import RULES, Level, Rule

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_BASE = "%SRCROOT%"
_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "note"}

# A longer message is cut: what reads such a file shows a few lines of it.
_LONGEST = 4_000


def text(report: Report) -> str:
    """The report as text: ASCII, whatever is in ids and messages."""
    found = findings(report)
    return json.dumps(_Log(report, found).document(), separators=(",", ":"), allow_nan=False) + "\n"


class _Log:
    """One run: the rules that apply, and a result for each finding."""

    def __init__(self, report: Report, found: Sequence[Finding]) -> None:
        self._report = report
        self._found = found
        self._paths = Paths.of(report)
        self._rules = [rule for rule in RULES if any(each.rule == rule for each in found)]
        self._alike: Counter[str] = Counter()

    def document(self) -> dict[str, Any]:
        run = {
            "tool": {
                "driver": {
                    "name": "pytest-gilcheck",
                    "version": self._report.gilcheck,
                    "rules": [_descriptor(name, RULES[name]) for name in self._rules],
                }
            },
            "invocations": [{"executionSuccessful": True}],
            "originalUriBaseIds": {_BASE: {"description": {"text": "The root folder of the repository."}}},
            "results": [self._result(each) for each in self._found],
            "properties": _bag(self._facts()),
        }
        return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}

    def _facts(self) -> dict[str, Any]:
        environment = self._report.environment
        return {
            "python": f"{environment.implementation} {environment.python}",
            "gil": environment.gil,
            "platform": environment.platform,
            "cpus": environment.cpus,
            "tests": len(self._report.tests),
        }

    def _result(self, finding: Finding) -> dict[str, Any]:
        spots: list[tuple[Spot | None, dict[str, Any]]]
        spots = [(spot, place) for spot in finding.spots if (place := self._place(spot)) is not None]
        inside = [(spot, place) for spot, place in spots if "uriBaseId" in place["artifactLocation"]]
        main = (inside or spots or [(None, self._test(finding.test))])[0]
        fingerprint = self._fingerprint(finding)
        result = {
            "ruleId": finding.rule,
            "ruleIndex": self._rules.index(finding.rule),
            "level": _LEVELS[finding.level],
            "message": _message(f"{finding.title} in {finding.test}\n{finding.text}"),
            "locations": [{"physicalLocation": main[1], **_logical(finding.test)}],
            # The second is what GitHub knows a finding by; its own, from the line, moves with what the schedule was.
            "partialFingerprints": {"gilcheckFinding/v1": fingerprint, "primaryLocationLineHash": f"{fingerprint}:1"},
            "properties": _bag(_properties(finding)),
        }
        flow = None if finding.race is None else self._flow(finding.race)
        others = (spot for spot in spots if spot[0] is not main[0])
        related = [] if flow is not None else [_related(n, spot, place) for n, (spot, place) in enumerate(others, 1)]
        if flow is not None:
            result["codeFlows"] = [flow]
        if related:
            result["relatedLocations"] = related
        return result

    def _place(self, spot: Spot) -> dict[str, Any] | None:
        artifact = self._artifact(self._paths.of_place(spot.file))
        return None if artifact is None else {"artifactLocation": artifact, "region": {"startLine": max(1, spot.line)}}

    def _test(self, test: str) -> dict[str, Any]:
        """Where it begins; code scanning asks for a line also where that is not known."""
        checked = self._report.tests.get(test)
        line = 1 if checked is None or checked.line is None else max(1, checked.line)
        artifact = self._artifact(self._paths.of_test(test)) or {"uri": "unknown", "uriBaseId": _BASE}
        return {"artifactLocation": artifact, "region": {"startLine": line}}

    def _artifact(self, path: str | None) -> dict[str, Any] | None:
        if path is None:
            return None
        relative = self._paths.relative(path)
        return {"uri": uri(path)} if relative is None else {"uri": uri(relative), "uriBaseId": _BASE}

    def _fingerprint(self, finding: Finding) -> str:
        places = [] if finding.hazard is None else sorted({(p.function, p.source) for p in finding.hazard.places})
        said = json.dumps([finding.rule, finding.test, places])
        self._alike[said] += 1
        return hashlib.sha256(f"{said}{self._alike[said]}".encode()).hexdigest()[:32]

    def _flow(self, record: RaceRecord) -> dict[str, Any] | None:
        """The interleaving: a flow for each thread, its locations numbered in the order in which all of them ran."""
        if record.story is None:
            return None
        story = Story.from_builtins(record.story)
        flows: dict[int, list[dict[str, Any]]] = {}
        for order, (thread, spot, conflict) in enumerate(_steps(story), 1):
            place = self._place(spot)
            location = {
                **({"logicalLocations": [{"fullyQualifiedName": _shown(spot.file)}]} if place is None else {}),
                **({} if place is None else {"physicalLocation": place}),
                "message": _message(spot.text),
            }
            importance = {"importance": "essential"} if conflict else {}
            step = {"executionOrder": order, **importance, "location": location}
            flows.setdefault(thread, []).append(step)
        if not flows:
            return None
        return {
            "message": _message(story.cause or record.reason),
            "threadFlows": [{"id": who(thread), "locations": steps} for thread, steps in sorted(flows.items())],
        }


def _steps(story: Story) -> Iterator[tuple[int, Spot, bool]]:
    """Thread, line with what is done there, and whether it conflicts; at the end what each stuck thread waits for."""
    for line in story.lines:
        yield line.thread, Spot(file=line.at.file, line=line.at.line, text=_done(line)), any(a.conflict for a in line.acts)
    for each in story.stuck:
        held = "" if each.holder is None else f", held by {who(each.holder)}"
        waits = "runs in a loop" if each.what is None else f"waits for {each.what}{held}"
        yield (
            each.thread,
            Spot(file=each.at.file, line=each.at.line, text=f"{each.at.source}\n{who(each.thread)} {waits}"),
            True,
        )


def _done(line: Line) -> str:
    acts = [f"{act}" + (f" ({act.note})" if act.note else "") for act in line.acts]
    holds = [f"holds {hold.what}" for hold in line.holds]
    return "\n".join([line.at.source, *acts, *holds])


def _descriptor(name: str, rule: Rule) -> dict[str, Any]:
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": rule.name},
        "fullDescription": {"text": rule.meaning},
        "help": {"text": rule.help},
        "defaultConfiguration": {"level": _LEVELS[rule.level]},
        "properties": {"tags": ["concurrency"], "problem.severity": _SEVERITIES[rule.level]},
    }


#: What code scanning of GitHub calls the levels.
_SEVERITIES = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "recommendation"}


def _logical(test: str) -> dict[str, Any]:
    return {"logicalLocations": [{"fullyQualifiedName": _shown(test), "kind": "function"}]}


def _related(number: int, spot: Spot | None, place: dict[str, Any]) -> dict[str, Any]:
    said = {} if spot is None else {"message": _message(spot.text)}
    return {"id": number, "physicalLocation": place, **said}


def _properties(finding: Finding) -> dict[str, Any]:
    figures: dict[str, Any] = {"test": finding.test}
    if finding.race is not None:
        race = finding.race
        figures |= {"kind": race.kind, "token": race.token, "schedules": race.schedules, "switches": race.switches}
        figures |= {"gilFeasible": race.gil_feasible}
    if finding.scaling is not None:
        scaling = finding.scaling
        figures |= {"gilShare": scaling.gil_share, "threads": scaling.threads, "speedupThreads": scaling.speedup_threads}
        figures |= {"speedupProcesses": scaling.speedup_processes}
    return figures


def _bag(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of ``figures``, with texts that are safe to show."""
    known = {
        name: value
        for name, value in figures.items()
        if value is not None and not (isinstance(value, float) and not math.isfinite(value))
    }
    known = {name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in known.items()}
    return {name: _shown(value) if isinstance(value, str) else value for name, value in known.items()}


def _message(said: str) -> dict[str, str]:
    """A plain message, in which braces are placeholders and ``[…](…)`` is a link (sections 3.11.5 and 3.11.6): neither is
    ever meant here."""
    shown = printable(said, newlines=True)
    if len(shown) > _LONGEST:
        shown = f"{shown[:_LONGEST]}…"
    return {"text": shown.replace("](", "] (").replace("{", "{{").replace("}", "}}") or " "}


def _shown(text: str) -> str:
    return printable(text)
