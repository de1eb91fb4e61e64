from __future__ import annotations

import array
import io
import types
from collections import OrderedDict, defaultdict, deque
from contextlib import suppress
from typing import Any

import pytest

from pytest_gilcheck.races.operations import METHODS, REST, Operation, accesses, lookup, unknown
from pytest_gilcheck.races.operations.methods import SPECIAL, find
from pytest_gilcheck.races.operations.natures import GENERATORS, ITERATORS, STREAMS, VIEWS
from unit.races.operations.samples import SAMPLES, Sample

TABLED: list[type] = [*SAMPLES, *ITERATORS, *GENERATORS, *STREAMS, *VIEWS, object, type]

NO_METHODS = {"__class__", "__doc__", "__base__", "__annotate__"}


def methods_of(kind: type) -> list[str]:
    """The public and the special methods; what ``object`` has counts where the type has its own."""
    named = [name for name in dir(kind) if not name.startswith("_") or name.endswith("__")]
    return [name for name in named if callable(getattr(kind, name, None)) and name not in NO_METHODS]


#: What makes or describes classes, and what works on attributes, does nothing to the contents.
OF_CLASSES = {"__setattr__", "__delattr__", "__init_subclass__", "__subclasshook__", "__new__", "__class_getitem__"}


def every_method() -> list[tuple[type, str]]:
    return [(kind, name) for kind in SAMPLES for name in methods_of(kind) if name not in OF_CLASSES]


def name_of(part: Any) -> str:
    return part if isinstance(part, str) else str(part.__name__)


@pytest.mark.parametrize("kind", sorted(set(TABLED), key=str), ids=name_of)
def test_every_method_is_known(kind: type) -> None:
    def known(name: str) -> bool:
        if any((base, name) in METHODS for base in kind.__mro__):
            return True
        return name in SPECIAL

    assert [name for name in methods_of(kind) if not known(name)] == []


@pytest.mark.parametrize("kind", [*SAMPLES, *STREAMS], ids=name_of)
def test_every_public_method_has_its_own_entry(kind: type) -> None:
    names = [name for name in methods_of(kind) if not name.startswith("_")]
    assert [name for name in names if not any((base, name) in METHODS for base in kind.__mro__[:-1])] == []


def changes(sample: Sample, name: str) -> bool:
    """Whether any of the arguments make the method change the object."""
    for arguments in sample.arguments():
        owner = sample.make()
        before = sample.state(owner)
        with suppress(Exception):  # it does not take these
            getattr(owner, name)(*arguments)
        if sample.state(owner) != before:
            return True
    return False


def writes_owner(kind: type, operation: Operation) -> bool:
    fills = issubclass(kind, defaultdict)
    return any(use.position == 0 and (use.write or (fills and use.fills)) for use in operation.uses)


@pytest.mark.parametrize(("kind", "name"), every_method(), ids=name_of)
def test_a_method_changes_its_owner_if_and_only_if_it_is_declared_to(kind: type, name: str) -> None:
    sample = SAMPLES[kind]
    declared = writes_owner(kind, find(kind, name))
    changed = changes(sample, name)
    if changed:
        assert declared
    elif declared:
        # A read of a stream, or of an iterator, that is taken for a write is seen by the change of its position.
        assert name in sample.unseen | {"__init__"}


def test_the_check_of_changes_sees_both() -> None:
    assert changes(SAMPLES[list], "append")
    assert not changes(SAMPLES[list], "index")
    assert changes(SAMPLES[deque], "rotate")
    assert changes(SAMPLES[defaultdict], "__getitem__")
    assert not changes(SAMPLES[dict], "__getitem__")


def goes_over(sample: Sample, name: str) -> bool:
    """Whether the method takes anything from an iterator that it is given."""
    for items in ([1, 5], [("y", 2)], ["z"], [b"z"], "ab"):
        argument: Any = iter(list(items))
        hint = argument.__length_hint__()
        with suppress(Exception):  # it does not take iterators
            getattr(sample.make(), name)(argument)
        if argument.__length_hint__() != hint:
            return True
    return False


@pytest.mark.parametrize(("kind", "name"), every_method(), ids=name_of)
def test_a_method_that_goes_over_its_argument_is_declared_to(kind: type, name: str) -> None:
    if goes_over(SAMPLES[kind], name):
        operation = find(kind, name)
        assert any(use.position in {REST, 1} for use in operation.uses)


