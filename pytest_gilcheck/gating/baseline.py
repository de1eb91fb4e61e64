"""A baseline: the figures of earlier measurements in one file that is kept with the code and read in reviews."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating.figures import Figures, Machine
from pytest_gilcheck.gating.jsonlines import Lines, conflict_marker
from pytest_gilcheck.verdict import UNDECIDED, Scaling

SCHEMA_VERSION = 1

#: The key that tells a baseline from other JSON files; its value is the version of the schema.
KEY = "gilcheck_baseline"

_MAKE_ONE = "make one with --gilcheck-save-baseline"
_NAME_LENGTH = 8

# What a figure may be at most; None: anything finite.
_SHARES = {"gil_share": 1.0, "waiting_for_cpu": 1.0, "runnable_ratio": None, "speedup_threads": None}
_RUNS = ("single_runs", "thread_runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Figures by test id; only of tests whose verdict says anything."""

    tests: Mapping[str, Figures] = field(default_factory=dict)

    def merged(self, measured: Mapping[str, Figures], gone: Collection[str] = ()) -> Baseline:
        """With what was ``measured`` in place of what was known of the same tests, and without those that are ``gone``.

        Whatever was not measured, or came to no verdict, keeps what was known of it.
        """
        kept = {test: figures for test, figures in self.tests.items() if test not in gone}
        return Baseline(tests={**kept, **{test: figures for test, figures in measured.items() if figures.decided}})

    def renamed(self, new: Mapping[str, Figures], gone: Collection[str]) -> list[tuple[str, str]]:
        """Pairs of a test that is gone and one that is new, which may be one that was renamed.

        Said only where it is plain: they are the only two such tests of their file, and have the same verdict.
        """
        pairs = []
        for file in sorted({_file(test) for test in gone}):
            before = [test for test in gone if _file(test) == file and test in self.tests]
            after = [test for test in new if _file(test) == file and test not in self.tests]
            if len(before) == len(after) == 1 and self.tests[before[0]].verdict is new[after[0]].verdict:
                pairs.append((before[0], after[0]))
        return pairs


def _file(test: str) -> str:
    return test.partition("::")[0]


