"""Where the interpreter looks at its eval breaker: it is asked itself, by a request that it answers when it looks next."""

from __future__ import annotations

import ctypes
import sys
from _thread import allocate_lock, get_ident
from collections.abc import Iterator
from functools import partial
from textwrap import dedent, indent
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any

import pytest

from pytest_gilcheck.races import breaker, implicit
from pytest_gilcheck.races.bytecode import instrument
from pytest_gilcheck.races.bytecode.families import WITH_BREAKER
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Hook, Site

FILE = "<where it looks>"

#: Programs that ask somewhere, by ``s.ask``; what comes next is of interest.
TEXT = """
s.ask; s.n += 1; s.m = s.n
---
s.ask; f(); s.n = 1
---
s.ask; len("a"); s.n = 1
---
s.ask; s.items.append(1); s.n = 1
---
s.ask; isinstance(1, int); s.n = 1
---
s.ask; abs(-1); s.n = 1
---
s.ask; str(1); s.n = 1
---
s.ask; int("3"); s.n = 1
---
s.n = abs(s.ask or 1); s.n = 1
---
for _ in (1, 2):
    s.ask
    s.n += 1
---
for x in [1, 2]:
    if x > 1: s.ask
    else: s.n
s.n = 1
---
i = 0
while i < 3:
    i += 1
    s.ask
---
i = 0
while i < 1:
    i += 1
    s.ask
s.n = 1
---
i = None
while i is None:
    s.ask
    i = s.n
s.n = 1
---
i = 1
while i is not None:
    s.ask
    i = None
s.n = 1
---
i = 3
while not i < 1:
    i -= 1
    s.ask
---
x = [s.ask for _ in (1, 2)]; s.n = 1
---
x = [s.ask for _ in (1,)]; s.n = 1
---
x = {s.ask: s.n for _ in (1,) if s.n == 0}; s.n = 1
---
s.ask
if not s.items: s.m = 1
s.table["k"] += 1
x = s.items[:1]
x = s.n in s.items
x = f"{s.n}{s.n!r:>3}"
x, *y = s.items or [1]
x = -s.n
x = not s.m
x = {**s.table, "l": 1}
x = [*s.items, 1]
del s.m
s.n = 1
---
s.ask
try:
    raise s.error
except ValueError:
    pass
s.n = 1
---
s.ask
import sys
s.n = 1
---
s.ask; s + 1; s.n = 1
---
s.ask; s.value; s.n = 1
---
s.ask; s.value = 1; s.n = 1
---
with s:
    s.ask
    s.n = 1
s.n = 2
---
s.ask
with s: s.n = 1
---
with Exits(): pass
s.n = 1
---
with Enters(): s.n = 1
s.n = 2
---
s.ask
with s.lock: s.n = 1
s.n = 2
---
with s.lock:
    s.ask
    s.n = 1
s.n = 2
---
try:
    with s.lock:
        s.ask
        raise s.error
except ValueError:
    s.n = 1
---
g = generate(); next(g); s.n = 1
---
for x in generate():
    s.n = 1
    break
---
g = plain(); next(g); s.ask
for x in g: s.n = 1
---
g = plain(); s.ask; x = g.send(None); s.n = 1
---
g = delegate(); next(g); s.ask
for x in g: s.n = 1
---
s.ask; g = plain(); s.n = 1
---
s.ask; x = (x for x in (1, 2)); s.n = 1
---
x = sum(s.ask or 1 for _ in (1,)); s.n = 1
---
x = asks(); s.n = 1
---
x = asks(*()); s.n = 1
---
x = asks(**{}); s.n = 1
---
x = asks(a=1); s.n = 1
---
x = partial(asks)(); s.n = 1
---
x = s.asks(); s.n = 1
---
x = s.asks(a=1); s.n = 1
---
x = s.asks(*()); s.n = 1
---
x = s.asks; x(); s.n = 1
---
x = s.asks; x(a=1); s.n = 1
---
x = s.asks; x(*()); s.n = 1
---
x = (lambda: s.ask)(); s.n = 1
---
x = Asks(); s.n = 1
---
x = s(); s.n = 1
---
x = sorted([1, 2], key=asks_of); s.n = 1
---
class Made: s.ask
s.n = 1
---
x = f() if s.ask else s.n; s.n = 1
---
x = s.ask or s.n and f(); s.n = 1
---
x = s.ask or s.n or f(); s.n = 1
---
@decorate
def g(): pass
s.n = 1
---
try:
    asks_and_raises()
except ValueError:
    s.n = 1
---
try:
    s.ask
    abs("a")
except TypeError:
    pass
s.n = 1
"""
PROGRAMS = [text.strip() for text in TEXT.split("---")]

