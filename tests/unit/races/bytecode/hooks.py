"""Factories of hooks that change nothing: silent ones, and ones that write down what they were called with."""

from __future__ import annotations

import types
from dataclasses import dataclass, field
from typing import Any

from pytest_gilcheck.races.bytecode import instrument
from pytest_gilcheck.races.sites import Hook, Kind, Site

REPLACING = {Kind.CALL, Kind.ENTER, Kind.ITERATE}


def same(operand: object) -> object:
    return operand


def nothing(*operands: object) -> None:
    pass


def silent(site: Site) -> Hook:
    return same if site.kind in REPLACING else nothing


@dataclass
class Recorder:
    """Notes kind, name and operands of each hook that ran, for the kinds that are asked for."""

    kinds: set[Kind]
    seen: list[tuple[str, str | None, tuple[Any, ...]]] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)

    def __call__(self, site: Site) -> Hook | None:
        if site.kind not in self.kinds:
            return None
        self.sites.append(site)

        def hook(*operands: Any) -> object:
            self.seen.append((site.kind, site.name, operands))
            return operands[0] if site.kind in REPLACING else None

        return hook


def instrumented(function: Any, factory: Any) -> Any:
    """A copy of the function that runs instrumented code."""
    code = instrument(function.__code__, factory)
    copy = types.FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
