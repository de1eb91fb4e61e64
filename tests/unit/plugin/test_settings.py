from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_gilcheck.environment import observe
from pytest_gilcheck.gating.policy import Policy
from pytest_gilcheck.plugin import options
from pytest_gilcheck.plugin.settings import PluginSettings, resolve, thread_count
from pytest_gilcheck.races import Scope
from pytest_gilcheck.races.schedule import Place, Schedule, Switch, Token

DEFAULTS = PluginSettings(
    everything=False,
    threads="auto",
    processes="auto",
    seconds=2.0,
    timeout=None,
    report=False,
    files={},
    policy=Policy(),
)


class Config:
    """A command line and an ini file."""

    def __init__(self, folder: Path, line: dict[str, object] | None = None, ini: dict[str, object] | None = None) -> None:
        self._line, self._ini = line or {}, ini or {}
        self.rootpath = folder
        self.inipath = folder / "pytest.ini"
        self.invocation_params = SimpleNamespace(dir=folder)

    def getoption(self, name: str, default: object = None) -> object:
        return self._line.get(name, default)

    def getini(self, name: str) -> object:
        return self._ini.get(name)


def config(folder: Path, line: dict[str, object] | None = None, ini: dict[str, object] | None = None) -> Any:
    return Config(folder, line, ini)


def test_nothing_given(tmp_path: Path) -> None:
    assert resolve(config(tmp_path)) == DEFAULTS


GIVEN: list[tuple[str, str, dict[str, object]]] = [
    ("gilcheck_threads", "4", {"threads": 4}),
    ("gilcheck_threads", " +4 ", {"threads": 4}),
    ("gilcheck_threads", "auto", {"threads": "auto"}),
    ("gilcheck_processes", "0", {"processes": 0}),
    ("gilcheck_processes", " auto", {"processes": "auto"}),
    ("gilcheck_seconds", "0.5", {"seconds": 0.5}),
    ("gilcheck_seconds", "1e2", {"seconds": 100.0}),
    ("gilcheck_timeout", "3600", {"timeout": 3600.0}),
    ("gilcheck_fail_on", "none", {"policy": Policy(fail_on=frozenset())}),
    ("gilcheck_fail_on", "gil-bound,expectation", {"policy": Policy(fail_on=frozenset({"gil-bound", "expectation"}))}),
]


@pytest.mark.parametrize(("name", "text", "expected"), GIVEN)
def test_each_value_on_the_command_line_and_in_the_ini_file(
    tmp_path: Path, name: str, text: str, expected: dict[str, Any]
) -> None:
    assert resolve(config(tmp_path, {name: text})) == replace(DEFAULTS, **expected)
    assert resolve(config(tmp_path, ini={name: text})) == replace(DEFAULTS, **expected)


def test_switches(tmp_path: Path) -> None:
    on = replace(DEFAULTS, everything=True, report=True)
    assert resolve(config(tmp_path, {"gilcheck": True, "gilcheck_report": True})) == on
    assert resolve(config(tmp_path, ini={"gilcheck": True, "gilcheck_report": True})) == on


def test_the_command_line_wins(tmp_path: Path) -> None:
    settings = resolve(config(tmp_path, {"gilcheck_threads": "4"}, {"gilcheck_threads": "bad", "gilcheck_seconds": "1"}))
    assert settings == replace(DEFAULTS, threads=4, seconds=1.0)


def test_an_empty_ini_value_is_none_at_all(tmp_path: Path) -> None:
    assert resolve(config(tmp_path, ini={"gilcheck_threads": "", "gilcheck_json": ""})) == DEFAULTS


def test_every_wrong_value_is_listed_with_its_place(tmp_path: Path) -> None:
    line = {"gilcheck_threads": "1", "gilcheck_timeout": "", "gilcheck_json": str(tmp_path)}
    with pytest.raises(pytest.UsageError) as raised:
        resolve(config(tmp_path, dict(line), {"gilcheck_processes": "-1", "gilcheck_fail_on": "all"}))
    places = [problem.partition(": ")[0] for problem in str(raised.value).splitlines()]
    ini = f"in {tmp_path / 'pytest.ini'}"
    assert places == [
        "--gilcheck-threads",
        f"gilcheck_processes {ini}",
        "--gilcheck-timeout",
        "--gilcheck-json",
        f"gilcheck_fail_on {ini}",
    ]


