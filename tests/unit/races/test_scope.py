from __future__ import annotations

import concurrent.futures.thread
import importlib
import json
import logging
import os
import queue
import random
import re
import subprocess
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import pluggy
import pytest

import pytest_gilcheck.errors
from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.races import library
from pytest_gilcheck.races.scope import Scope

bootstrap: Any = importlib.import_module("importlib._bootstrap")


def code_in(file: object, text: str = "lambda: 0") -> CodeType:
    """Code that pretends to come from a file."""
    code: CodeType = eval(compile(text, str(file), "eval")).__code__
    return code


def installed(folder: Path, package: str) -> CodeType:
    return code_in(folder / "env" / "lib" / "python" / "site-packages" / package / "mod.py")


@pytest.mark.parametrize(
    ("function", "wanted", "trusted"),
    [
        (lambda: 0, True, False),
        (eval("lambda: 0"), True, False),
        (threading.Condition.wait, True, True),
        (threading.Thread.run, True, True),
        (threading.Thread.start, False, True),
        (threading.active_count, False, True),
        (threading.Event.is_set, True, False),
        (threading.Event.set, True, False),
        (threading.Event.wait, True, True),
        (queue.Queue.put, True, True),
        (concurrent.futures.thread.ThreadPoolExecutor.submit, True, True),
        (weakref.WeakSet.add, True, True),
        (weakref.finalize._exitfunc, False, True),  # type: ignore[attr-defined]
        (subprocess.Popen.poll, True, True),
        (logging.Logger.info, True, False),
        (logging.shutdown, False, False),
        (random.Random.shuffle, True, False),
        (os.getenv, True, False),
        (bootstrap._ModuleLock.acquire, True, True),
        (bootstrap._ModuleLock.__init__, False, True),
        (bootstrap._find_and_load, False, True),
        (json.dumps, False, False),
        (re.compile, False, False),
        (pytest.main, False, False),
        (pluggy.HookimplMarker.__call__, False, False),
        (pytest_gilcheck.errors.unknown, False, False),
    ],
)
def test_by_default_what_the_test_runs_is_in_scope_and_what_runs_the_test_is_not(
    function: Callable[..., Any], wanted: bool, trusted: bool
) -> None:
    code = function.__code__
    scope = Scope()
    assert (scope.wants(code), scope.trusted(code)) == (wanted, trusted)
    assert (scope.wants(code), scope.trusted(code)) == (wanted, trusted), "the second answer comes from the cache"


def test_all_functions_that_take_the_lock_of_live_threads_are_left_alone() -> None:
    """They hold it for real; a switch under it would stop the next thread that starts or ends."""
    candidates = [thing for thing in vars(threading).values() if callable(thing)]
    candidates += [thing for owner in candidates if isinstance(owner, type) for thing in vars(owner).values()]
    codes = [
        thing.__code__
        for thing in candidates
        if getattr(thing, "__module__", None) == "threading" and hasattr(thing, "__code__")
    ]
    locking = [code for code in codes if {"_active_limbo_lock", "_shutdown_locks_lock"} & set(code.co_names)]
    assert len(locking) >= 5
    assert [code.co_qualname for code in locking if Scope().wants(code)] == []


def test_what_is_never_rewritten_says_why_and_takes_what_is_nested_in_it_along() -> None:
    assert "OS thread" in str(library.never("threading", "Thread.start"))
    assert library.never("threading", "_make_invoke_excepthook.<locals>.invoke_excepthook")
    assert library.never("threading", "Condition.wait") is None
    assert library.never("queue", "Thread.start") is None
    assert not Scope.parse("threading", "/").wants(threading.Thread.start.__code__)


@pytest.mark.parametrize("package", ["_pytest", "xdist", "coverage", "pluggy", "pytest_mock", "debugpy"])
def test_installed_machinery_is_out_of_scope(tmp_path: Path, package: str) -> None:
    assert not Scope().wants(installed(tmp_path, package))
    assert Scope().wants(code_in(tmp_path / package / "mod.py")), "a folder of the user's that has such a name"


def test_an_installed_package_is_in_scope_but_not_the_users_own(tmp_path: Path) -> None:
    code = installed(tmp_path, "requests")
    assert Scope().wants(code)
    assert not Scope().own(code)
    assert not Scope().own(threading.Condition.wait.__code__)
    assert not Scope().own(eval("lambda: 0").__code__)
    assert Scope().own(code_in(tmp_path / "mod.py"))