@pytest.mark.parametrize(
    ("owner", "name", "arguments", "key", "write"),
    [
        ({"a": 1}, "get", ("a",), ("a",), False),
        ({"a": 1}, "__contains__", ("a",), ("a",), False),
        ({"a": 1}, "__setitem__", ("a", 2), ("a",), True),
        ({"a": 1}, "setdefault", ("z", 2), ("z",), True),
        ({"a": 1}, "__delitem__", ("a",), ("a",), True),
        ({"a": 1}, "pop", ("a",), None, True),
        ({"a": 1}, "popitem", (), None, True),
        ({"a": 1}, "update", ({},), None, True),
        (OrderedDict(a=1), "move_to_end", ("a",), None, True),
        (defaultdict(list), "__getitem__", ("a",), ("a",), True),
        (defaultdict(list), "get", ("a",), ("a",), False),
        ([1, 2, 3], "__getitem__", (1,), (1,), False),
        ([1, 2, 3], "__getitem__", (-1,), (2,), False),
        ([1, 2, 3], "__getitem__", (slice(2),), None, False),
        ([1, 2, 3], "__setitem__", (-1, 9), (2,), True),
        ([1, 2, 3], "__delitem__", (0,), None, True),
        ([1, 2, 3], "append", (4,), None, True),
        ({1, 2}, "add", (3,), (3,), True),
        ({1, 2}, "__contains__", (3,), (3,), False),
        (bytearray(b"ab"), "__setitem__", (0, 1), None, True),
        (deque([1]), "popleft", (), None, True),
    ],
)
def test_which_part_of_its_owner_a_method_uses(
    owner: Any, name: str, arguments: tuple[Any, ...], key: Any, write: bool
) -> None:
    operation = lookup(getattr(owner, name))
    assert operation is not None
    found = [access for access in accesses(operation, (owner, *arguments)) if access[0] is owner]
    assert found == [(owner, key, write)]


@pytest.mark.parametrize("key", [object(), (object(),), 1j, frozenset({1}), type("Text", (str,), {})("a")])
def test_a_key_that_only_its_own_code_can_compare_is_the_whole(key: Any) -> None:
    operation = lookup({}.get)
    assert operation is not None
    owner = {"a": 1}
    assert accesses(operation, (owner, key)) == [(owner, None, False)]


def test_one_part_of_a_dict_is_all_that_a_keyed_write_changes() -> None:
    for name in ("__setitem__", "setdefault", "__delitem__"):
        owner = {"a": 1, "b": 2, "c": 3}
        getattr(owner, name)(*("b", 9)[: 1 if name == "__delitem__" else 2])
        assert (owner["a"], owner["c"]) == (1, 3)


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        (io.BufferedReader(io.BytesIO(b"abc")), "read"),
        (io.TextIOWrapper(io.BytesIO()), "write"),
        (io.TextIOWrapper(io.BytesIO(b"a\nb")), "readline"),
        (io.BufferedWriter(io.BytesIO()), "flush"),
        (io.StringIO(), "seek"),
    ],
)
def test_the_position_and_buffer_of_a_stream_are_written(stream: Any, name: str) -> None:
    operation = lookup(getattr(stream, name))
    assert operation is not None
    assert accesses(operation, (stream,)) == [(stream, None, True)]


def test_reading_into_a_buffer_writes_it() -> None:
    stream, buffer = io.BytesIO(b"abc"), bytearray(2)
    operation = lookup(stream.readinto)
    assert operation is not None
    assert accesses(operation, (stream, memoryview(buffer))) == [(stream, None, True), (buffer, None, True)]
    assert accesses(lookup(array.array("b").fromfile), (array.array("b"), stream, 1))[1] == (stream, None, True)  # type: ignore[arg-type]


def test_a_c_type_that_nothing_is_known_about_is_written() -> None:
    import zlib

    compressor = zlib.compressobj()
    operation = lookup(compressor.compress)
    assert operation is not None
    assert accesses(operation, (compressor, b"")) == [(compressor, None, True)]
    assert unknown(type(compressor), "flush").uses[0].write
    assert not unknown(type(compressor), "__repr__").uses[0].write


@pytest.mark.parametrize("value", ["text", b"bytes", 1, 1.5, (1,), range(3), None, True, __import__("re").compile("a")])
def test_what_cannot_change_is_no_location(value: Any) -> None:
    for name in methods_of(type(value)):
        if name not in {"join", "format_map", "translate", "maketrans", "format", "__mod__", "__new__"}:
            assert find(type(value), name).uses == ()


def test_a_text_method_that_goes_over_a_list_reads_it() -> None:
    words = ["a"]
    operation = lookup(",".join)
    assert operation is not None
    assert accesses(operation, (",", words)) == [(words, None, False)]
    shown = lookup("{}".format)
    assert shown is not None
    assert accesses(shown, ("{}", [words]))[-1] == (words, None, False)


@pytest.mark.parametrize(
    ("function", "write"),
    [(object.__setattr__, True), (object.__delattr__, True), (object.__getattribute__, False), (type.__setattr__, True)],
)
def test_attributes_by_their_names(function: Any, write: bool) -> None:
    target = types.SimpleNamespace() if function is not type.__setattr__ else type("Some", (), {})
    operation = lookup(function)
    assert operation is not None
    assert accesses(operation, (target, "x", 1)) == [(target, "x", write)]


def test_a_wrong_entry_would_be_seen() -> None:
    # The check of changes is a check of both directions: neither table could swap these two.
    assert writes_owner(list, METHODS[list, "append"])
    assert not writes_owner(list, METHODS[list, "copy"])
