"""Instrumented programs do what they did: results, line events, tracebacks. A crash of the interpreter is a failure here."""

from __future__ import annotations

import subprocess
import sys
import traceback
import types
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.races.bytecode import instrument
from pytest_gilcheck.races.sites import Hook, Site
from unit.races.bytecode import snippets as _snippets
from unit.races.bytecode.hooks import REPLACING, instrumented, silent

snippets: Any = _snippets  # not annotated
TESTS = Path(__file__).parents[3]


def run_workloads(how: str) -> str:
    path = [str(TESTS), str(TESTS.parent)]
    script = f"import sys, runpy; sys.path[:0] = {path!r}; sys.argv = ['w', {how!r}]"
    script += "; runpy.run_module('unit.races.bytecode.workloads', run_name='__main__')"
    command = [sys.executable, "-X", "faulthandler", "-B", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=250)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_standard_library_works_as_before() -> None:
    plain = run_workloads("plain")
    assert len(plain) > 10_000
    assert run_workloads("instrumented") == plain


SNIPPETS = [value for name, value in vars(snippets).items() if name.startswith("do_")]


def outcome(function: Callable[[], Any]) -> tuple[object, list[tuple[int | None, str]]]:
    """What it returns or raises, and the lines of the traceback within the snippets."""
    try:
        return function(), []
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        return repr(error), [(f.lineno, f.name) for f in frames if f.filename == snippets.__file__]


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[snippet.__name__ for snippet in SNIPPETS])
def test_snippets_give_the_same(snippet: Callable[[], Any]) -> None:
    result = outcome(snippet)
    assert outcome(instrumented(snippet, silent)) == result
    assert bool(result[1]) == (snippet.__name__ in {"do_raise", "do_assert"})


def line_events(function: Callable[[], Any]) -> list[tuple[str, str, int]]:
    events: list[tuple[str, str, int]] = []

    def trace(frame: types.FrameType, event: str, _arg: object) -> Any:
        if frame.f_code.co_filename != snippets.__file__:
            return None
        events.append((frame.f_code.co_name, event, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        outcome(function)
    finally:
        sys.settrace(before)
    return events


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[snippet.__name__ for snippet in SNIPPETS])
def test_line_events_are_the_same(snippet: Callable[[], Any]) -> None:
    plain = line_events(snippet)
    assert len(plain) > 3
    assert line_events(instrumented(snippet, silent)) == plain


@pytest.mark.parametrize("snippet", SNIPPETS, ids=[snippet.__name__ for snippet in SNIPPETS])
def test_operands_can_be_kept(snippet: Callable[[], Any]) -> None:
    """What a hook is called with stays alive and sound, also where the interpreter had only borrowed it."""
    kept: list[Any] = []

    def keep(site: Site) -> Hook:
        def hook(*operands: Any) -> Any:
            kept.append(operands)
            return operands[0] if site.kind in REPLACING else None

        return hook

    assert outcome(instrumented(snippet, keep)) == outcome(snippet)
    assert len([type(operand).__name__ for operands in kept for operand in operands]) > 0


def test_a_hook_that_raises_is_caught_where_the_operation_would_be() -> None:
    def body(box: Any) -> str:
        try:
            return str(box.attribute)
        except KeyError:
            return "caught"

    def refuse(site: Site) -> Hook | None:
        def hook(_owner: object) -> None:
            raise KeyError

        return hook if site.name == "attribute" else None

    assert instrumented(body, refuse)(object()) == "caught"


def test_many_runs_are_as_good_as_one() -> None:
    """Often enough for the interpreter to specialise the code."""
    fast = instrumented(snippets.do_methods, silent)
    assert {repr(fast()) for _ in range(3000)} == {repr(snippets.do_methods())}


def test_instrumented_code_can_be_instrumented() -> None:
    code = snippets.do_nested.__code__
    for _ in range(2):
        code = instrument(code, silent)
    twice = types.FunctionType(code, snippets.do_nested.__globals__)
    assert twice() == snippets.do_nested()


def test_positions_stay_within_the_function() -> None:
    code = instrument(snippets.do_nested.__code__, silent)
    lines = [line for _, _, line in code.co_lines() if line]
    assert set(lines) == {line for _, _, line in snippets.do_nested.__code__.co_lines() if line}
    assert all(end == start for (_, end, _), (start, _, _) in pairwise(code.co_lines()))
