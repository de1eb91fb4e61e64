"""The hooks: one closure a site, which tells the run which location the instruction behind it uses."""

from __future__ import annotations

import sys
from _thread import get_ident
from collections.abc import Callable, Iterator
from typing import Any

from pytest_gilcheck.races import attributes, calls, filling, library, matching, operations, preparing, primitives, targets
from pytest_gilcheck.races.accesses import Uses
from pytest_gilcheck.races.classes import inherited
from pytest_gilcheck.races.run import NOTHING, run
from pytest_gilcheck.races.sites import Hook, Kind, Site
from pytest_gilcheck.races.targets import Items

SCALARS = operations.SCALAR_IDS


def _item(special: str, *, write: bool) -> Callable[[Site], Hook]:  # noqa: C901 - the hot path
    def make(site: Site) -> Hook:  # noqa: C901 - see above
        known: dict[int, Items] = attributes.memory()
        last = 0
        noted: Any = NOTHING

        def hook(container: Any, key: Any, value: Any = None) -> None:  # noqa: ARG001
            nonlocal last, noted
            if id(container) == last and noted.threads == run.bit:  # it has it to itself
                run.progress += write
                return
            if run.current != get_ident() and run.stranger(site):
                return
            if not run.recording:
                return
            kind = type(container)
            how = known.get(id(kind))
            if how is None:
                how = targets.items(kind, special)
                attributes.remember(known, kind, how)
            if how is Items.NONE:
                return
            if how is Items.MAPPING and (type(key) is str or targets.safe(key)):
                present = dict.__contains__(container, key)
                target, part = targets.mapping_part(container, key) if run.aliases else (container, (key,))
                if write and kind is dict:
                    targets.global_stored(container, key)
                if (write and (not present or special == "__delitem__")) or (
                    not present and inherited(kind, "__missing__") is not None
                ):
                    found = run.touch(site, target, part if target is not container else None, True)
                    run.name_part(site, part)
                    filling.fill(site, container, key, write)
                else:
                    found = run.touch(site, target, part, write)
            elif how is Items.SEQUENCE and special != "__delitem__":
                found = run.touch(site, container, targets.sequence_part(container, key), write)
            else:
                found = run.touch(site, targets.exporter(container), None, write)
            # Only of an object that one thread has to itself are all items one: those of others are told apart.
            private = type(found) is not Uses and found.threads == run.bit and (how is not Items.MAPPING or not run.aliases)
            last, noted = (id(container), found) if private else (0, NOTHING)

        return hook

    return make


def _slice(*, write: bool) -> Callable[[Site], Hook]:
    def make(site: Site) -> Hook:
        special = "__setitem__" if write else "__getitem__"

        def hook(container: Any, value: Any = None) -> None:
            if (run.current != get_ident() and run.stranger(site)) or not run.recording:
                return
            if write:
                calls.touch_all(site, operations.reads(value))
            if targets.items(type(container), special) is not Items.NONE:
                run.touch(site, targets.exporter(container), None, write)

        return hook

    return make


def _contains(site: Site) -> Hook:
    known: dict[int, Items] = attributes.memory()

    def hook(container: Any, key: Any) -> None:
        kind = type(container)
        if id(kind) in SCALARS or (run.current != get_ident() and run.stranger(site)) or not run.recording:
            return
        how = known.get(id(kind))
        if how is None:
            how = targets.items(kind, "__contains__")
            attributes.remember(known, kind, how)
        if how is Items.MAPPING and (type(key) is str or targets.safe(key)):
            target, part = targets.mapping_part(container, key) if run.aliases else (container, (key,))
            run.touch(site, target, part, False)
        else:
            calls.touch_all(site, operations.reads(container))

    return hook


def _read(site: Site) -> Hook:
    def hook(operand: Any) -> None:
        kind = type(operand)
        if id(kind) in SCALARS or (run.current != get_ident() and run.stranger(site)) or not run.recording:
            return
        if id(kind) in calls.CONTAINERS and not run.aliases:
            run.touch(site, operand, None, False)
        else:
            calls.touch_all(site, operations.reads(operand))

    return hook


def _operate(site: Site) -> Hook:
    def hook(left: Any, right: Any) -> None:
        if id(type(left)) in SCALARS and id(type(right)) in SCALARS:
            return
        if (run.current != get_ident() and run.stranger(site)) or not run.recording:
            return
        calls.touch_all(site, [*operations.reads(left), *operations.reads(right)])

    return hook


def _inplace(site: Site) -> Hook:
    def hook(left: Any, right: Any) -> None:
        if id(type(left)) in SCALARS or (run.current != get_ident() and run.stranger(site)) or not run.recording:
            return
        own = [(target, None, True) for target, _key, _write in operations.reads(left)]
        calls.touch_all(site, [*own, *operations.reads(right)])

    return hook


