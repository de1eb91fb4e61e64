"""What the hooks of each family are called with, and which need none."""

from __future__ import annotations

import textwrap
import types
from typing import Any, Self

import pytest

from pytest_gilcheck.races.bytecode import instrument
from pytest_gilcheck.races.sites import Kind, Site
from unit.races.bytecode.hooks import Recorder, instrumented


class Owner:
    value = 1

    def method(self, *arguments: object, **keywords: object) -> object:
        return arguments


class Child(Owner):
    def method(self, *arguments: object, **keywords: object) -> object:
        return super().method(1)


class Manager:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def function(*arguments: object, **keywords: object) -> object:
    return arguments


OWNER = Owner()
LIST = [1, 2, 3]
DICT = {"k": 1}
MANAGER = Manager()
METHOD = Owner.__dict__["method"]


def run(source: str, kinds: set[Kind], **names: Any) -> Recorder:
    """Run the source as the body of a function that has these arguments."""
    space: dict[str, Any] = {"function": function, "__name__": "snippet"}
    text = f"def body({', '.join(names)}):\n" + textwrap.indent(textwrap.dedent(source), "    ")
    exec(compile(text, "snippet", "exec"), space)
    recorder = Recorder(kinds)
    instrumented(space["body"], recorder)(**names)
    return recorder


