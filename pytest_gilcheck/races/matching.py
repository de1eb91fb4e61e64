"""The hook of a class pattern, which loads attributes of what it matches."""

from __future__ import annotations

from _thread import get_ident
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_gilcheck.races import calls, preparing, targets
from pytest_gilcheck.races.classes import bases, inherited
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Hook, Site
from pytest_gilcheck.races.targets import Attribute


def make(site: Site) -> Hook:
    """The hook of a class pattern with as many positional patterns as ``site.name`` says."""
    assert site.name is not None
    count = int(site.name)

    def hook(subject: Any, pattern: Any, keywords: Any) -> None:
        if run.current != get_ident() and run.stranger(site):
            return
        kind = type(subject)
        names = attributes_of(kind, pattern, count, keywords)
        for name in names:
            preparing.accessor(kind, name)
        if run.recording:
            calls.touch_all(site, [access for name in names for access in _reads(subject, name)])

    return hook


def attributes_of(kind: type, pattern: object, count: int, keywords: Sequence[str]) -> tuple[str, ...]:
    """The names of the attributes that a pattern of class ``pattern`` loads from instances of ``kind``.

    None if ``kind`` is plainly no such class; a class that decides for itself what is an instance of it is taken to say yes.
    """
    if not isinstance(pattern, type) or (type(pattern) is type and not any(base is pattern for base in bases(kind))):
        return ()
    found = inherited(pattern, "__match_args__")
    positional = found[:count] if type(found) is tuple else ()
    return tuple(name for name in (*positional, *keywords) if type(name) is str)


def _reads(subject: Any, name: str) -> Iterator[tuple[Any, Any, bool]]:
    how = targets.attribute(type(subject), name)
    if how is Attribute.CODE:
        return
    yield subject, name, False
    if how is Attribute.INHERITED:
        source = targets.class_location(type(subject), name)
        if source is not None:
            yield source, name, False
