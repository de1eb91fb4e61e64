from __future__ import annotations

import json
import sys
from importlib import metadata
from typing import Any

import pytest

from pytest_gilcheck.cli import facts, main
from pytest_gilcheck.cli.doctor import told
from pytest_gilcheck.cli.facts import BROKEN, GOOD, LIMITS, Fact
from unit.scaling.fakes import an_environment


def fact(name: str) -> Fact:
    (found,) = [each for each in facts.facts() if each.name == name]
    return found


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have it look at another machine."""

    def here(**changes: Any) -> None:
        monkeypatch.setattr(facts, "observe", lambda: an_environment(**changes))

    return here


def test_every_fact_has_a_consequence_and_json_has_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["doctor", "--json"])
    document = json.loads(capsys.readouterr().out)
    names = [each["name"] for each in document["facts"]]
    assert names[:4] == ["interpreter", "GIL", "usable CPUs", "CPU quota"]
    assert all(each["consequence"] and each["value"] for each in document["facts"])
    assert status == (1 if BROKEN in {each["state"] for each in document["facts"]} else 0)


def test_a_machine_without_what_helps(on: Any) -> None:
    on(usable_cpus=1, cpu_quota=0.5, run_queue_delay=False, fork=False, gil="re-enabled", gil_reenabled_by="import numpy")
    for name in ("GIL", "usable CPUs", "CPU quota", "run-queue delay", "fork"):
        assert fact(name).state == LIMITS
    assert fact("GIL").value == "re-enabled by import numpy"


def test_a_machine_with_all(on: Any) -> None:
    on(usable_cpus=8, cpu_quota=8.0)
    for name in ("GIL", "usable CPUs", "CPU quota", "run-queue delay", "fork"):
        assert fact(name).state == GOOD


def test_a_tracer_is_noticed() -> None:
    before = sys.gettrace()
    sys.settrace(lambda *_: None)
    try:
        found = fact("tracers")
    finally:
        sys.settrace(before)
    assert found.state == LIMITS
    assert "sys.settrace: builtins.function" in found.value


def test_a_tool_that_monitors_is_noticed() -> None:
    if sys.version_info < (3, 12):
        assert fact("sys.monitoring").state == LIMITS
        return
    number = next(number for number in (4, 3, 2, 5) if sys.monitoring.get_tool(number) is None)
    sys.monitoring.use_tool_id(number, "a tool")
    try:
        found = fact("sys.monitoring")
    finally:
        sys.monitoring.free_tool_id(number)
    assert found.state == LIMITS
    assert f"{number}: a tool" in found.value


def test_a_plugin_that_pytest_will_not_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    found = fact("plugin")
    assert found.state == BROKEN
    monkeypatch.setattr(metadata, "entry_points", lambda **_: [])
    assert fact("plugin").value == "no entry point"


@pytest.mark.parametrize(("version", "state"), [("7.4.4", BROKEN), ("8.0.0", GOOD), ("10.1", GOOD), (None, BROKEN)])
def test_versions_of_pytest(monkeypatch: pytest.MonkeyPatch, version: str | None, state: str) -> None:
    monkeypatch.setattr(facts, "_version", lambda _: version)
    assert fact("pytest").state == state


def test_what_is_broken_sets_the_status(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(
        "pytest_gilcheck.cli.doctor.facts", lambda: [Fact(name="a", value="\x1b", state=BROKEN, consequence="b")]
    )
    assert main(["doctor"]) == 1
    assert capsys.readouterr().out.splitlines()[1:] == ["x a  \\x1b", "      b", "x keeps checks from running"]


def test_the_text_is_wrapped() -> None:
    lines = told([Fact(name="name", value="v", state=LIMITS, consequence="word " * 40)], 60)
    assert max(map(len, lines)) <= 60
    assert lines[1] == "! name  v"
    assert lines[-1] == "! limits what can be measured or said"
