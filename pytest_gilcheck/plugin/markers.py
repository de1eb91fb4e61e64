"""The markers' arguments: what each accepts, checked at collection, and what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest

from pytest_gilcheck.errors import unknown
from pytest_gilcheck.verdict import ORACLES

MOST_WORKERS = 256
LONGEST_SECONDS = 3600.0
EXPECTATIONS = ("scales", "gil-bound", "io-bound")
STRATEGIES = ("auto", "directed", "systematic", "pct", "pos", "rff", "random", "sleep")

Check = Callable[[object], str | None]


def _whole(least: int, most: int | None, *words: str) -> Check:
    span = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"
    valid = " or ".join([span, *(repr(word) for word in words)])

    def check(value: object) -> str | None:
        if isinstance(value, str) and value in words:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and value >= least and (most is None or value <= most):
            return None
        return valid

    return check


def _number(most: float, valid: str) -> Check:
    def check(value: object) -> str | None:
        # The comparison is false for a NaN, too.
        fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= most
        return None if fits else valid

    return check


def _one_of(*words: object) -> Check:
    def check(value: object) -> str | None:
        # Compared with their types: 0 and 1 are no booleans here.
        known = any(value == word and type(value) is type(word) for word in words)
        return None if known else " or ".join(repr(word) for word in words)

    return check


def _names(value: object, valid: Iterable[str]) -> str | None:
    words = [value] if isinstance(value, str) else value
    fits = isinstance(words, list | tuple | set | frozenset) and all(type(word) is str and word in valid for word in words)
    return None if fits else f"one or several of {', '.join(map(repr, valid))}"


seconds = _number(LONGEST_SECONDS, f"a number of seconds above 0, at most {LONGEST_SECONDS:g}")
share = _number(1.0, "a share above 0, at most 1, such as 0.25")
threads = _whole(2, MOST_WORKERS, "auto")
processes = _whole(0, MOST_WORKERS, "auto")

_SCALING: dict[str, Check] = {
    "threads": threads,
    "processes": processes,
    "expect": _one_of(*EXPECTATIONS, None),
    "min_speedup": lambda value: None if value is None else _number(MOST_WORKERS, "a speed-up above 0, such as 1.6")(value),
    "seconds": lambda value: None if value is None else seconds(value),
    "max_regression": lambda value: None if value is None else share(value),
    "max_speedup_loss": lambda value: None if value is None else share(value),
}
_RACE: dict[str, Check] = {
    "threads": _whole(1, MOST_WORKERS, "auto"),
    "strategy": _one_of(*STRATEGIES),
    "seconds": lambda value: None if value is None else seconds(value),
    "schedules": lambda value: None if value is None else _whole(1, None)(value),
    "seed": lambda value: None if value is None else _whole(0, None)(value),
    "bound": lambda value: None if value is None else _whole(0, None)(value),
    "atomic": _one_of(True, False),
    "ignore": lambda value: _names(value, ORACLES),
}
KEYWORDS: Mapping[str, Mapping[str, Check]] = MappingProxyType(
    {"gilcheck": {**_SCALING, **_RACE}, "gilcheck_scaling": _SCALING, "gilcheck_race": _RACE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The scaling check that a test's markers ask for; ``None`` means: as the options say."""

    threads: int | str | None = None
    processes: int | str | None = None
    expect: str | None = None
    min_speedup: float | None = None
    seconds: float | None = None
    max_regression: float | None = None
    max_speedup_loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RaceWanted:
    """The race check that a test's markers ask for; ``None`` means: the default."""

    threads: int | str = "auto"
    strategy: str = "auto"
    seconds: float | None = None
    schedules: int | None = None
    seed: int | None = None
    bound: int | None = None
    atomic: bool = False
    ignore: str | Collection[str] = ()

    @property
    def ignored(self) -> frozenset[str]:
        """The oracles that shall not judge."""
        return frozenset([self.ignore] if isinstance(self.ignore, str) else self.ignore)