@pytest.mark.parametrize("text", ["²", "+-2", "--2", "9" * 5000, "0x4", "2.0"], ids=lambda text: ascii(text[:9]))
def test_odd_numbers_get_the_same_message_as_any_other(tmp_path: Path, text: str) -> None:
    with pytest.raises(pytest.UsageError, match="is not a whole number from 2 to 256 or 'auto'"):
        resolve(config(tmp_path, {"gilcheck_threads": text}))


def test_a_schedule_is_checked_before_anything_runs(tmp_path: Path) -> None:
    token = str(Token(schedule=Schedule(switches=(Switch(1, Place(7, 24), 1, 2),)), code=1, scenario=2))
    assert resolve(config(tmp_path, {"gilcheck_replay": f" {token} "})).replay == token
    for damaged in (token[:-1], f"{token}x", token.upper(), "gc1:", "gc1:AAAA", "gc2:AAAAAAAAAAAAAAAA", "x"):
        with pytest.raises(pytest.UsageError, match="--gilcheck-replay: "):
            resolve(config(tmp_path, {"gilcheck_replay": damaged}))


def test_what_to_look_into_is_found_below_the_root(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    source = resolve(config(tmp_path, {"gilcheck_source": "lib,json"})).source
    assert source == Scope.parse("lib,json", tmp_path)
    with pytest.raises(pytest.UsageError, match=r"--gilcheck-source: .*'jsno'"):
        resolve(config(tmp_path, {"gilcheck_source": "jsno"}))


def test_a_path_is_seen_from_where_pytest_was_started(tmp_path: Path) -> None:
    assert resolve(config(tmp_path, {"gilcheck_json": "out/report.json"})).files["json"] == tmp_path / "out" / "report.json"
    absolute = tmp_path / "absolute.json"
    assert resolve(config(tmp_path, {"gilcheck_json": str(absolute)})).files["json"] == absolute


@pytest.mark.parametrize(("cpus", "threads"), [(1, 4), (2, 4), (3, 6), (4, 8), (64, 8)])
def test_automatic_threads(cpus: int, threads: int) -> None:
    environment = replace(observe(), usable_cpus=cpus)
    assert thread_count("auto", environment) == threads
    assert thread_count(5, environment) == 5


def test_every_option_has_a_flag_and_an_ini_twin() -> None:
    assert [(option.flag, option.ini) for option in options.OPTIONS] == [
        ("--gilcheck", "gilcheck"),
        ("--gilcheck-off", "gilcheck_off"),
        ("--gilcheck-threads", "gilcheck_threads"),
        ("--gilcheck-processes", "gilcheck_processes"),
        ("--gilcheck-seconds", "gilcheck_seconds"),
        ("--gilcheck-timeout", "gilcheck_timeout"),
        ("--gilcheck-source", "gilcheck_source"),
        ("--gilcheck-ignore", "gilcheck_ignore"),
        ("--gilcheck-approximate", "gilcheck_approximate"),
        ("--gilcheck-replay", "gilcheck_replay"),
        ("--gilcheck-report", "gilcheck_report"),
        ("--gilcheck-cov", "gilcheck_cov"),
        ("--gilcheck-json", "gilcheck_json"),
        ("--gilcheck-html", "gilcheck_html"),
        ("--gilcheck-sarif", "gilcheck_sarif"),
        ("--gilcheck-markdown", "gilcheck_markdown"),
        ("--gilcheck-github", "gilcheck_github"),
        ("--gilcheck-fail-on", "gilcheck_fail_on"),
        ("--gilcheck-baseline", "gilcheck_baseline"),
        ("--gilcheck-save-baseline", "gilcheck_save_baseline"),
        ("--gilcheck-max-regression", "gilcheck_max_regression"),
        ("--gilcheck-max-speedup-loss", "gilcheck_max_speedup_loss"),
        ("--gilcheck-history", "gilcheck_history"),
    ]
