"""Code that comes into being while threads run, and caches that functools keeps."""

from __future__ import annotations

import functools
import importlib
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, Self

from pytest_gilcheck.races import run

LOCK = threading.Lock()
MODULE = "gilcheck_races_made_module"


@contextmanager
def _module(source: str) -> Iterator[None]:
    """A module of this source can be imported for the first time."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{MODULE}.py").write_text(source, encoding="utf-8")
        sys.path.insert(0, folder)
        bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
        importlib.invalidate_caches()
        try:
            yield
        finally:
            sys.dont_write_bytecode = bytecode
            sys.path.remove(folder)
            sys.modules.pop(MODULE, None)


def reload_bad() -> None:
    with _module("LEVEL = None\nLEVEL = 3\n"):
        module: Any = importlib.import_module(MODULE)

        def use() -> None:
            assert module.LEVEL == 3

        run(use, lambda: importlib.reload(module))


def reload_twin() -> None:
    with _module("LEVEL = 3\n"):
        module: Any = importlib.import_module(MODULE)

        def use() -> None:
            assert module.LEVEL == 3

        run(use, lambda: importlib.reload(module))


def half_imported_bad() -> None:
    with _module("LEVEL = None\nLEVEL = 3\n"):

        def use() -> None:
            module: Any = sys.modules.get(MODULE)
            if module is not None:
                assert module.LEVEL == 3

        run(lambda: importlib.import_module(MODULE), use)


def half_imported_twin() -> None:
    with _module("LEVEL = None\nLEVEL = 3\n"):

        def use() -> None:
            module: Any = importlib.import_module(MODULE)
            assert module.LEVEL == 3

        run(lambda: importlib.import_module(MODULE), use)


def function_of_module_bad() -> None:
    with _module("total = 0\n\ndef add():\n    global total\n    total += 1\n"):

        def use() -> None:
            module: Any = importlib.import_module(MODULE)
            module.add()

        run(use, use)
        assert sys.modules[MODULE].total == 2


LOCKED = """
import threading

total = 0
lock = threading.Lock()


def add():
    global total
    with lock:
        total += 1
