"""The options as checked values; a wrong one is a usage error that says which, why and what is valid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_gilcheck.environment import Environment
from pytest_gilcheck.errors import Misuse, unknown
from pytest_gilcheck.gating.policy import Policy
from pytest_gilcheck.plugin import gates, markers
from pytest_gilcheck.plugin.gates import Gates
from pytest_gilcheck.plugin.numbers import number, shown
from pytest_gilcheck.plugin.options import OPTIONS, Option, value
from pytest_gilcheck.reporting.files import check_writable
from pytest_gilcheck.reporting.formats import FORMATS, renderer
from pytest_gilcheck.verdict import ORACLES

if TYPE_CHECKING:
    from pytest_gilcheck.races import Scope

DEFAULT_SECONDS = 2.0

AUTO: int | str = "auto"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSettings:
    """What the options and the ini file ask for in this session."""

    everything: bool
    threads: int | str
    processes: int | str
    seconds: float
    timeout: float | None
    report: bool
    files: Mapping[str, Path]
    policy: Policy
    gates: Gates = field(default_factory=Gates)
    source: Scope | None = None
    ignore: frozenset[str] = frozenset()
    approximate: tuple[str, ...] = ()
    replay: str | None = None
    cov: bool = False


def resolve(config: pytest.Config) -> PluginSettings:
    """Read and check all options; raises :class:`pytest.UsageError` that lists every wrong one."""
    reader = _Reader(config)
    settings = PluginSettings(
        everything=bool(value(config, "gilcheck")),
        threads=reader.read("threads", _workers(markers.threads), AUTO),
        processes=reader.read("processes", _workers(markers.processes), AUTO),
        seconds=reader.read("seconds", number(markers.seconds), DEFAULT_SECONDS),
        timeout=reader.read("timeout", number(markers.seconds), None),
        report=bool(value(config, "gilcheck_report")),
        files=_files(config, reader),
        policy=reader.read("fail-on", Policy.parse, Policy()),
        gates=gates.resolve(config, reader),
        source=reader.read("source", lambda text: _source(config, text), None),
        ignore=reader.read("ignore", _oracles, frozenset()),
        approximate=reader.read("approximate", _words, ()),
        replay=reader.read("replay", _token, None),
        cov=bool(value(config, "gilcheck_cov")),
    )
    if reader.problems:
        raise pytest.UsageError("\n".join(reader.problems))
    return settings


def thread_count(asked: int | str, environment: Environment) -> int:
    """``"auto"`` as a number: twice the usable CPUs, at least 4 (so that serialising shows) and at most 8."""
    return asked if isinstance(asked, int) else max(4, min(8, 2 * environment.usable_cpus))


class _Reader:
    """Reads options one by one and remembers what was wrong with them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.problems: list[str] = []

    def read(self, name: str, parse: Callable[[str], _T], default: _T) -> _T:
        option = next(o for o in OPTIONS if o.name == name)
        text = value(self._config, option.ini)
        if text is None or text == "":
            if text == "" and self._on_command_line(option):
                self.problems.append(f"{option.flag}: needs a value; {option.help}")
            return default
        try:
            return parse(str(text))
        except ValueError as problem:
            self.problems.append(f"{self._named(option)}: {problem}")
            return default

    def _on_command_line(self, option: Option) -> bool:
        return self._config.getoption(option.ini) is not None

    def _named(self, option: Option) -> str:
        if self._on_command_line(option):
            return option.flag
        return f"{option.ini} in {self._config.inipath or 'the ini file'}"


def _workers(check: markers.Check) -> Callable[[str], int | str]:
    def parse(text: str) -> int | str:
        candidate: int | str = text.strip()
        with suppress(ValueError):
            candidate = int(text)
        valid = check(candidate)
        if valid is not None:
            raise Misuse(f"{shown(text)} is not {valid}")
        return candidate

    return parse


def _files(config: pytest.Config, reader: _Reader) -> dict[str, Path]:
    """The report files that were asked for, by the name of the format."""
    paths = {name: reader.read(name, partial(_file, config, name), None) for name in FORMATS}
    return {name: path for name, path in paths.items() if path is not None}


def _file(config: pytest.Config, name: str, text: str) -> Path:
    path = Path(config.invocation_params.dir, text)
    if not hasattr(config, "workerinput"):
        renderer(name)
        check_writable(path)
    return path


def _source(config: pytest.Config, text: str) -> Scope:
    from pytest_gilcheck.races import Scope  # noqa: PLC0415 - for those who ask only

    return Scope.parse(text, config.rootpath)


def _oracles(text: str) -> frozenset[str]:
    words = _words(text)
    for word in words:
        if word not in ORACLES:
            raise Misuse(unknown("word", word, ORACLES))
    return frozenset(words)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _token(text: str) -> str:
    from pytest_gilcheck.races.schedule import Token  # noqa: PLC0415 - for those who ask only

    Token.parse(text.strip())
    return text.strip()
