"""Instrumented code differs from the original by the hooks alone: positions, jumps, handlers and the stack's depth fit."""

from __future__ import annotations

import importlib
import inspect
import types

import pytest

from pytest_gilcheck.races.bytecode import instrument
from pytest_gilcheck.races.sites import Kind
from unit.races.bytecode.hooks import silent
from unit.races.bytecode.listings import Comparison, all_code

MODULES = ("argparse", "asyncio.base_events", "contextlib", "dataclasses", "difflib", "json.decoder", "queue", "tokenize")


def module_code(name: str) -> types.CodeType:
    return compile(inspect.getsource(importlib.import_module(name)), name, "exec")


def check(code: types.CodeType, factory: object) -> int:
    new = instrument(code, factory)  # type: ignore[arg-type]
    return sum(Comparison(*pair).check() for pair in zip(all_code(code), all_code(new), strict=True))


@pytest.mark.parametrize("name", MODULES)
def test_all_hooks(name: str) -> None:
    assert check(module_code(name), silent) > 50


@pytest.mark.parametrize("kinds", [{Kind.LOAD_ATTR, Kind.LOAD_METHOD, Kind.READ}, {Kind.CALL}, {Kind.OPERATE}])
def test_some_hooks(kinds: set[Kind]) -> None:
    code = module_code("difflib")
    assert check(code, lambda site: silent(site) if site.kind in kinds else None)


def test_the_factory_is_asked_once_for_a_site() -> None:
    asked: list[tuple[types.CodeType, int, Kind]] = []
    code = module_code("contextlib")
    assert instrument(code, lambda site: asked.append((site.code, site.offset, site.kind))) is code
    assert len(asked) > 100
    assert len({(id(code), offset, kind) for code, offset, kind in asked}) == len(asked)


# Names, constants, jumps and arguments that need one EXTENDED_ARG, and two.
@pytest.mark.parametrize("size", [100, 300, 70_000])
def test_many_constants(size: int) -> None:
    lines = [f"    total += box.value + {n}.5" for n in range(size)]
    code = compile("def body(box):\n    total = 0\n" + "\n".join(lines) + "\n    return total\n", "many", "exec")
    assert result(code) == result(instrument(code, silent)) == size + sum(n + 0.5 for n in range(size))


@pytest.mark.parametrize("size", [3, 20, 60, 5_000])
def test_long_jumps(size: int) -> None:
    """With the hooks each of these loops and branches gets longer, some of them past what one argument can say."""
    inside = "\n".join("            total += box.value * n" for _ in range(size))
    source = f"""
def body(box):
    total = 0
    for n in range(4):
        if n % 2:
{inside}
        while box.more(n):
{inside}
            if total:
                break
        try:
{inside}
            box.fail(n)
        except ValueError:
            total += 1
            continue
        finally:
{inside}
    return total
"""
    code = compile(source, "long", "exec")
    assert result(code) == result(instrument(code, silent))
    if size < 5_000:
        assert check(code, silent)


class Box:
    value = 1

    def more(self, n: int) -> bool:
        return n == 1

    def fail(self, n: int) -> None:
        if n == 2:
            raise ValueError


def result(code: types.CodeType) -> object:
    space: dict[str, object] = {}
    exec(code, space)
    body = space["body"]
    assert isinstance(body, types.FunctionType)
    return body(Box())


def test_a_call_with_more_arguments_than_a_byte_counts() -> None:
    arguments = ", ".join(f"box.value + {n}" for n in range(300))
    code = compile(f"def body(box):\n    return max({arguments}, key=box.more)\n", "arguments", "exec")
    assert result(code) == result(instrument(code, silent)) == 1
