"""Which stores are made from which loads, told by the lines and names of both."""

from __future__ import annotations

import dis
from collections.abc import Callable
from types import CodeType
from typing import Any

import pytest

from pytest_gilcheck.races.bytecode.dependence import dependences
from pytest_gilcheck.races.bytecode.reading import Instructions

o: Any = None
d: Any = None
g: Any = None


def followed(function: Callable[..., Any]) -> dict[str, set[tuple[str, bool]]]:
    """By what each store is to: what it is made from, and whether that all went through calls."""
    code = function.__code__
    names = {each.offset: _name(each) for each in dis.get_instructions(code)}
    found: dict[str, set[tuple[str, bool]]] = {}
    for store, loads in dependences(Instructions(code)).items():
        found.setdefault(names[store], set()).update((names[load], called) for load, called in loads.items())
    return found


def _name(instruction: dis.Instruction) -> str:
    if "SUBSCR" in instruction.opname or instruction.argrepr == "[]":
        return "[]"
    if instruction.opname.startswith("CALL"):
        return "()"
    return str(instruction.argval).removeprefix("NULL + ")


def augmented() -> None:
    o.x += 1


def by_way_of_variables() -> None:
    seen = o.x
    more = seen * 2
    o.x = more


def augmented_item(k: str) -> None:
    d[k] += 1


def of_a_call() -> None:
    o.x = max(o.x, 1)


def of_a_method() -> None:
    o.x = o.x.strip()


def got(k: str) -> None:
    d[k] = d.get(k, 0) + 1


def in_a_display() -> None:
    o.x = (*o.x, 1)


def in_a_list() -> None:
    o.x = [0, *o.x]


def in_a_dict() -> None:
    o.x = {**o.x, "a": 1}


def in_a_text() -> None:
    o.x = f"{o.x}!"


def of_a_bit() -> None:
    o.x |= 4


def of_a_comparison() -> None:
    o.x = o.x > 1


def in_a_branch(flag: bool) -> None:
    seen = o.x
    more = seen + 1 if flag else seen - 1
    o.x = more


def in_a_loop() -> None:
    total = o.x
    for n in range(3):
        total += n
    o.x = total


def after_an_exception() -> None:
    try:
        seen = o.x
        o.y = 1
    finally:
        o.z = 2
    o.x = seen + 1


def in_a_with_statement(lock: Any) -> None:
    with lock:
        seen = o.x
    with lock:
        o.x = seen + 1


def global_() -> None:
    global g
    g = g + 1


@pytest.mark.parametrize(
    ("function", "target", "source"),
    [
        (augmented, "x", ("x", False)),
        (by_way_of_variables, "x", ("x", False)),
        (augmented_item, "[]", ("[]", False)),
        (of_a_call, "x", ("x", True)),
        (of_a_method, "x", ("x", True)),
        (got, "[]", ("()", False)),
        (in_a_display, "x", ("x", True)),
        (in_a_list, "x", ("x", True)),
        (in_a_dict, "x", ("x", True)),
        (in_a_text, "x", ("x", True)),
        (of_a_bit, "x", ("x", True)),
        (of_a_comparison, "x", ("x", True)),
        (in_a_branch, "x", ("x", False)),
        (in_a_loop, "x", ("x", False)),
        (after_an_exception, "x", ("x", False)),
        (in_a_with_statement, "x", ("x", False)),
        (global_, "g", ("g", False)),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_a_store_is_made_from(function: Callable[..., Any], target: str, source: tuple[str, bool]) -> None:
    assert source in followed(function)[target]


def constant() -> None:
    o.x = 1


def something_else() -> None:
    seen = o.x
    o.x = 5 if seen else 6


def unless_it_is_there() -> None:
    o.x = o.x or [1]


def if_it_is_missing() -> Any:
    value = o.x
    if value is None:
        value = o.x = [1]
    return value


def swapped() -> Any:
    before, o.x = o.x, []
    return before


def only_on_one_way(flag: bool) -> None:
    value = 0
    if flag:
        value = o.x
    o.x = value


@pytest.mark.parametrize(
    "function",
    [constant, something_else, unless_it_is_there, if_it_is_missing, swapped, only_on_one_way],
    ids=lambda each: each.__name__,
)
def test_what_a_store_is_not_made_from(function: Callable[..., Any]) -> None:
    assert not any(name == "x" for name, _ in followed(function).get("x", ()))


def test_a_variable_of_a_closure() -> None:
    n = 0

    def work() -> None:
        nonlocal n
        n += 1

    assert followed(work) == {"n": {("n", False)}}


def _codes(code: CodeType) -> list[CodeType]:
    return [code, *(each for inner in code.co_consts if isinstance(inner, CodeType) for each in _codes(inner))]


def test_every_function_of_the_library_can_be_followed() -> None:
    """Stores whose operands are a constant and the load of the same name next to them are always seen to depend on it."""
    import argparse
    import asyncio.base_events
    import collections
    import logging
    import queue
    import threading

    for module in (argparse, asyncio.base_events, collections, logging, queue, threading):
        with open(str(module.__file__), encoding="utf-8") as source:
            codes = _codes(compile(source.read(), "x", "exec"))
        unknown = [code.co_qualname for code in codes if "STORE_ATTR" in _operations(code) and not _augmented_followed(code)]
        assert unknown == []


def _operations(code: CodeType) -> set[str]:
    return {each.opname for each in dis.get_instructions(code)}


def _augmented_followed(code: CodeType) -> bool:
    """Whether each ``x.name += constant`` of ``code`` is found."""
    found = dependences(Instructions(code))
    listed = [each for each in dis.get_instructions(code) if each.opname not in {"NOP", "CACHE"}]
    for at, each in enumerate(listed):
        augmented = listed[at - 1].opname == "SWAP" and listed[at - 2].argrepr in {"+=", "-="}
        if each.opname == "STORE_ATTR" and augmented and each.offset not in found:
            return False
    return True
