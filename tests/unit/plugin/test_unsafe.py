from __future__ import annotations

import contextlib
import functools
import sys
import unittest.mock
import unittest.mock as renamed
import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from warnings import catch_warnings

import pytest

from pytest_gilcheck.plugin import unsafe

SHARED_FILTERS = not getattr(sys.flags, "context_aware_warnings", 0)


class Item(pytest.Function):
    """As much of a collected function as the rules look at."""

    def __init__(self, function: Callable[..., object], *fixtures: str) -> None:
        self.__dict__["fixturenames"] = list(fixtures)
        self.__dict__["_obj"] = function

    @property
    def function(self) -> Any:
        return self.__dict__["_obj"]


def item(function: Callable[..., object], *fixtures: str) -> pytest.Item:
    made = object.__new__(Item)
    Item.__init__(made, function, *fixtures)
    return made


def _pytest_warns() -> None:
    with pytest.warns(UserWarning, match="x"):
        ...


def _deprecated_call() -> None:
    with pytest.deprecated_call():
        ...


def _patch_object() -> None:
    with unittest.mock.patch.object(sys, "path"):
        ...


def _patch_renamed() -> None:
    with renamed.patch("sys.path"):
        ...


def _patch_imported() -> None:
    with patch("sys.path"):
        ...


@patch("sys.path")
def _patched(_: object) -> None: ...


def _helper() -> None:
    _patch_imported()


def _outer() -> None:
    _helper()


def _outermost() -> None:
    _outer()


def _nested() -> Callable[[], None]:
    def inner() -> None:
        with patch("sys.path"):
            ...

    return inner


def _recursive() -> None:
    _recursive()
    _mutual()


def _mutual() -> None:
    _recursive()


async def _coroutine() -> None: ...


async def _generator() -> Any:
    yield


@functools.wraps(_coroutine)
def _wrapped() -> None: ...


def _catch() -> None:
    with warnings.catch_warnings():
        ...


def _catch_imported() -> None:
    with catch_warnings():
        ...


def _safe() -> None:
    print(warnings.filters, unittest.mock.Mock, pytest.raises)


def _same_names() -> None:
    things = SimpleNamespace(patch=1, warns=2)
    print(things.patch, things.warns, unittest.mock.Mock, pytest.raises)


@contextlib.contextmanager
def _patching() -> Iterator[None]:
    with patch("sys.path"):
        yield


def _patched_by_a_context_manager() -> None:
    with _patching():
        ...


@pytest.mark.parametrize(
    ("function", "used"),
    [
        (_pytest_warns, "it uses pytest.warns, which is not thread-safe: it changes state of the whole process"),
        (_deprecated_call, "it uses pytest.deprecated_call, which is not"),
        (_patch_object, "it uses unittest.mock.patch, which is not"),
        (_patch_renamed, "it uses unittest.mock.patch, which is not"),
        (_patch_imported, "it uses unittest.mock.patch, which is not"),
        (_patched, "it uses unittest.mock.patch, which changes state of the whole process"),
        (_helper, "it uses unittest.mock.patch, which is not"),
        (_outer, "it uses unittest.mock.patch, which is not"),
        (_patched_by_a_context_manager, "it uses unittest.mock.patch, which is not"),
        (_nested, "it uses unittest.mock.patch, which is not"),
        (_coroutine, "it is async;"),
        (_generator, "it is async;"),
        (_wrapped, "it is async;"),
    ],
)
def test_calls_that_are_not_thread_safe(function: Callable[..., object], used: str) -> None:
    assert str(unsafe.reason(item(function))).startswith(used)


@pytest.mark.parametrize("function", [_catch, _catch_imported])
def test_warning_filters_are_shared_unless_python_keeps_them_for_each_thread(function: Callable[..., object]) -> None:
    assert (unsafe.reason(item(function)) is not None) is SHARED_FILTERS


@pytest.mark.parametrize("function", [_safe, _same_names, _recursive, _outermost, len, functools.partial(_safe)])
def test_what_nothing_speaks_against(function: Callable[..., object]) -> None:
    assert unsafe.reason(item(function, "tmp_path", "request", "gilcheck")) is None


@pytest.mark.parametrize("name", list(unsafe.FIXTURES))
def test_each_fixture_is_named(name: str) -> None:
    reason = unsafe.reason(item(_safe, "tmp_path", name))
    assert reason == f"it uses the fixture {name}, which is not thread-safe: it {unsafe.FIXTURES[name]}"


def test_an_item_that_is_no_function() -> None:
    class Custom(pytest.Item):
        def runtest(self) -> None: ...

    class DoctestItem(Custom): ...

    assert "no Python test function (Custom)" in str(unsafe.reason(object.__new__(Custom)))
    assert "it is a doctest, which cannot be rerun in threads" in str(unsafe.reason(object.__new__(DoctestItem)))
