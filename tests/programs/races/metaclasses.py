"""Classes whose metaclass answers for them, or refuses to: how they are hashed and compared, what they say of themselves."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from pytest_gilcheck.races import run

LOCK = threading.Lock()


class Unhashable(type):  # noqa: PLW1641 - that is the point
    """It defines ``__eq__`` alone, so its classes cannot be hashed; many libraries have one."""

    def __eq__(cls, other: object) -> bool:
        return cls is other


class Refusing(type):
    """It raises whenever somebody asks anything of one of its classes."""

    def _refuse(cls, *_: object) -> NoReturn:
        raise TypeError(f"no {cls} here")

    __hash__ = __eq__ = __ne__ = __bool__ = __len__ = __repr__ = _refuse  # type: ignore[assignment]
    __instancecheck__ = __subclasscheck__ = __contains__ = __iter__ = _refuse  # type: ignore[assignment]


class Hiding(type):
    """It has no word for what every class is asked for."""

    def __getattribute__(cls, name: str) -> Any:
        if name in {"__mro__", "__dict__", "__module__", "__qualname__", "__name__", "__missing__", "__doc__"}:
            raise AttributeError(name)
        return super().__getattribute__(name)


def _made_by(meta: type) -> Any:  # noqa: C901 - something of everything
    """A class of that metaclass that has something of everything."""

    class Thing(metaclass=meta):
        shared = 0

        def __init__(self) -> None:
            self.count = 0
            self.items: dict[object, object] = {}
            self.other = self

        @property
        def value(self) -> int:
            return self.count

        def __getitem__(self, key: object) -> object:
            return self.items[key]

        def __setitem__(self, key: object, value: object) -> None:
            self.items[key] = value

        def __contains__(self, key: object) -> bool:
            return key in self.items

        def __iter__(self) -> Iterator[object]:
            return iter(self.items)

        def __enter__(self) -> object:
            return self

        def __exit__(self, *_: object) -> None:
            self.other = self

        def __call__(self) -> int:
            return self.count

        def __add__(self, other: object) -> int:
            return self.count

        def __lt__(self, other: object) -> bool:
            return False

        def __bool__(self) -> bool:
            return True

    return Thing


@functools.lru_cache
def _cached(thing: object) -> object:
    return thing


def _use(thing: Any) -> None:
    """Every sort of instruction that has to do with an object."""
    held = [thing]
    thing["key"] = thing
    assert "key" in thing
    assert thing["key"] is thing.other
    assert list(thing) == ["key"]
    assert not thing < held[0]
    assert thing + held == thing()
    with thing as entered:
        assert entered is thing
    held += [thing]
    held.append(thing)
    assert held[0] is thing
    assert thing in held
    assert {"key": thing}["key"] is thing
    assert {thing: 1}[thing] == 1
    assert _cached(thing) is thing
    assert f"{thing and 1}" == "1"
    (first, *_) = held
    assert first is thing
    getattr(type(thing), "shared")  # noqa: B009 - by a call
    type(thing).shared = 1
    assert type(thing).shared == 1


def _adding(meta: type, guard: Callable[[Any], None]) -> None:
    thing = _made_by(meta)()

    def add() -> None:
        guard(thing)
        with LOCK:
            thing.count += 1
            _use(thing)

    run(add, add)
    assert thing.value == 4, thing.value


def _hold(thing: Any) -> None:
    with LOCK:
        thing.count += 1


def _do_not_hold(thing: Any) -> None:
    thing.count += 1


def unhashable_bad() -> None:
    _adding(Unhashable, _do_not_hold)


def unhashable_twin() -> None:
    _adding(Unhashable, _hold)


def refusing_bad() -> None:
    _adding(Refusing, _do_not_hold)


def refusing_twin() -> None:
    _adding(Refusing, _hold)


def hiding_bad() -> None:
    _adding(Hiding, _do_not_hold)


def hiding_twin() -> None:
    _adding(Hiding, _hold)