def text(baseline: Baseline) -> str:
    """The content of the file: two lines a test, sorted, so that a difference shows which tests changed."""
    names = {machine: _name(machine) for machine in {figures.machine for figures in baseline.tests.values()}}
    machines = sorted((name, json.dumps(asdict(machine), sort_keys=True)) for machine, name in names.items())
    tests = sorted(
        (test, json.dumps({**figures.to_builtins(), "machine": names[figures.machine]}, sort_keys=True))
        for test, figures in baseline.tests.items()
    )
    parts = [
        f'  "{KEY}": {SCHEMA_VERSION}',
        f'  "machines": {_object([f"{json.dumps(name)}: {machine}" for name, machine in machines])}',
        f'  "tests": {_object([f"{json.dumps(test)}:{_NEXT}{figures}" for test, figures in tests])}',
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


_NEXT = "\n      "


def _object(entries: list[str]) -> str:
    return "{\n" + ",\n".join(f"    {entry}" for entry in entries) + "\n  }" if entries else "{}"


def _name(machine: Machine) -> str:
    return sha256(json.dumps(asdict(machine), sort_keys=True).encode()).hexdigest()[:_NAME_LENGTH]


def read(path: Path) -> Baseline:
    """The baseline in a file; raises :class:`Misuse` that names the file, the line and what is wrong there."""
    try:
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise Misuse(f"cannot read {str(path)!r}: {reason}; {_MAKE_ONE}") from error
    try:
        return parse(content.decode("utf-8"), str(path))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Misuse(f"{str(path)!r}, line {line}: not UTF-8; restore the file, or {_MAKE_ONE}") from error


def parse(content: str, name: str) -> Baseline:
    """The baseline that :func:`text` made; raises :class:`Misuse` that says where in ``name`` it is none."""
    marker = conflict_marker(content)
    if marker is not None:
        raise Misuse(f"{name!r}, line {marker}: a merge conflict that was not resolved; take one side, then save anew")
    try:
        plain = json.loads(content, parse_constant=_refused)
    except json.JSONDecodeError as error:
        problem = f"{name!r}, line {error.lineno}, column {error.colno}: no JSON: {error.msg}"
        raise Misuse(f"{problem}; restore the file, or {_MAKE_ONE}") from error
    except (ValueError, RecursionError) as error:
        raise Misuse(f"{name!r} is no baseline: {str(error) or 'nested too deeply'}; {_MAKE_ONE}") from error
    version = plain.get(KEY) if isinstance(plain, dict) else None
    if type(version) is not int:
        raise Misuse(f"{name!r} is no baseline: it has no number {KEY!r}; {_MAKE_ONE}")
    if version > SCHEMA_VERSION:
        raise Misuse(
            f"{name!r} was written by a newer version (schema {version}, this one reads up to {SCHEMA_VERSION}); "
            "upgrade pytest-gilcheck"
        )
    return _Reader(plain, Lines(content), name).baseline()


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no figure")


class _Reader:
    """Turns JSON values into a baseline and knows on which line of the file each stands."""

    def __init__(self, plain: Mapping[str, Any], lines: Lines, name: str) -> None:
        self._plain = plain
        self._lines = lines
        self._name = name

    def baseline(self) -> Baseline:
        if self._lines.duplicate is not None:
            line, key = self._lines.duplicate
            raise Misuse(f"{self._name!r}, line {line}: {key!r} is there twice; keep one of them")
        machines = {name: self._machine(name, plain) for name, plain in self._table("machines").items()}
        tests = {test: self._figures(test, plain, machines) for test, plain in self._table("tests").items()}
        return Baseline(tests=tests)

    def _table(self, key: str) -> Mapping[str, Any]:
        table = self._plain.get(key)
        if not isinstance(table, dict):
            raise self._wrong((key,), f"{key!r} is not an object")
        return table

    def _machine(self, name: str, plain: Any) -> Machine:
        try:
            machine = Machine(**plain)
        except TypeError as error:
            raise self._wrong(("machines", name), f"machine {name!r}: {error}") from error
        texts = {key: value for key, value in asdict(machine).items() if key != "cpus"}
        if not all(isinstance(value, str) for value in texts.values()) or not _is_figure(machine.cpus, None):
            raise self._wrong(("machines", name), f"machine {name!r} has a value of the wrong type")
        return machine

    def _figures(self, test: str, plain: Any, machines: Mapping[str, Machine]) -> Figures:
        try:
            return _figures(dict(plain), machines)
        except (TypeError, ValueError, KeyError) as error:
            raise self._wrong(("tests", test), f"{test}: {error}") from error

    def _wrong(self, path: tuple[str, ...], what: str) -> Misuse:
        return Misuse(f"{self._name!r}, line {self._lines.of(path)}: {what}; restore the file, or {_MAKE_ONE}")


def _figures(plain: dict[str, Any], machines: Mapping[str, Machine]) -> Figures:
    machine = plain.pop("machine", None)
    if machine not in machines:
        raise ValueError(f"its machine {machine!r} is not among 'machines'")
    verdict = Scaling(plain.pop("verdict", None))
    if verdict in UNDECIDED:
        raise ValueError(f"the verdict {verdict} says nothing to compare with")
    threads = plain.get("threads")
    if threads is not None and (type(threads) is not int or threads < 0):
        raise ValueError(f"'threads' is {threads!r}")
    for name, most in _SHARES.items():
        if plain.get(name) is not None and not _is_figure(plain[name], most):
            raise ValueError(f"{name!r} is {plain[name]!r}")
    for name in _RUNS:
        runs = plain.get(name, [])
        if not isinstance(runs, list) or not all(_is_figure(run, None) for run in runs):
            raise ValueError(f"{name!r} is {runs!r}")
        plain[name] = tuple(runs)
    return Figures(verdict=verdict, machine=machines[machine], **plain)


def _is_figure(value: object, most: float | None) -> bool:
    known = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return known and (most is None or (isinstance(value, int | float) and value <= most))