def problems(mark: pytest.Mark, strategies: Iterable[str] = ()) -> list[str]:
    """What is wrong with a mark, each with what would be valid; empty when nothing is. ``strategies`` are those that were
    added to the built-in ones."""
    if mark.name == "gilcheck_skip":
        return _skip_problems(mark)
    keywords = KEYWORDS.get(mark.name)
    if keywords is None:
        return [unknown("marker", mark.name, [*KEYWORDS, "gilcheck_skip"])]
    found = []
    if mark.args:
        found.append(f"takes keyword arguments only, not {mark.args[0]!r}; valid: {', '.join(keywords)}")
    for name, value in mark.kwargs.items():
        if name not in keywords:
            found.append(unknown("argument", name, keywords))
        elif (valid := (_one_of(*STRATEGIES, *strategies) if name == "strategy" else keywords[name])(value)) is not None:
            found.append(f"{name}={value!r} is not {valid}")
    return found or _contradictions(mark.kwargs)


def _skip_problems(mark: pytest.Mark) -> list[str]:
    found = [unknown("argument", name, ["reason"]) for name in mark.kwargs if name != "reason"]
    given = [*mark.args, *(mark.kwargs[name] for name in mark.kwargs if name == "reason")]
    if len(given) > 1:
        found.append(f"takes one reason, not {len(given)}")
    found += [f"reason={value!r} is not a string" for value in given if not isinstance(value, str)]
    if not given:
        found.append("needs a reason: gilcheck_skip(reason='…')")
    return found


def _contradictions(kwargs: Mapping[str, object]) -> list[str]:
    """Values that are fine one by one but not together."""
    copies, least, expect = kwargs.get("threads"), kwargs.get("min_speedup"), kwargs.get("expect")
    found = []
    if isinstance(least, int | float) and isinstance(copies, int) and least > copies:
        found.append(f"min_speedup={least} cannot be reached with threads={copies}; at most {copies}")
    if isinstance(least, int | float) and least > 1 and expect == "gil-bound":
        found.append(f"min_speedup={least} contradicts expect='gil-bound', whose speed-up is about 1; give one of them")
    return found


def skip_reason(item: pytest.Item) -> str | None:
    """The reason of the closest ``gilcheck_skip``, or ``None``."""
    mark = item.get_closest_marker("gilcheck_skip")
    if mark is None:
        return None
    return str(mark.args[0] if mark.args else mark.kwargs["reason"])


def xfail_reason(item: pytest.Item) -> str | None:
    """Why a test that is expected to fail is not rerun, or ``None`` for any other."""
    if item.get_closest_marker("xfail") is None:
        return None
    return "it is marked xfail: a failure in a rerun would pass for the expected one"


def wanted(item: pytest.Item) -> Wanted | None:
    """What the closest ``gilcheck`` and ``gilcheck_scaling`` ask for, the latter first; ``None`` without either."""
    given = _given(item, "gilcheck_scaling", _SCALING)
    return None if given is None else Wanted(**given)


def race_wanted(item: pytest.Item) -> RaceWanted | None:
    """What the closest ``gilcheck`` and ``gilcheck_race`` ask for, the latter first; ``None`` without either."""
    given = _given(item, "gilcheck_race", _RACE)
    return None if given is None else RaceWanted(**given)


def _given(item: pytest.Item, special: str, keywords: Mapping[str, Check]) -> dict[str, Any] | None:
    marks = [mark for name in ("gilcheck", special) if (mark := item.get_closest_marker(name)) is not None]
    if not marks:
        return None
    return {name: value for mark in marks for name, value in mark.kwargs.items() if name in keywords}


def check_all(items: Iterable[pytest.Item], strategies: Collection[str] = ()) -> None:
    """Raise :class:`pytest.UsageError` that lists every mistake in the markers of ``items``, each with its tests."""
    bad: dict[int, tuple[pytest.Mark, list[str], list[str]]] = {}
    for item in items:
        for mark in item.iter_markers():
            if mark.name.startswith("gilcheck"):
                key = id(mark)
                if key in bad:
                    bad[key][2].append(item.nodeid)
                elif found := problems(mark, strategies):
                    bad[key] = (mark, found, [item.nodeid])
    if bad:
        raise pytest.UsageError("\n".join(_describe(*entry) for entry in bad.values()))


def _describe(mark: pytest.Mark, found: list[str], tests: list[str]) -> str:
    others = "" if len(tests) == 1 else f" (and {len(tests) - 1} more)"
    return "\n".join(f"{tests[0]}{others}: @pytest.mark.{mark.name}: {problem}" for problem in found)