def _iterate(site: Site) -> Hook:
    def hook(iterable: Any) -> Any:
        if id(type(iterable)) in SCALARS or (run.current != get_ident() and run.stranger(site)) or not run.recording:
            return iterable
        accesses = operations.reads(iterable)
        if not accesses:
            return iterable
        if site.hot:
            return _steps(site, iterable, accesses)
        calls.touch_all(site, accesses)
        return iterable

    return hook


def _steps(site: Site, iterable: Any, accesses: list[tuple[Any, Any, bool]]) -> Iterator[Any]:
    """The steps of an iteration over something that threads share: each is an access."""
    __tracebackhide__ = True
    calls.touch_all(site, accesses)
    iterator = iter(iterable)
    while True:
        try:
            value = next(iterator)
        except StopIteration:
            return
        yield value
        if run.current == get_ident() or not run.stranger(site):
            calls.touch_all(site, accesses)


def _global(*, write: bool) -> Callable[[Site], Hook | None]:
    def make(site: Site) -> Hook | None:
        name = site.name
        assert name is not None
        if not write and name not in run.volatile:
            return None

        def hook() -> None:
            if (run.current != get_ident() and run.stranger(site)) or not run.recording:
                return
            if write:
                attributes.volatile(name)
            run.touch(site, sys._getframe(1).f_globals, (name,), write)

        return hook

    return make


def _cell(*, write: bool) -> Callable[[Site], Hook]:
    def make(site: Site) -> Hook:
        def hook(cell: Any) -> None:
            if (run.current != get_ident() and run.stranger(site)) or not run.recording:
                return
            run.touch(site, cell, None, write)

        return hook

    return make


def _enter(site: Site) -> Hook:
    known: dict[int, bool] = attributes.memory()

    def hook(manager: Any) -> Any:
        if run.current != get_ident() and run.stranger(site):
            return manager
        kind = type(manager)
        entered = known.get(id(kind))
        if entered is None:
            preparing.special(kind, "__enter__", "__exit__")
            entered = primitives.is_entered(kind)
            attributes.remember(known, kind, entered)
        return primitives.enter(site, manager) if entered else manager

    return hook


def _yield(site: Site) -> Hook:
    def hook() -> None:
        if (run.current != get_ident() and run.stranger(site)) or not run.recording:
            return
        reference = run.accesses.generators.get(id(sys._getframe(1)))
        generator = reference() if reference is not None else None
        if generator is not None:
            run.touch(site, generator, None, True)

    return hook


def _import(site: Site) -> Hook | None:  # noqa: ARG001 - the import system locks for itself, and its locks are modelled
    return None


def factory(site: Site) -> Hook | None:
    """The hook of ``site``; ``None`` where the instruction needs none."""
    if site.kind in _ATTRIBUTES and targets.is_unseen(site):
        return None  # the locks that order what trusted code does are seen; see targets.expose for who else uses this
    if targets.is_hidden(site) and (site.kind not in _CALLING or site.name in library.CLOSED_CALLS):
        return None
    return _MAKERS[site.kind](site)


_ATTRIBUTES = frozenset({Kind.LOAD_ATTR, Kind.LOAD_METHOD, Kind.STORE_ATTR, Kind.DELETE_ATTR})
_CALLING = frozenset({Kind.CALL, Kind.ENTER})


_MAKERS: dict[Kind, Callable[[Site], Hook | None]] = {
    Kind.LOAD_ATTR: attributes.load,
    Kind.LOAD_METHOD: attributes.load,
    Kind.MATCH: matching.make,
    Kind.STORE_ATTR: attributes.write,
    Kind.DELETE_ATTR: attributes.write,
    Kind.LOAD_ITEM: _item("__getitem__", write=False),
    Kind.STORE_ITEM: _item("__setitem__", write=True),
    Kind.DELETE_ITEM: _item("__delitem__", write=True),
    Kind.LOAD_SLICE: _slice(write=False),
    Kind.STORE_SLICE: _slice(write=True),
    Kind.CONTAINS: _contains,
    Kind.ITERATE: _iterate,
    Kind.READ: _read,
    Kind.OPERATE: _operate,
    Kind.INPLACE: _inplace,
    Kind.LOAD_GLOBAL: _global(write=False),
    Kind.STORE_GLOBAL: _global(write=True),
    Kind.DELETE_GLOBAL: _global(write=True),
    Kind.LOAD_CELL: _cell(write=False),
    Kind.STORE_CELL: _cell(write=True),
    Kind.DELETE_CELL: _cell(write=True),
    Kind.CALL: calls.make,
    Kind.ENTER: _enter,
    Kind.IMPORT: _import,
    Kind.YIELD: _yield,
}
