"""Programs made up at random do the same with hooks before all their operations as without."""

from __future__ import annotations

import types
from textwrap import indent
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_gilcheck.races.bytecode import instrument
from pytest_gilcheck.races.sites import Hook, Kind, Site

NAMES = st.sampled_from(["a", "b", "items", "box.x", "g"])
CONSTANTS = st.sampled_from(["0", "1", "7", "1.5", "'t'", "None", "True", "(1, 2)", "300", "[1, 2, 3]", "{}"])
OPERATORS = st.sampled_from(["+", "-", "*", "%", "<", "==", "in", "is not", "and", "or", "|", ">="])


def _expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two, three = st.tuples(inner, inner), st.tuples(inner, inner, inner)
    return st.one_of(
        st.builds("({} {} {})".format, inner, OPERATORS, inner),
        two.map(lambda e: f"({e[0]}, {e[1]})[0]"),
        two.map(lambda e: f"[{e[0]}, *items][-1:]"),
        two.map(lambda e: f"call({e[0]}, k={e[1]})"),
        two.map(lambda e: f"box.method({e[0]}, *items, **{{'k': {e[1]}}})"),
        three.map(lambda e: f"({e[0]} if {e[1]} else {e[2]})"),
        inner.map(lambda e: f"[{e} for a in items if a]"),
        inner.map(lambda e: f"sum(1 for b in items if {e})"),
        inner.map(lambda e: f"f'{{{e}!r}}:{{a}}'"),
        inner.map(lambda e: f"(lambda b: ({e}, a))({e})"),
        inner.map(lambda e: f"(not {e})"),
        two.map(lambda e: f"(0 < len(call({e[0]}, {e[1]})) <= 2)"),
    )


EXPRESSIONS = st.recursive(NAMES | CONSTANTS, _expressions, max_leaves=6)
SIMPLE = st.one_of(
    EXPRESSIONS.map("a = {}".format),
    EXPRESSIONS.map("box.x = {}".format),
    EXPRESSIONS.map("b += {}".format),
    EXPRESSIONS.map("items[0] = {}".format),
    EXPRESSIONS.map("items[1:] = call({})".format),
    EXPRESSIONS.map("out.append({})".format),
    EXPRESSIONS.map("global g; g = {}".format),
    EXPRESSIONS.map("assert {}, a".format),
    EXPRESSIONS.map("yield {}".format),
    st.sampled_from(["pass", "a, *b = items", "raise ValueError(a)", "return a", "del items[0]"]),
)


def _blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map(lambda lines: indent("\n".join(lines), "    "))
    return st.one_of(
        st.builds("if {}:\n{}\nelse:\n{}".format, EXPRESSIONS, body, body),
        st.builds("for a in {}:\n{}\n    continue".format, st.sampled_from(["items", "(1, 2)", "range(3)"]), body),
        st.builds("while box.again():\n{}\n    if {}:\n        break".format, body, EXPRESSIONS),
        st.builds("try:\n{}\nexcept (TypeError, ValueError) as e:\n{}\nfinally:\n    out.append(1)".format, body, body),
        st.builds("with box as b:\n{}".format, body),
        st.builds("def inner(b=1):\n    nonlocal a, items\n{}\ncall(*inner() or ())".format, body),
        st.builds(
            "match {}:\n    case [a, *_]:\n{}\n    case _:\n        pass".format,
            EXPRESSIONS,
            body.map(lambda b: indent(b, "    ")),
        ),
    )


PROGRAMS = st.lists(st.recursive(SIMPLE, _blocks, max_leaves=8), min_size=1, max_size=4).map("\n".join)


class Box:
    """An object with everything that the programs use."""

    def __init__(self) -> None:
        self.x: Any = 2
        self.turns = 3

    def __enter__(self) -> int:
        return 5

    def __exit__(self, kind: object, *_: object) -> bool:
        return kind is TypeError

    def __repr__(self) -> str:
        return "box"

    def method(self, *arguments: Any, **keywords: Any) -> Any:
        return arguments, keywords

    def again(self) -> bool:
        self.turns -= 1
        return self.turns > 0


def call(*arguments: Any, **keywords: Any) -> Any:
    return arguments


def silent(site: Site) -> Hook:
    replacing = site.kind in {Kind.CALL, Kind.ENTER, Kind.ITERATE}
    return lambda *operands: operands[0] if replacing else None


def run(code: types.CodeType) -> tuple[object, ...]:
    """What it yields, returns or raises, at which lines, and the state that it leaves."""
    out: list[Any] = []
    space: dict[str, Any] = {"g": 1, "call": call}
    box = Box()
    exec(code, space)
    end: object = None
    try:
        generator = space["body"](1, 2, [3, 0, "i"], box, out)
        for _ in range(50):
            out.append(next(generator))
    except Exception as error:
        lines = []
        step = error.__traceback__
        while step:
            lines.append((step.tb_lineno, step.tb_frame.f_code.co_name))
            step = step.tb_next
        end = (type(error), [line for line in lines if line[1] != "run"])
    return plain(out), end, plain(box.x), plain(space["g"])


def plain(value: object) -> str:
    import re

    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))[:5000]


@given(PROGRAMS)
def test_random_programs_do_the_same(program: str) -> None:
    text = f"def body(a, b, items, box, out):\n{indent(program, '    ')}\n    yield 0\n"
    try:
        code = compile(text, "random", "exec")
    except SyntaxError:
        return  # a name that is global and local, or nonlocal and an argument
    assert run(instrument(code, silent)) == run(code)