"""


def function_of_module_twin() -> None:
    with _module(LOCKED):

        def use() -> None:
            module: Any = importlib.import_module(MODULE)
            module.add()

        run(use, use)
        assert sys.modules[MODULE].total == 2


ADD = compile("total = total + 1", "<formula>", "exec")


def executed_bad() -> None:
    namespace = {"total": 0}
    run(lambda: exec(ADD, namespace), lambda: exec("total = total + 1", namespace))
    assert namespace["total"] == 2


def executed_twin() -> None:
    def calculate() -> object:
        namespace: dict[str, Any] = {"total": 0}
        exec(ADD, namespace)
        return namespace["total"]

    assert run(calculate, calculate) == [1, 1]


def defined_function_bad() -> None:
    state = SimpleNamespace(total=0)

    def work() -> None:
        namespace: dict[str, Callable[[SimpleNamespace], None]] = {}
        exec("def add(state):\n    state.total += 1\n", {}, namespace)
        namespace["add"](state)

    run(work, work)
    assert state.total == 2


def defined_function_twin() -> None:
    state = SimpleNamespace(total=0)

    def work() -> None:
        namespace: dict[str, Any] = {"lock": LOCK}
        exec("def add(state):\n    with lock:\n        state.total += 1\n", namespace)
        namespace["add"](state)

    run(work, work)
    assert state.total == 2


def class_body_bad() -> None:
    registry: dict[str, type] = {}
    registered: list[str] = []

    class Meta(type):
        def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, object]) -> None:
            super().__init__(name, bases, namespace)
            if name not in registry:
                registry[name] = cls
                registered.append(name)

    def define() -> None:
        class Plugin(metaclass=Meta):
            pass

    run(define, define)
    assert registered == ["Plugin"]


def class_body_twin() -> None:
    registry: list[type] = []

    class Base:
        def __init_subclass__(cls) -> None:
            registry.append(cls)

    def define() -> type:
        class Plugin(Base):
            pass

        return Plugin

    assert set(run(define, define)) == set(registry)


def decorator_bad() -> None:
    calls = SimpleNamespace(count=0)

    def counted(function: Callable[[], None]) -> Callable[[], None]:
        @functools.wraps(function)
        def wrapper() -> None:
            calls.count += 1
            function()

        return wrapper

    @counted
    def work() -> None:
        pass

    run(work, work)
    assert calls.count == 2


def decorator_twin() -> None:
    calls: list[int] = []

    def counted(function: Callable[[], None]) -> Callable[[], None]:
        @functools.wraps(function)
        def wrapper() -> None:
            calls.append(1)
            function()

        return wrapper

    @counted
    def work() -> None:
        pass

    run(work, work)
    assert len(calls) == 2


def cached_bad() -> None:
    loads: list[str] = []

    @functools.lru_cache
    def load(name: str) -> str:
        loads.append(name)
        return name.upper()

    run(lambda: load("a"), lambda: load("a"))
    assert loads == ["a"]


def cached_twin() -> None:
    @functools.cache
    def load(name: str) -> str:
        return name.upper()

    assert run(lambda: load("a"), lambda: load("a")) == ["A", "A"]


class Page:
    def __init__(self) -> None:
        self.reads = 0

    @functools.cached_property
    def text(self) -> str:
        self.reads += 1
        return "text"

    @functools.cached_property
    def words(self) -> tuple[str, ...]:
        return ("some", "words")


if sys.version_info >= (3, 12):  # before, a lock made sure that it is computed once

    def cached_property_bad() -> None:
        page = Page()
        run(lambda: page.text, lambda: page.text)
        assert page.reads == 1


def cached_property_twin() -> None:
    page = Page()
    assert run(lambda: page.words, lambda: page.words) == [("some", "words")] * 2


def single_dispatch_bad() -> None:
    state = SimpleNamespace(total=0)

    @functools.singledispatch
    def add(value: object) -> None:
        raise TypeError(value)

    @add.register
    def _(value: int) -> None:
        state.total += value

    run(lambda: add(1), lambda: add(2))
    assert state.total == 3


def single_dispatch_twin() -> None:
    state = SimpleNamespace(totals=[])

    @functools.singledispatch
    def add(value: object) -> None:
        raise TypeError(value)

    @add.register
    def _(value: int) -> None:
        state.totals.append(value)

    run(lambda: add(1), lambda: add(2))
    assert sum(state.totals) == 3


class Settings:
    """Attributes that are made by methods with special names."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def __getattr__(self, name: str) -> int:
        return self.__dict__["values"].get(name, 0)  # type: ignore[no-any-return]

    def __getitem__(self, name: str) -> int:
        return self.values.get(name, 0)

    def __setitem__(self, name: str, value: int) -> None:
        self.values[name] = value

    def __iadd__(self, number: int) -> Self:
        self.values["sum"] = self.values.get("sum", 0) + number
        return self


def special_methods_bad() -> None:
    settings = Settings()

    def more() -> None:
        settings["volume"] += 1

    run(more, more)
    assert settings.volume == 2


def special_methods_twin() -> None:
    settings = Settings()
    holder = [settings]

    def more() -> None:
        with LOCK:
            holder[0] += 1

    run(more, more)
    assert settings.values["sum"] == 2


class Lazy(ModuleType):
    """A module that makes a name when it is asked for, and answers ``__dict__`` with code of its own."""

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        hasattr(self, "made")
        namespace: dict[str, Any] = ModuleType.__dict__["__dict__"].__get__(self)
        return namespace

    def __getattr__(self, name: str) -> int:
        if name != "made":
            raise AttributeError(name)
        self.made = 1
        return 1


class Tally:
    """Its ``__dict__`` is no place where anything is kept."""

    def __init__(self) -> None:
        self.number = 0

    @property
    def __dict__(self) -> dict[str, int]:  # type: ignore[override]
        return {"number": self.number}


def dict_of_its_own_bad() -> None:
    module, tally = Lazy("lazy"), Tally()

    def use() -> None:
        hasattr(module, "made")
        tally.number = vars(tally)["number"] + len([name for name in module.__dict__ if name == "made"])

    run(use, use)
    assert tally.number == 2


def dict_of_its_own_twin() -> None:
    module, tally = Lazy("lazy"), Tally()

    def use() -> None:
        with LOCK:
            hasattr(module, "made")
            tally.number = vars(tally)["number"] + len([name for name in module.__dict__ if name == "made"])

    run(use, use)
    assert tally.number == 2
