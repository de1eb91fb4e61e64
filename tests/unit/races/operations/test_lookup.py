from __future__ import annotations

import functools
import gc
import operator
import threading
import types
from collections import OrderedDict, defaultdict
from typing import Any

import pytest

from pytest_gilcheck.races.operations import METHODS, accesses, finding, lookup, natures, operands_of, reads, underlying


def of(function: Any, *arguments: Any, **keywords: Any) -> list[Any]:
    operation = lookup(function)
    return [] if operation is None else accesses(operation, operands_of(function, arguments), keywords)


def test_one_method_in_all_its_forms() -> None:
    items = [1]
    assert (
        of(items.append, 2) == of(list.append, items, 2) == of(functools.partial(items.append, 2)) == [(items, None, True)]
    )
    assert (
        of(functools.partial(list.append, items), 2)
        == of(operator.methodcaller("append", 2), items)
        == [(items, None, True)]
    )
    assert of(items.__len__) == of(list.__len__, items) == [(items, None, False)]
    assert of(functools.partial(functools.partial(list.append), items), 1) == [(items, None, True)]


def test_the_methods_of_classes() -> None:
    items = [1]
    assert of(dict.fromkeys, items) == of(dict.__dict__["fromkeys"], dict, items) == [(items, None, False)]
    assert of(int.from_bytes, b"x", "big") == []
    assert of(object.__new__, object) == []
    assert of(tuple.__new__, tuple, items) == [(items, None, False)]


def test_a_subclass_has_the_methods_of_its_base() -> None:
    class Items(list[int]):
        pass

    class Named(dict[str, int]):
        def get(self, key: str, default: Any = None) -> Any:
            return super().get(key, default)

    items = Items()
    assert of(items.append, 1) == [(items, None, True)]
    assert lookup(Named().get) is None
    found = super(Named, Named()).get
    assert lookup(found) == METHODS[dict, "get"]
    assert lookup(Items) == lookup(list)


def test_attributes_set_through_super() -> None:
    class Watched:
        def __setattr__(self, name: str, value: object) -> None:
            assert of(super().__setattr__, name, value) == [(self, name, True)]
            super().__setattr__(name, value)

    Watched().x = 1


NOTHING_TO_DO: list[Any] = [
    *(lambda: None, type(len), type("Some", (), {}), type("Some", (), {"__call__": lambda self: 1})(), ValueError, int),
    *(threading.Thread, isinstance, 3, None, "text", threading.Lock().acquire, threading.local, object(), [1], str.upper),
    *("x".upper, staticmethod(len)),
]


@pytest.mark.parametrize("function", NOTHING_TO_DO)
def test_nothing_to_do(function: Any) -> None:
    assert lookup(function) is None
    assert lookup(function) is None


def test_getters_read_what_they_hold_the_names_of() -> None:
    target, table = types.SimpleNamespace(a=types.SimpleNamespace(b=1), c=1), {"a": 1, "b": 2}
    assert of(operator.attrgetter("a.b", "c"), target) == [(target, "a", False), (target, "c", False)]
    assert of(operator.itemgetter("a", "b"), table) == [(table, ("a",), False), (table, ("b",), False)]
    filled: defaultdict[str, int] = defaultdict(int)
    assert of(operator.itemgetter("a"), filled) == [(filled, ("a",), True)]
    assert of(operator.methodcaller("get", "a", 1), table) == [(table, ("a",), False)]
    assert of(operator.methodcaller("sort", reverse=True), [1]) == [([1], None, True)]


def test_a_cached_function_is_a_location() -> None:
    cached = functools.lru_cache(len)
    assert of(cached, "x") == of(cached.cache_clear) == [(cached, None, True)]
    assert of(cached.cache_info) == [(cached, None, False)]


def test_generators_are_moved() -> None:
    generator = (number for number in (1, 2))
    assert of(generator.send, None) == of(next, generator) == of(generator.close) == [(generator, None, True)]


class Touchy(type):
    """Whose classes, and their objects, must not be asked for anything."""

    def refuse(*_: Any) -> Any:
        raise AssertionError("code of the user's was called")

    __hash__ = __eq__ = __getattribute__ = __call__ = __instancecheck__ = __subclasscheck__ = refuse


def touchy(*bases: type) -> Any:
    body: Any = dict.fromkeys(
        (
            "__hash__",
            "__eq__",
            "__getattribute__",
            "__iter__",
            "__len__",
            "__bool__",
            "__repr__",
            "__reduce__",
            "__getitem__",
        ),
        Touchy.__dict__["refuse"],
    )
    kind: Any = type.__new__(Touchy, "Strange", bases, {**body, "__class__": property(Touchy.__dict__["refuse"])})
    make: Any = bases[0].__new__
    return make(kind)


@pytest.mark.parametrize("base", [object, list, dict, set, str, int, OrderedDict, defaultdict, Exception])
def test_no_code_of_the_users_is_called(base: type) -> None:
    strange = touchy(base)
    kind = type(strange)
    lookup(strange)
    lookup(kind)
    reads(strange)
    underlying(strange)
    for name in ("__len__", "__init__", "__setattr__", "__getitem__", "append", "get"):
        found = next((vars(parent)[name] for parent in base.__mro__ if name in vars(parent)), None)
        if found is not None:
            bound = type(found).__get__(found, strange)
            operation = lookup(bound)
            if operation is not None:
                accesses(operation, (strange, strange, strange), {"key": strange})
    for function in (
        len,
        print,
        setattr,
        getattr,
        sorted,
        open,
        exec,
        __import__,
        operator.setitem,
        vars,
        repr,
        dict.get,
        list.append,
    ):
        operation = lookup(function)
        assert operation is not None
        accesses(operation, (strange, strange, strange), {"file": strange})


def test_the_check_above_would_see_a_call() -> None:
    strange = touchy(list)
    with pytest.raises(AssertionError, match="was called"):
        len(strange)
    with pytest.raises(AssertionError, match="was called"):
        hash(type(strange))


def test_what_is_remembered_about_a_class_goes_with_it() -> None:
    def use() -> int:
        kind = type("Short", (list,), {})
        lookup(kind)
        lookup(kind().append)
        reads(kind())
        assert id(kind) in finding._of_class
        assert id(kind) in finding._of_methods
        assert id(kind) in natures._known
        return id(kind)

    watched = len(natures._watched)
    number = use()
    gc.collect()
    assert number not in finding._of_class
    assert number not in finding._of_methods
    assert number not in natures._known
    assert len(natures._watched) <= watched


def test_what_is_remembered_about_a_function_goes_with_it() -> None:
    namespace: dict[str, Any] = {}
    exec("def short(): pass", namespace)
    number = id(namespace["short"].__code__)
    assert lookup(namespace["short"]) is None
    assert number in finding._of_code
    del namespace
    gc.collect()
    assert number not in finding._of_code


def test_a_second_lookup_finds_the_same() -> None:
    functions: list[Any] = [[].append, list.append, len, {}.__len__, list, functools.reduce]
    for function in functions:
        assert lookup(function) is lookup(function)


def test_the_owner_goes_in_front_of_the_arguments() -> None:
    items: list[int] = []
    assert operands_of(items.append, (1,)) == (items, 1)
    assert operands_of(list.append, (items, 1)) == (items, 1)
    assert operands_of(len, (items,)) == (items,)
    assert operands_of(items.__len__, ()) == (items,)
    assert operands_of(list, (items,)) == (items,)
