from __future__ import annotations

import builtins
import importlib
import itertools
import operator
import sys
import types
import warnings
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.races.operations import Location, Operation, accesses, lookup
from pytest_gilcheck.races.operations import locations as at
from pytest_gilcheck.races.operations.files import BY_PATHS
from pytest_gilcheck.races.operations.finding import FUNCTIONS, NAMES
from pytest_gilcheck.races.operations.functions import BY_ARGUMENTS
from pytest_gilcheck.races.operations.process import BY_PROCESS
from unit.races.operations.samples import FUNCTION_ARGUMENTS

WHOLE = (
    "builtins",
    "_operator",
    "itertools",
    "_functools",
    "_heapq",
    "_bisect",
    "_collections",
    "gc",
    "_warnings",
    "atexit",
)
PRIVATE = {"_lru_cache_wrapper", "_tuplegetter", "_PlaceholderType", "__loader__"}


def of(function: Any, *arguments: Any, **keywords: Any) -> list[Any]:
    operation = lookup(function)
    return [] if operation is None else accesses(operation, arguments, keywords)


def locations_of(function: Any, *arguments: Any, **keywords: Any) -> dict[Any, bool]:
    return {target: write for target, _, write in of(function, *arguments, **keywords) if isinstance(target, Location)}


@pytest.mark.parametrize("module", WHOLE)
def test_every_function_and_type_of_a_module_is_known(module: str) -> None:
    found = {
        name: value
        for name, value in vars(importlib.import_module(module)).items()
        if isinstance(value, types.BuiltinFunctionType | type) and name not in PRIVATE
    }
    missing = [
        name
        for name, value in found.items()
        if f"{module}.{name}" not in NAMES
        and id(value) not in FUNCTIONS
        and not (isinstance(value, type) and issubclass(value, BaseException))
    ]
    assert found
    assert missing == []


@pytest.mark.parametrize("table", [BY_ARGUMENTS, BY_PATHS, BY_PROCESS])
def test_no_name_is_in_a_table_twice(table: Any) -> None:
    for operations in table.values():
        words = [word for names in operations.values() for word in names.split()]
        assert len(words) == len(set(words))


def test_no_name_is_in_two_tables() -> None:
    every = [
        f"{module}.{word}"
        for table in (BY_ARGUMENTS, BY_PATHS, BY_PROCESS)
        for module, operations in table.items()
        for names in operations.values()
        for word in names.split()
    ]
    assert sorted(name for name in set(every) if every.count(name) > 1) == []
    assert set(every) == set(NAMES)


def state(value: Any) -> Any:
    if isinstance(value, types.SimpleNamespace):
        return dict(vars(value))
    return value.__length_hint__() if hasattr(value, "__length_hint__") else type(value)(value)


def tried() -> list[str]:
    """Everything from the tables that works on its arguments and nothing else."""
    modules = ("builtins", "_operator", "itertools", "_functools", "_heapq", "_bisect", "_collections", "_struct")
    barred = {"input", "print", "open", "breakpoint", "__import__", "exec", "eval", "globals", "locals", "compile", "help"}
    parts = [name.partition(".") for name in NAMES]
    return [
        f"{module}.{name}"
        for module, _, name in parts
        if module in modules and name not in barred and hasattr(importlib.import_module(module), name)
    ]


@pytest.mark.parametrize("name", tried())
def test_a_function_changes_its_first_argument_only_if_it_is_declared_to(name: str) -> None:
    module, _, attribute = name.partition(".")
    function = getattr(importlib.import_module(module), attribute)
    for arguments in FUNCTION_ARGUMENTS():
        before = state(arguments[0])
        try:
            made = function(*arguments)
            if not name.startswith(("builtins", "_operator")) and isinstance(made, itertools.chain | itertools.islice):
                list(made)
        except Exception:
            continue
        if state(arguments[0]) != before:
            written = [target for target, _, write in of(function, *arguments) if write]
            assert any(target is arguments[0] for target in written), arguments


@pytest.mark.parametrize("name", ["heappush", "heappop", "heapify", "heapreplace", "heappushpop"])
def test_heap_functions_write_their_heap(name: str) -> None:
    import heapq

    heap = [1, 2]
    assert of(getattr(heapq, name), heap, 3) == [(heap, None, True)]


def test_functions_that_go_over_an_argument_read_it() -> None:
    items = [1, 2]
    for function in (len, list, sorted, sum, max, tuple, set, enumerate, bool, repr, itertools.chain, min, any, iter):
        assert of(function, items) == [(items, None, False)]
    assert of(sorted, {2: 1, 1: 1}, key={1: 2, 2: 1}.get)[1] == ({1: 2, 2: 1}, None, False)
    assert of(len, "text") == []
    assert of(isinstance, items, list) == []
    assert of(id, items) == []


def test_the_parts_of_what_is_shown_are_read() -> None:
    inner = [1]
    assert (inner, None, False) in of(repr, {"a": (inner,)})
    assert any(target is inner for target, _, _ in of(str, [inner]))
    assert not any(target is inner for target, _, _ in of(len, [inner]))


def test_next_moves_an_iterator_and_reads_what_it_goes_over() -> None:
    items = [1]
    iterator = iter(items)
    assert of(next, iterator) == [(iterator, None, True), (items, None, False)]


def test_operators_in_place_write_the_left_operand() -> None:
    left, right = [1], [2]
    assert of(operator.iadd, left, right) == [(left, None, True), (right, None, False)]
    assert of(operator.add, left, right) == [(left, None, False), (right, None, False)]
    assert of(operator.setitem, left, 0, 1) == [(left, (0,), True)]
    assert of(operator.contains, {"a": 1}, "a") == [({"a": 1}, ("a",), False)]
    assert of(operator.iadd, left, left) == [(left, None, True)]