# The statements, the kinds to look at, the arguments, and what is seen.
TABLE: list[tuple[str, set[Kind], dict[str, Any], list[tuple[Kind, str | None, tuple[Any, ...]]]]] = [
    ("o.value", {Kind.LOAD_ATTR}, {"o": OWNER}, [(Kind.LOAD_ATTR, "value", (OWNER,))]),
    ("o.method(1)", {Kind.LOAD_METHOD}, {"o": OWNER}, [(Kind.LOAD_METHOD, "method", (OWNER,))]),
    (
        "o.x = 5; del o.x",
        {Kind.STORE_ATTR, Kind.DELETE_ATTR},
        {"o": OWNER},
        [(Kind.STORE_ATTR, "x", (OWNER, 5)), (Kind.DELETE_ATTR, "x", (OWNER,))],
    ),
    ("a[1]", {Kind.LOAD_ITEM, Kind.LOAD_SLICE}, {"a": LIST}, [(Kind.LOAD_ITEM, None, (LIST, 1))]),
    ("a[1:2]", {Kind.LOAD_ITEM, Kind.LOAD_SLICE}, {"a": LIST}, [(Kind.LOAD_SLICE, None, (LIST,))]),
    ("a[b:c]", {Kind.LOAD_ITEM, Kind.LOAD_SLICE}, {"a": LIST, "b": 0, "c": 1}, [(Kind.LOAD_SLICE, None, (LIST,))]),
    ("a['z'] = 7", {Kind.STORE_ITEM, Kind.STORE_SLICE}, {"a": DICT}, [(Kind.STORE_ITEM, None, (DICT, "z", 7))]),
    ("a[b:c] = (1, 2, 3)", {Kind.STORE_SLICE}, {"a": LIST, "b": 0, "c": 3}, [(Kind.STORE_SLICE, None, (LIST, (1, 2, 3)))]),
    ("del a['z']", {Kind.DELETE_ITEM}, {"a": {"z": 0}}, [(Kind.DELETE_ITEM, None, ({}, "z"))]),
    (
        "2 in a; 9 not in a",
        {Kind.CONTAINS},
        {"a": LIST},
        [(Kind.CONTAINS, None, (LIST, 2)), (Kind.CONTAINS, None, (LIST, 9))],
    ),
    ("b in (1, 2)", {Kind.CONTAINS}, {"b": 1}, []),
    ("x, y, z = a", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("x, *y = a", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("[*a, 0]", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("{*a, 0}", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("{**a}", {Kind.READ}, {"a": DICT}, [(Kind.READ, None, (DICT,))]),
    ("function(*a)", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("function(**a)", {Kind.READ}, {"a": DICT}, [(Kind.READ, None, (DICT,)), (Kind.READ, None, ((),))]),
    ("function(0, *a)", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("f'{a}'", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("f'{a!r}'", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("f'{a:>9}'", {Kind.READ}, {"a": "t"}, [(Kind.READ, None, ("t",))]),
    ("if a: pass", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("not a", {Kind.READ}, {"a": LIST}, [(Kind.READ, None, (LIST,))]),
    ("a and b", {Kind.READ}, {"a": LIST, "b": 1}, [(Kind.READ, None, (LIST,))]),
    ("if a is None: pass", {Kind.READ}, {"a": LIST}, []),
    ("if a == 1: pass", {Kind.READ}, {"a": LIST}, []),
    ("if a < b < c: pass", {Kind.READ}, {"a": 1, "b": 2, "c": 3}, []),
    (
        "match a:\n    case [x, y, z]: pass",
        {Kind.READ},
        {"a": LIST},
        [(Kind.READ, None, (LIST,)), (Kind.READ, None, (LIST,))],
    ),
    (
        "match o:\n    case t(x=1): pass",
        {Kind.MATCH},
        {"o": OWNER, "t": type(OWNER)},
        [(Kind.MATCH, "0", (OWNER, type(OWNER), ("x",)))],
    ),
    (
        "match a:\n    case t(_): pass",
        {Kind.MATCH},
        {"a": LIST, "t": list},
        [(Kind.MATCH, "1", (LIST, list, ()))],
    ),
    ("a + b", {Kind.OPERATE, Kind.INPLACE}, {"a": LIST, "b": [4]}, [(Kind.OPERATE, None, (LIST, [4]))]),
    ("a == b", {Kind.OPERATE}, {"a": LIST, "b": [4]}, [(Kind.OPERATE, None, (LIST, [4]))]),
    ("a * 2", {Kind.OPERATE}, {"a": LIST}, [(Kind.OPERATE, None, (LIST, 2))]),
    ("a - 2; a + 1; a % 2; a < 2; a == 'x'; a != None", {Kind.OPERATE}, {"a": 5}, []),
    ("a += b", {Kind.OPERATE, Kind.INPLACE}, {"a": 1, "b": 2}, [(Kind.INPLACE, None, (1, 2))]),
    ("a += 1; a -= 1; a //= 2; a **= 2", {Kind.INPLACE}, {"a": 1}, []),
    ("a *= 2", {Kind.INPLACE}, {"a": 3}, [(Kind.INPLACE, None, (3, 2))]),
    ("a += 'x'", {Kind.INPLACE}, {"a": "y"}, [(Kind.INPLACE, None, ("y", "x"))]),
    ("for _ in a: pass", {Kind.ITERATE}, {"a": LIST}, [(Kind.ITERATE, None, (LIST,))]),
    ("[_ for _ in a]", {Kind.ITERATE}, {"a": LIST}, [(Kind.ITERATE, None, (LIST,))]),
    ("any(_ for _ in a)", {Kind.ITERATE}, {"a": LIST}, [(Kind.ITERATE, None, (LIST,))]),
    ("for _ in (1, 2): pass", {Kind.ITERATE}, {}, []),
    ("function", {Kind.LOAD_GLOBAL}, {}, [(Kind.LOAD_GLOBAL, "function", ())]),
    (
        "global g\ng = 1; del g",
        {Kind.STORE_GLOBAL, Kind.DELETE_GLOBAL},
        {},
        [(Kind.STORE_GLOBAL, "g", ()), (Kind.DELETE_GLOBAL, "g", ())],
    ),
    ("function(1)", {Kind.CALL}, {}, [(Kind.CALL, "function", (function,))]),
    ("function(1, k=2)", {Kind.CALL}, {}, [(Kind.CALL, "function", (function,))]),
    ("function(*a, **b)", {Kind.CALL}, {"a": LIST, "b": DICT}, [(Kind.CALL, "function", (function,))]),
    ("f(1)", {Kind.CALL}, {"f": function}, [(Kind.CALL, None, (function,))]),
    ("function(a if a else 1, b or 2)", {Kind.CALL}, {"a": 1, "b": 0}, [(Kind.CALL, "function", (function,))]),
    ("function([_ for _ in a])", {Kind.CALL}, {"a": LIST}, [(Kind.CALL, "function", (function,))]),
    (
        "function(len(a), abs(1))",
        {Kind.CALL},
        {"a": LIST},
        [(Kind.CALL, "len", (len,)), (Kind.CALL, "abs", (abs,)), (Kind.CALL, "function", (function,))],
    ),
    ("class C: pass", {Kind.CALL}, {}, []),
    ("@f\ndef g(): pass", {Kind.CALL}, {"f": function}, [(Kind.CALL, None, (function,))]),
    ("with m: pass", {Kind.ENTER}, {"m": MANAGER}, [(Kind.ENTER, None, (MANAGER,))]),
    ("import json.decoder", {Kind.IMPORT}, {}, [(Kind.IMPORT, "json.decoder", ())]),
]


@pytest.mark.parametrize(("source", "kinds", "names", "seen"), TABLE, ids=[row[0] for row in TABLE])
def test_operands(source: str, kinds: set[Kind], names: dict[str, Any], seen: list[Any]) -> None:
    assert run(source, kinds, **names).seen == seen


def test_an_import_from_a_module_loads_its_attribute() -> None:
    import json

    assert run("from json import dumps", {Kind.LOAD_ATTR}).seen == [(Kind.LOAD_ATTR, "dumps", (json,))]


def test_a_method_call_shows_something_that_can_be_called_by_its_name() -> None:
    """Up to 3.12 the bound method, later the plain function with the object beside it."""
    ((kind, name, (called,)),) = run("o.method(1, k=2)", {Kind.CALL}, o=OWNER).seen
    assert (kind, name) == (Kind.CALL, "method")
    assert getattr(called, "__func__", called) is METHOD


def test_super_loads_from_the_object_itself() -> None:
    child = Child()
    recorder = Recorder({Kind.LOAD_ATTR, Kind.LOAD_METHOD})
    assert instrumented(Child.__dict__["method"], recorder)(child) == (1,)
    ((_, name, (owner,)),) = recorder.seen
    # 3.11 has no instruction of its own for it: the attribute of a super object.
    assert name == "method"
    assert owner is child or isinstance(owner, super)


def test_results_take_the_operand_s_place() -> None:
    def body(manager: Any, items: Any) -> object:
        with manager as entered:
            return [entered, [item + 0 for item in items], abs(-1)]

    other = Manager()
    replacement = {Kind.ENTER: other, Kind.ITERATE: [7], Kind.CALL: lambda *_: 8}
    kinds = set(replacement)
    code = instrumented(body, lambda site: (lambda _: replacement[site.kind]) if site.kind in kinds - {Kind.CALL} else None)
    assert code(MANAGER, LIST) == [other, [7], 1]

    def only(site: Site) -> Any:
        return (lambda _: lambda *_arguments: 8) if site.kind is Kind.CALL and site.name == "abs" else None

    assert instrumented(body, only)(MANAGER, LIST) == [MANAGER, LIST, 8]


def closures(source: str) -> list[tuple[str, str | None]]:
    """The sites of cells in the code, in no order."""
    recorder = Recorder({Kind.LOAD_CELL, Kind.STORE_CELL, Kind.DELETE_CELL})
    instrument(compile(textwrap.dedent(source), "closures", "exec"), recorder)
    return sorted((site.kind.value, site.name) for site in recorder.sites)


def test_a_cell_that_is_rebound_inside_is_seen_everywhere() -> None:
    source = """
        def outer():
            count = 0
            def inner():
                nonlocal count
                count += 1
            return inner, count
        """
    assert closures(source) == [("load-cell", "count")] * 2 + [("store-cell", "count")] * 2


def test_a_cell_that_is_bound_once_is_left_alone() -> None:
    assert closures("def outer(argument):\n    local = 1\n    return lambda: (argument, local)") == []


@pytest.mark.parametrize(
    "source",
    [
        "def outer(x):\n    x = 1\n    return lambda: x",
        "def outer(a):\n    for _ in a:\n        x = 1\n    return lambda: x",
        "def outer(a):\n    x = 1\n    if a: x = 2\n    return lambda: x",
        "def outer():\n    def middle():\n        def inner():\n            nonlocal x\n            x = 2\n    x = 1",
    ],
)
def test_a_cell_that_may_be_bound_again_is_seen(source: str) -> None:
    assert ("store-cell", "x") in closures(source)


def test_a_hook_of_a_cell_gets_the_cell() -> None:
    count = 0

    def body() -> int:
        nonlocal count
        count += 5
        return count

    recorder = Recorder({Kind.LOAD_CELL, Kind.STORE_CELL})
    assert instrumented(body, recorder)() == 5
    cell = body.__closure__[0]  # type: ignore[index]
    assert recorder.seen == [
        (Kind.LOAD_CELL, "count", (cell,)),
        (Kind.STORE_CELL, "count", (cell,)),
        (Kind.LOAD_CELL, "count", (cell,)),
    ]
    assert isinstance(cell, types.CellType)


def test_names_of_a_module_are_global_and_those_of_a_class_are_not() -> None:
    source = "x = 1\nclass C:\n    y = 2\n    del y\ndel x"
    recorder = Recorder({Kind.STORE_GLOBAL, Kind.DELETE_GLOBAL})
    exec(instrument(compile(source, "names", "exec"), recorder), {"__name__": "names"})
    assert [seen[:2] for seen in recorder.seen] == [
        (Kind.STORE_GLOBAL, "x"),
        (Kind.STORE_GLOBAL, "C"),
        (Kind.DELETE_GLOBAL, "x"),
    ]


def test_nothing_wanted_gives_the_code_itself() -> None:
    code = test_operands.__code__
    assert instrument(code, lambda _site: None) is code


def test_sites_refer_to_the_original() -> None:
    import dis

    def body(a: Any) -> Any:
        return lambda: a.attribute

    recorder = Recorder({Kind.LOAD_ATTR})
    instrument(body.__code__, recorder, trusted=True)
    (site,) = recorder.sites
    (nested,) = [const for const in body.__code__.co_consts if isinstance(const, types.CodeType)]
    assert site.code is nested
    assert site.line == nested.co_firstlineno
    assert site.trusted
    assert [i.opname for i in dis.get_instructions(nested) if i.offset == site.offset] == ["LOAD_ATTR"]


def test_a_generator_is_seen_before_it_yields() -> None:
    def body() -> Any:
        yield 1
        yield from (2, 3)

    recorder = Recorder({Kind.YIELD})
    assert list(instrumented(body, recorder)()) == [1, 2, 3]
    assert recorder.seen == [(Kind.YIELD, None, ())] * 3
