"""Whether a write of an attribute depends on a read of it, by the source."""

from __future__ import annotations

import dis
import linecache
from textwrap import dedent
from types import CodeType

import pytest

from pytest_gilcheck.races.dependence import constant, depends, is_caught, is_indifferent, waits_for_ever
from pytest_gilcheck.races.sites import Kind, Site

READS = ("LOAD_ATTR", "LOAD_METHOD")


def compiled(source: str) -> CodeType:
    """The code of the first function of ``source``, which ``linecache`` knows."""
    source = dedent(source)
    file = f"<dependence {hash(source)}>"
    linecache.cache[file] = len(source), None, source.splitlines(keepends=True), file
    module = compile(source, file, "exec")
    return next(constant for constant in module.co_consts if isinstance(constant, CodeType))


def site(code: CodeType, names: tuple[str, ...], of: str, kind: Kind, *, last: bool = False) -> Site:
    """The first or last instruction of one of these names that has to do with ``of``."""
    found = [i for i in dis.get_instructions(code) if i.opname in names and (i.argval == of or of in str(i.argval))]
    chosen = found[-1 if last else 0]
    return Site(
        code=code, offset=chosen.offset, line=chosen.positions.lineno if chosen.positions else None, kind=kind, name=of
    )


def body(lines: str) -> str:
    return f"def f(self, other, lock):\n{''.join(f'    {line}{chr(10)}' for line in dedent(lines).strip().splitlines())}"


@pytest.mark.parametrize(
    "lines",
    [
        "self.x += 1",
        "self.x = self.x + 1",
        "seen = self.x\nself.x = seen + 1",
        "seen = self.x\nmore = seen + 1\nwith lock:\n    self.x = more",
        "if self.x is None:\n    self.x = 1",
        "if self.x is None:\n    with lock:\n        self.x = 1",
        "if not (other and self.x):\n    pass\nelse:\n    self.x = 1",
        "if self.x: return\nself.x = 1",
        "while self.x:\n    other()\nself.x = 1",
        "seen = self.x\nif seen: raise ValueError\nself.x = 1",
        "seen = self.x\nif seen:\n    self.x = 1",
        "if (seen := self.x) > 3:\n    pass\nself.x = seen",
        "for each in self.x:\n    self.x = None",
        "for each in self.x:\n    other = each\nself.x = other",
        "other = 1 if self.x else 2\nself.x = other",
        "with self.x as seen:\n    self.x = seen",
    ],
)
def test_what_depends(lines: str) -> None:
    code = compiled(body(lines))
    assert depends(site(code, READS, "x", Kind.LOAD_ATTR), site(code, ("STORE_ATTR",), "x", Kind.STORE_ATTR))


@pytest.mark.parametrize(
    "lines",
    [
        "other(self.x)\nself.x = 1",
        "seen = self.x\nother(seen)\nself.x = 1",
        "if self.x:\n    other()\nself.x = 1",
        "seen = self.x\nif seen:\n    other()\nself.x = 1",
        "seen = self.x\nseen2 = other\nself.x = seen2",
        "with lock:\n    other(self.x)\nwith lock:\n    self.x = other",
    ],
)
def test_what_does_not(lines: str) -> None:
    code = compiled(body(lines))
    assert not depends(site(code, READS, "x", Kind.LOAD_ATTR), site(code, ("STORE_ATTR",), "x", Kind.STORE_ATTR))


def test_what_is_spread_over_functions_is_not_told() -> None:
    reads = compiled("def get(self): return self.x")
    writes = compiled("def set(self, x): self.x = x")
    assert not depends(site(reads, READS, "x", Kind.LOAD_ATTR), site(writes, ("STORE_ATTR",), "x", Kind.STORE_ATTR))


def test_without_source_nothing_depends() -> None:
    module = compile("def f(self): self.x += 1", "<no such source>", "exec")
    code = next(constant for constant in module.co_consts if isinstance(constant, CodeType))
    assert not depends(site(code, READS, "x", Kind.LOAD_ATTR), site(code, ("STORE_ATTR",), "x", Kind.STORE_ATTR))


@pytest.mark.parametrize(
    ("lines", "name", "expected"),
    [
        ("self.d.setdefault(1, 2)", "setdefault", True),
        ("self.d.discard(1)", "discard", True),
        ("self.d.pop(1, None)", "pop", True),
        ("other(self.d.pop(1, None), 1)", "pop", True),
        ("self.d.pop(1)", "pop", False),
        ("self.d.append(self.d)", "append", False),
        ("if 1 not in self.d:\n    self.d.add(1)", "add", True),
        ("if 1 not in self.d:\n    self.d.add(1)\n    other()", "add", False),
        ("try:\n    self.d.pop(1)\nexcept KeyError:\n    pass", "pop", True),
        ("try:\n    self.d.pop(1)\nexcept OSError:\n    pass", "pop", False),
        ("try:\n    other()\nexcept KeyError:\n    self.d.pop(1)", "pop", False),
        ("with suppress(KeyError):\n    self.d.pop(1)", "pop", True),
    ],
)
def test_what_is_right_whoever_was_faster(lines: str, name: str, expected: bool) -> None:
    code = compiled(body(lines))
    call = _call_of(code, name)
    assert is_indifferent(call) is expected


def _call_of(code: CodeType, name: str) -> Site:
    """The call of the method ``name``."""
    instructions = list(dis.get_instructions(code))
    load = next(i for i in instructions if i.opname in READS and i.argval == name)
    assert load.positions is not None
    call = next(
        i
        for i in instructions
        if i.opname.startswith("CALL")
        and i.positions is not None
        and i.offset > load.offset
        and (i.positions.lineno, i.positions.col_offset) == (load.positions.lineno, load.positions.col_offset)
    )
    return Site(code=code, offset=call.offset, line=load.positions.lineno, kind=Kind.CALL, name=name)


def test_an_iteration_that_is_ready_for_a_change() -> None:
    code = compiled(body("try:\n    for each in self.x:\n        other(each)\nexcept RuntimeError:\n    pass"))
    assert is_caught(site(code, ("GET_ITER",), "", Kind.ITERATE))
    code = compiled(body("for each in self.x:\n    other(each)"))
    assert not is_caught(site(code, ("GET_ITER",), "", Kind.ITERATE))


def test_what_is_stored() -> None:
    code = compiled(body("self.x = True\nself.y = other"))
    assert constant(site(code, ("STORE_ATTR",), "x", Kind.STORE_ATTR)) == (bool, True)
    assert constant(site(code, ("STORE_ATTR",), "y", Kind.STORE_ATTR)) is None


@pytest.mark.parametrize(
    ("call", "expected"),
    [("lock.acquire()", True), ("lock.acquire(False)", False), ("lock.acquire(timeout=1)", False)],
)
def test_who_waits_for_ever(call: str, expected: bool) -> None:
    code = compiled(body(call))
    assert waits_for_ever(_call_of(code, "acquire")) is expected
