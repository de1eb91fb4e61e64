"""The hooks of instructions that read or write an attribute."""

from __future__ import annotations

import types
from _thread import get_ident
from collections.abc import Callable
from typing import Any

from pytest_gilcheck.races import preparing, targets
from pytest_gilcheck.races.classes import bases, namespace, of_module
from pytest_gilcheck.races.run import NOTHING, run
from pytest_gilcheck.races.sites import Hook, Site
from pytest_gilcheck.races.targets import Attribute

#: The per-type memories of all sites: emptied when an assumption about types or names falls.
_memories: list[dict[int, Any]] = []
# The types in them: their ids stay their own.
_kept: dict[int, type] = {}


def forget_types() -> None:
    """What is known of types no longer holds, or keeps too many of them alive."""
    for memory in _memories:
        memory.clear()
    _kept.clear()


def memory() -> dict[int, Any]:
    """A dictionary that is emptied in time, by the ``id`` of a type: a metaclass may define how its types are hashed and
    compared, and that is no code to run here."""
    memory: dict[int, Any] = {}
    _memories.append(memory)
    return memory


def remember(memory: dict[int, Any], kind: type, known: object) -> None:
    """Put what is ``known`` of a type into its ``memory``."""
    _kept[id(kind)] = kind
    memory[id(kind)] = known


def load(site: Site) -> Hook:
    """The hook of an instruction that reads an attribute."""
    name = site.name
    assert name is not None
    known: dict[int, Attribute] = memory()
    # The object that was read here last; while the thread that runs is among those that were noted, that need not be done
    # again. When the object is gone, or the execution, no thread is.
    last = 0
    noted: Any = NOTHING

    def hook(owner: Any) -> None:
        nonlocal last, noted
        if id(owner) == last and noted.threads & run.bit:
            return
        if run.current != get_ident() and run.stranger(site):
            return
        kind = type(owner)
        how = known.get(id(kind))
        if how is None:
            how = targets.attribute(kind, name)
            preparing.accessor(kind, name)
            guarded = how is not Attribute.CODE and not site.guarded and targets.is_guarded(kind)
            if not (guarded and targets.expose(owner, name)):
                remember(known, kind, how)
        if not run.recording:
            if how is Attribute.NAMESPACE:
                targets.alias(owner)
            return
        if how is Attribute.OWN:
            noted = run.touch(site, owner, name, False)
            last = id(owner)
        elif how is not Attribute.CODE:
            _READ[how](site, owner, name)

    return hook


def _read_inherited(site: Site, owner: Any, name: str) -> None:
    run.touch(site, owner, name, False)
    source = targets.class_location(type(owner), name)
    if source is not None:
        run.touch_more(site, source, name, False)


def _read_module(site: Site, owner: Any, name: str) -> None:
    space = of_module(owner)
    if name in run.volatile or not isinstance(space.get(name), targets.CONSTANT):
        run.touch(site, space, (name,), False)


def _read_class(site: Site, owner: Any, name: str) -> None:
    source = targets.class_location(owner, name)
    if source is not None:
        run.touch(site, source, name, False)


def _read_namespace(site: Site, owner: Any, name: str) -> None:  # noqa: ARG001
    targets.alias(owner)


_READ: dict[Attribute, Callable[[Site, Any, str], None]] = {
    Attribute.INHERITED: _read_inherited,
    Attribute.MODULE: _read_module,
    Attribute.CLASS: _read_class,
    Attribute.NAMESPACE: _read_namespace,
}


def write(site: Site) -> Hook:
    """The hook of an instruction that sets or deletes an attribute."""
    name = site.name
    assert name is not None
    known: dict[int, None] = memory()
    last = 0
    noted: Any = NOTHING

    def hook(owner: Any, value: Any = None) -> None:  # noqa: ARG001
        nonlocal last, noted
        if id(owner) == last and noted.threads & run.bit:
            run.progress += 1
            return
        if run.current != get_ident() and run.stranger(site):
            return
        kind = type(owner)
        if id(kind) not in known:
            if site.guarded or not targets.is_guarded(kind) or not targets.expose(owner, name):
                remember(known, kind, None)
            preparing.accessor(kind, name)
            preparing.special(kind, "__setattr__")
        if not run.recording:
            return
        if issubclass(kind, types.ModuleType):
            volatile(name)
            run.touch(site, of_module(owner), (name,), True)
            return
        is_class = issubclass(kind, type)
        if is_class or (targets.attribute(kind, name) is Attribute.CODE and not _is_property(kind, name)):
            volatile(name)
        noted = run.touch(site, owner, name, True)
        last = id(owner)

    return hook


def _is_property(kind: type, name: str) -> bool:
    return any(isinstance(namespace(base).get(name), property) for base in bases(kind))


def volatile(name: str) -> None:
    """A name that was taken for constant is stored to: the execution has to be repeated with its reads watched."""
    if name not in run.volatile:
        run.grown.add(name)
