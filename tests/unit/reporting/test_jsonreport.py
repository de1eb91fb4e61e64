from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytest_gilcheck import __version__
from pytest_gilcheck.environment import observe
from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.reporting.jsonreport import as_read, read, text
from pytest_gilcheck.reporting.report import Report
from pytest_gilcheck.verdict import HotLine, Race, Scaling

SCHEMA = json.loads((Path(__file__).parents[3] / "docs/reference/gilcheck.schema.json").read_text(encoding="utf-8"))

RECORD = ScalingRecord(
    verdict=Scaling.GIL_BOUND,
    reason="×1.02",
    threads=4,
    processes=0,
    gil_share=0.987654321,
    speedup_threads=1.0199999,
    single_runs=(0.0301, 0.03),
    thread_runs=(0.03, 0.031),
    hot_lines=(HotLine(file="a.py", line=3, function="f", share=1 / 3, kind="bytecode", inside=None),),
    seconds=12345.678,
)
CHECKED = Checked(scaling=RECORD)

RACE = RaceRecord(
    verdict=Race.RACE,
    reason="found",
    kind="exception",
    schedules=12,
    first_failure=12,
    switches=1,
    token="gc1:AAAA",
    gil_feasible=True,
    uncontrolled=("thread 'x' waits",),
    threads=2,
    strategy="auto",
    seed=0,
    failed=True,
    seconds=0.0123456,
    story={
        "cause": "lost update of X.y",
        "steps": [
            {
                "thread": 1,
                "file": "a.py",
                "line": 3,
                "source": "x",
                "acts": [{"verb": "reads", "what": "X.y", "before": "0", "after": None, "conflict": True, "note": None}],
                "holds": [{"what": "X.lock", "file": "a.py", "line": 2, "source": "with"}],
                "left_out": 0,
            }
        ],
        "stuck": [
            {
                "thread": 1,
                "name": "x",
                "waits_for": None,
                "file": "a.py",
                "line": 3,
                "source": "x",
                "held_by": None,
                "holds": [],
            }
        ],
    },
)
ENVIRONMENT = observe()


def document(tests: dict[str, Checked], **session: Any) -> Any:
    """What a reader of the file gets."""
    return json.loads(text(Report(environment=ENVIRONMENT, tests=tests, session=session)))


COVERAGES = (
    RaceRecord(verdict=Race.CLEAN, reason="x", coverage="exhausted", preemption_bound=2, schedules=214),
    RaceRecord(verdict=Race.CLEAN, reason="x", coverage="sampled", schedules=1000),
    RaceRecord(verdict=Race.CLEAN, reason="x", coverage="cut", schedules=10),
)


def test_the_document_is_what_its_schema_says() -> None:
    bare = [ScalingRecord(verdict=verdict, reason="x") for verdict in Scaling]
    races = [RACE, *COVERAGES, *(RaceRecord(verdict=verdict, reason="x") for verdict in Race)]
    every = [CHECKED, *(Checked(scaling=record) for record in bare), *(Checked(race=race) for race in races)]
    records = {
        f"t.py::test_{n}": checked for n, checked in enumerate([*every, Checked(scaling=RECORD, race=RACE), Checked()])
    }
    report = document(records, xdist_workers=2)
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(report, SCHEMA)
    assert report["schema_version"] == 1
    assert report["environment"]["gilcheck"] == __version__
    assert report["environment"]["xdist_workers"] == 2
    assert report["tests"][f"t.py::test_{len(records) - 1}"] == {"scaling": None, "race": None, "line": None}


@pytest.mark.parametrize(("record", "name"), [(RECORD, "scaling"), (RACE, "race")], ids=["scaling", "race"])
def test_every_field_of_a_record_is_in_the_schema_and_the_other_way_round(
    record: ScalingRecord | RaceRecord, name: str
) -> None:
    assert set(record.to_builtins()) == set(SCHEMA["$defs"][name]["properties"])
    assert set(SCHEMA["$defs"][name]["required"]) == set(SCHEMA["$defs"][name]["properties"])