def test_excluded_files_and_folders_are_out_of_scope_unless_named(tmp_path: Path) -> None:
    plugin, other = tmp_path / "plugin", tmp_path / "plugin2.py"
    plugin.mkdir()
    excluded = frozenset({str(plugin), str(other)})
    scope = Scope(excluded=excluded)
    assert not scope.wants(code_in(plugin / "mod.py"))
    assert not scope.wants(code_in(other))
    assert scope.wants(code_in(tmp_path / "plugin-of-mine.py"))
    assert Scope.parse("plugin", tmp_path, excluded=excluded).wants(code_in(plugin / "mod.py"))


def test_naming_sources_leaves_these_the_library_and_the_test_files(tmp_path: Path) -> None:
    for name in ("pkg/__init__.py", "pkg/sub/mod.py", "other.py", "test_it.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    scope = Scope.parse(" pkg , ", tmp_path, always=frozenset({str(tmp_path / "test_it.py")}))
    assert scope.wants(code_in(tmp_path / "pkg" / "sub" / "mod.py"))
    assert scope.wants(code_in(tmp_path / "test_it.py"))
    assert scope.wants(queue.Queue.put.__code__)
    assert scope.wants(eval("lambda: 0").__code__)
    assert not scope.wants(code_in(tmp_path / "other.py"))
    assert not scope.wants(code_in(tmp_path / "pkg.py"))
    assert not scope.wants(json.dumps.__code__)


def test_an_environment_in_a_named_folder_is_not_part_of_it(tmp_path: Path) -> None:
    scope = Scope.parse(".", tmp_path)
    assert scope.wants(code_in(tmp_path / "mod.py"))
    assert not scope.wants(installed(tmp_path, "requests"))


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("json", json.dumps),
        ("json.encoder", json.encoder.JSONEncoder.encode),
        ("_pytest", pytest.main),
        ("_pytest.config", pytest.main),
        ("importlib._bootstrap", bootstrap._find_and_load),
    ],
)
def test_what_is_left_out_by_default_can_be_named(tmp_path: Path, name: str, function: Callable[..., Any]) -> None:
    assert not Scope().wants(function.__code__)
    assert Scope.parse(name, tmp_path).wants(function.__code__)


def test_a_package_around_a_named_module_is_not_imported_to_find_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "explosive").mkdir()
    (tmp_path / "explosive" / "__init__.py").write_text("raise RuntimeError('imported')")
    (tmp_path / "explosive" / "part.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    scope = Scope.parse("explosive.part", "/")
    assert scope.wants(code_in(tmp_path / "explosive" / "part.py"))
    assert not scope.wants(code_in(tmp_path / "explosive" / "__init__.py"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("jsonn", "'jsonn' is neither a module that can be imported nor a file or folder.*did you mean 'json'"),
        ("concurrent.future", "did you mean 'concurrent.futures'"),
        ("pakage/mod.py", "'pakage/mod.py' is neither"),
        ("package/mud.py", r"did you mean 'package[/\\\\]+mod.py'"),
        ("sys", "'sys' is a compiled module"),
        (" ,", "names nothing"),
        ("pytest_gilcheck.races", "the checker itself"),
        ("json,nothing_like_it", "'nothing_like_it' is neither"),
    ],
)
def test_a_name_that_leads_nowhere_is_a_mistake_that_is_explained(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "mod.py").touch()
    with pytest.raises(Misuse, match=message):
        Scope.parse(text, tmp_path)


def test_scopes_are_values() -> None:
    one, two = Scope(always=frozenset({"a"})), Scope(always=frozenset({"a"}))
    one.wants(json.dumps.__code__)
    assert one == two
    assert hash(one) == hash(two)
    assert one != Scope()


def test_the_user_answers_for_what_they_say_is_theirs(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "theirs"
    inside, beside = code_in(package / "mod.py"), code_in(tmp_path / "site-packages" / "other" / "mod.py")
    own = code_in(tmp_path / "tests" / "test_mod.py")
    before, scope = Scope(), Scope(answered=frozenset({f"{package}/"}))
    assert not before.answerable(inside)
    assert scope.answerable(inside)
    for code in (beside, own):
        assert scope.answerable(code) is before.answerable(code), "nothing else is less or more the user's"
        assert scope.wants(code), "and nothing is left alone for it"


def test_a_plugin_of_pytest_that_is_the_users_is_looked_into(tmp_path: Path) -> None:
    plugin = tmp_path / "site-packages" / "pytest_theirs"
    code = code_in(plugin / "mod.py")
    assert not Scope().wants(code)
    assert Scope(answered=frozenset({f"{plugin}/"})).wants(code)
