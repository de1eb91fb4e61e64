"""Tests that use what is known not to be thread-safe: why each cannot be rerun in threads."""

from __future__ import annotations

import contextlib
import inspect
import sys
import unittest
import warnings
from typing import Any

import pytest

from pytest_gilcheck.plugin import compat, names

_CAPTURES = "captures output of the whole process"
_PATCHES = "changes state of the whole process"
_RECORDS = "records for the whole process"

#: Fixtures that change or watch something that all threads share.
FIXTURES = {
    "capsys": _CAPTURES,
    "capsysbinary": _CAPTURES,
    "capteesys": _CAPTURES,
    "capfd": _CAPTURES,
    "capfdbinary": _CAPTURES,
    "caplog": _RECORDS,
    "recwarn": _RECORDS,
    "monkeypatch": _PATCHES,
    "mocker": _PATCHES,
    "class_mocker": _PATCHES,
    "module_mocker": _PATCHES,
    "pytester": _PATCHES,
    "testdir": _PATCHES,
    "subtests": "reports to the running test, from one thread only",
    "benchmark": "times one caller at a time",
}

# Of these, the ones that cannot even be used in one copy again and again: they act on the session, or refuse a second use.
_ONCE_ONLY = frozenset({"pytester", "testdir", "subtests", "benchmark"})

# How far calls into the user's own helpers are followed in search of what is not thread-safe.
_DEPTH = 2


def _callables() -> dict[Any, str]:
    found: dict[Any, str] = {
        pytest.warns: "pytest.warns",
        pytest.deprecated_call: "pytest.deprecated_call",
        contextlib.redirect_stdout: "contextlib.redirect_stdout",
        contextlib.redirect_stderr: "contextlib.redirect_stderr",
        contextlib.chdir: "contextlib.chdir",
    }
    mock = sys.modules.get("unittest.mock")
    if mock is not None:  # else nobody uses it, and it takes long to import
        found[mock.patch] = "unittest.mock.patch"
    # From 3.14 on, where this flag is set, warning filters belong to the context of a thread.
    if not getattr(sys.flags, "context_aware_warnings", 0):
        found[warnings.catch_warnings] = "warnings.catch_warnings"
    return found


def reason(item: pytest.Item, copies: int = 2) -> str | None:
    """Why ``copies`` of ``item`` cannot be run in threads, or ``None`` if nothing speaks against it.

    With one copy, whose own threads are looked at, what belongs to the whole process belongs to that copy.
    """
    if not isinstance(item, pytest.Function):
        kind = "a doctest" if type(item).__name__ == "DoctestItem" else f"no Python test function ({type(item).__name__})"
        return f"it is {kind}, which cannot be rerun in threads"
    for name in compat.fixture_names(item):
        if name in FIXTURES and (copies > 1 or name in _ONCE_ONLY):
            return f"it uses the fixture {name}, which is not thread-safe: it {FIXTURES[name]}"
    function = _plain(item.function)
    if _is_async(item, function):
        return "it is async; its event loop would have to be set up in each thread"
    return None if copies == 1 else _patches(item, function)


def _patches(item: pytest.Function, function: Any) -> str | None:
    if getattr(item.function, "patchings", None):
        return "it uses unittest.mock.patch, which changes state of the whole process"
    used = _unsafe_callable(function)
    return None if used is None else f"it uses {used}, which is not thread-safe: it {_PATCHES}"


def _plain(function: Any) -> Any:
    return inspect.unwrap(function)


def _is_async(item: pytest.Function, function: Any) -> bool:
    if isinstance(item, compat.TestCaseFunction) and issubclass(item.cls or object, unittest.IsolatedAsyncioTestCase):
        return True
    return any(inspect.iscoroutinefunction(f) or inspect.isasyncgenfunction(f) for f in (item.function, function))


def _unsafe_callable(function: Any) -> str | None:
    unsafe = _callables()
    for value in names.used(function, _DEPTH):
        for candidate, name in unsafe.items():
            if value is candidate:
                return name
    return None