@pytest.mark.parametrize(("function", "write"), [(setattr, True), (delattr, True), (getattr, False), (hasattr, False)])
def test_attribute_functions_name_the_attribute(function: Any, write: bool) -> None:
    target = types.SimpleNamespace(x=1)
    assert of(function, target, "x", 2) == [(target, "x", write)]
    assert of(function, "text", "x", 2) == []
    assert of(function, target, type("Name", (str,), {})("x")) == [(target, None, write)]


def test_vars_and_dir_read_all_attributes() -> None:
    target = types.SimpleNamespace(x=1)
    assert of(vars, target) == of(dir, target) == [(target, None, False)]


def test_print_writes_the_stream_that_it_is_given() -> None:
    stream = types.SimpleNamespace(write=len)
    assert of(print, "x", file=stream) == [(stream, None, True)]
    assert of(print, "x") == [(sys.stdout, None, True), (sys, "stdout", False)]
    items = [1]
    assert (items, None, False) in of(print, items)


def test_exec_writes_and_eval_reads_its_namespaces() -> None:
    namespace: dict[str, object] = {}
    assert of(exec, "x = 1", namespace) == [(namespace, None, True)]
    assert of(eval, "x", namespace) == [(namespace, None, False)]


def test_imports_are_keyed_by_name() -> None:
    assert of(importlib.import_module, "json") == of(builtins.__import__, "json") == [(at.IMPORT_SYSTEM, ("json",), True)]
    assert of(importlib.reload, types)[0] == (at.IMPORT_SYSTEM, None, True)


def test_copies_and_dumps_read_deeply() -> None:
    import copy
    import json
    import pickle

    inner = [1]
    target = types.SimpleNamespace(items=inner)
    assert (target, None, False) in of(copy.copy, target)
    assert (inner, None, False) in of(copy.deepcopy, target)
    assert (inner, None, False) in of(json.dumps, {"a": inner})
    assert {id(part) for part, _, _ in of(pickle.dumps, target)} >= {id(target), id(inner)}


def pair(reader: Any, writer: Any) -> bool:
    """Whether the two calls conflict: the second writes what the first reads."""
    return any(
        one is other and (key is None or key2 is None or key == key2) and write
        for one, key, _ in reader
        for other, key2, write in writer
    )


def test_the_calls_that_get_and_set_one_thing_meet() -> None:
    import gc
    import locale
    import os
    import signal
    import socket
    import time

    pairs = [
        (of(os.getcwd), of(os.chdir, "x")),
        (of(os.stat, "relative"), of(os.chdir, "x")),
        (of(open, "relative"), of(os.chdir, "x")),
        (of(Path.exists, Path("relative")), of(os.chdir, "x")),
        (of(os.mkdir, "x"), of(os.umask, 0)),
        (of(open, "/x", "w"), of(os.umask, 0)),
        (of(locale.localeconv), of(locale.setlocale, 0, "C")),
        (of(locale.setlocale, 0), of(locale.setlocale, 0, "C")),
        (of(time.localtime), of(time.tzset)),
        (of(sys.getrecursionlimit), of(sys.setrecursionlimit, 1)),
        (of(sys.getswitchinterval), of(sys.setswitchinterval, 1)),
        (of(socket.getdefaulttimeout), of(socket.setdefaulttimeout, 1)),
        (of(signal.getsignal, 1), of(signal.signal, 1, None)),
        (of(gc.isenabled), of(gc.disable)),
        (of(os.umask, 0), of(os.umask, 0)),
        (of(warnings.warn, "x"), [(warnings, "filters", True)]),
        (of(warnings.warn, "x"), of(warnings.warn, "x")),
        (of(print), [(sys, "stdout", True)]),
        (of(os.path.exists, "/x"), of(os.mkdir, "/x")),
        (of(os.listdir, "/"), of(os.mkdir, "/x")),
        (of(Path.exists, Path("/x")), of(open, "/x", "w")),
        (of(Path.read_text, Path("/x")), of(Path.write_text, Path("/x"), "")),
        (of(open, "/x"), of(os.rename, "/y", "/x")),
        (of(os.mkdir, "/a/b"), of(os.rmdir, "/a")),
    ]
    assert [number for number, (reader, writer) in enumerate(pairs) if not pair(reader, writer)] == []


def test_calls_that_have_nothing_to_do_with_each_other_do_not_meet() -> None:
    import os

    pairs = [
        (of(open, "/a"), of(os.chdir, "x")),
        (of(open, "/a"), of(os.umask, 0)),
        (of(open, "/a"), of(open, "/a")),
        (of(open, "/a", "w"), of(open, "/b", "w")),
        (of(os.getcwd), of(os.getcwd)),
        (of(os.stat, "/a"), of(os.stat, "/a")),
        (of(os.read, 3, 1), of(os.read, 4, 1)),
    ]
    assert [number for number, (reader, writer) in enumerate(pairs) if pair(reader, writer)] == []


class Path2:
    def __fspath__(self) -> str:
        raise AssertionError("a hook must not ask")


def test_a_path_that_only_its_own_code_knows_is_any_file() -> None:
    import os

    assert (at.FILES, None, True) in of(os.mkdir, Path2())
    assert locations_of(os.stat, Path2()) == {at.FILES: False, at.WORKING_DIRECTORY: False}


def test_a_function_that_nothing_is_known_about_reads_containers() -> None:
    _sqlite3 = pytest.importorskip("_sqlite3")

    items = [1]
    operation = lookup(_sqlite3.complete_statement)
    assert isinstance(operation, Operation)
    assert accesses(operation, ("x", items, 3), {"y": {1: 2}}) == [(items, None, False), ({1: 2}, None, False)]