HEAD = """
def f(): pass
def asks(a=0): s.ask; return 1
def asks_of(number): s.ask; return number
def asks_and_raises(): s.ask; raise s.error
def decorate(g): s.ask; return g
def generate():
    while True:
        s.ask
        yield 1
def plain(): yield 1; yield 2; yield 3
def delegate(): yield from plain()
class Asks:
    def __init__(self): s.ask
class Exits:
    def __enter__(self): return self
    def __exit__(self, *error): s.ask
class Enters:
    def __enter__(self): s.ask
    def __exit__(self, *error): pass
class Shared:
    def __init__(self): self.n, self.m, self.items, self.table, self.error = 0, 0, [], {"k": 0}, ValueError()
    def __add__(self, other): return self
    def __enter__(self): return self
    def __exit__(self, *error): return None
    def __call__(self): s.ask
    def asks(self, a=0): s.ask
    @property
    def value(self): return self.n
    @value.setter
    def value(self, value): self.n = value
"""

Look = tuple[str, int]


def _program(text: str, ask: Any) -> dict[str, Any]:
    body = dedent(text).strip() + "\n"
    space: dict[str, Any] = {"partial": partial, "ask": ask}
    exec(compile(f"{HEAD}\ndef program():\n{indent(body, '    ')}", FILE, "exec"), space)
    space["Shared"].ask = property(ask)
    space["s"] = space["Shared"]()
    space["s"].lock = allocate_lock()
    return space


def the_interpreter(text: str) -> Look | None:
    """Where a pending call runs that was asked for by the last ``s.ask``."""
    looks: list[Look] = []

    def look(_: object) -> int:
        frame = sys._getframe(1)
        looks.append((frame.f_code.co_qualname, frame.f_lasti) if frame.f_code.co_filename == FILE else ("", 0))
        return 0

    request = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.py_object)(("Py_AddPendingCall", ctypes.pythonapi))
    pending = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(look)
    space = _program(text, partial(request, ctypes.cast(pending, ctypes.c_void_p).value))
    space["program"]()
    found = next(iter(looks), None)
    return None if found == ("", 0) else found


def our_hooks(text: str) -> Look | None:
    """Where hooks say that it looked first, after the first ``s.ask``."""
    asked = False
    looks: list[Look] = []
    usual = breaker.factory(lambda _: None)

    def factory(site: Site) -> Hook | None:
        hook = usual(site)
        if hook is None:
            return None

        def noting(*operands: Any) -> None:
            looked = breaker.state.looked
            hook(*operands)
            if asked and breaker.state.looked and not looked:
                looks.append((site.code.co_qualname, site.offset))

        return noting

    def ask(_: object) -> None:
        nonlocal asked
        asked = True
        breaker.state.looked = False

    space = _program(text, ask)
    for function in _functions(space):
        function.__code__ = instrument(function.__code__, factory, plans=WITH_BREAKER)
    space["program"]()
    return next(iter(looks), None)


def _functions(space: dict[str, Any]) -> Iterator[FunctionType]:
    for value in space.values():
        for member in vars(value).values() if isinstance(value, type) else [value]:
            for function in (member, getattr(member, "fget", None), getattr(member, "fset", None)):
                if type(function) is FunctionType and function.__code__.co_filename == FILE:
                    yield function


@pytest.fixture
def controlled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hooks are heard, also through the one that notes what they do, and all code of the programs is seen."""

    def is_seen(code: CodeType) -> bool:
        return code.co_filename == FILE

    monkeypatch.setattr(run, "current", get_ident())
    monkeypatch.setattr(breaker, "sys", SimpleNamespace(_getframe=lambda depth: sys._getframe(depth + 2)))
    monkeypatch.setattr(breaker.state, "is_seen", is_seen)
    implicit.start(is_seen)
    yield
    implicit.stop()
    breaker.state.reset()


@pytest.mark.usefixtures("controlled")
@pytest.mark.parametrize("text", PROGRAMS, ids=[text.replace("\n", "; ") for text in PROGRAMS])
def test_hooks_say_what_the_interpreter_does(text: str) -> None:
    assert our_hooks(text) == the_interpreter(text)


def test_the_interpreter_answers_both_ways() -> None:
    assert the_interpreter("s.ask; s.n = 1") is None
    assert the_interpreter("s.ask; f(); s.n = 1") is not None