def test_every_verdict_of_a_race_search_is_in_the_schema() -> None:
    assert SCHEMA["$defs"]["race"]["properties"]["verdict"]["enum"] == [verdict.value for verdict in Race]


def test_every_fact_on_the_environment_is_in_the_schema() -> None:
    environment = document({}, xdist_workers=0, folder="/a", root="/a", repository=None)["environment"]
    assert set(environment) == set(SCHEMA["$defs"]["environment"]["properties"])


def test_figures_have_four_digits() -> None:
    scaling = document({"t": CHECKED})["tests"]["t"]["scaling"]
    assert scaling["gil_share"] == 0.9877
    assert scaling["speedup_threads"] == 1.02
    assert scaling["seconds"] == 12350.0
    assert scaling["hot_lines"][0]["share"] == 0.3333
    assert (scaling["threads"], scaling["processes"]) == (4, 0)


def test_all_formats_have_the_figures_of_the_file(tmp_path: Path) -> None:
    report = Report(environment=ENVIRONMENT, tests={"t": CHECKED, "u": Checked(race=RACE)})
    path = tmp_path / "a.json"
    path.write_text(text(report), encoding="utf-8")
    assert as_read(report) == read(path)
    assert as_read(report) != report


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_is_null(odd: float) -> None:
    report = document({"t": Checked(scaling=replace(RECORD, speedup_threads=odd))})
    assert report["tests"]["t"]["scaling"]["speedup_threads"] is None


@pytest.mark.parametrize("test", ["t.py::test[ü→]", "t.py::test[\ud800]", 't.py::test["\\\n\x1b]', ""])
def test_any_id_survives(test: str) -> None:
    written = text(Report(environment=ENVIRONMENT, tests={test: CHECKED}))
    written.encode("utf-8")
    assert list(json.loads(written)["tests"]) == [test]


def test_what_was_written_is_read(tmp_path: Path) -> None:
    tests = {"t": CHECKED, "\ud800": Checked(race=RACE, scaling=RECORD), "none": Checked()}
    written = text(
        Report(
            environment=ENVIRONMENT,
            tests=tests,
            session={"xdist_workers": 2},
            gilcheck="0.0.1",
            failing=(("t", "gil-bound"),),
        )
    )
    path = tmp_path / "a.json"
    path.write_text(written, encoding="utf-8")
    found = read(path)
    assert text(found) == written
    assert found.failing == (("t", "gil-bound"),)
    assert (found.environment, found.gilcheck, found.session) == (ENVIRONMENT, "0.0.1", {"xdist_workers": 2})
    assert found.tests["t"].scaling is not None
    assert found.tests["t"].scaling.thread_runs == RECORD.thread_runs
    assert found.tests["\ud800"].race == replace(RACE, seconds=0.01235)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no JSON: Expecting value"),
        ("{", "is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "is no report of --gilcheck-json: it has no schema_version"),
        ('{"schema_version": "1"}', "it has no schema_version"),
        ('{"schema_version": 2}', "was written by a newer version (schema 2, this one reads up to 1); upgrade"),
        ('{"schema_version": 1}', "is damaged: KeyError: 'environment'"),
        ('{"schema_version": 1, "environment": {}, "tests": {}}', "is damaged: KeyError: 'gilcheck'"),
    ],
)
def test_what_is_no_report_is_said(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(content)
    with pytest.raises(Misuse, match=re.escape(said)):
        read(path)
    with pytest.raises(Misuse, match="No such file"):
        read(tmp_path / "b.json")


def test_a_record_of_another_sort_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    plain = document({"t": CHECKED})
    plain["tests"]["t"]["scaling"]["verdict"] = "fine"
    path.write_text(json.dumps(plain))
    with pytest.raises(Misuse, match="is damaged: ValueError: 'fine' is not a valid Scaling"):
        read(path)
