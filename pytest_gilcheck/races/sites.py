"""Sites: the places in instrumented code where a hook stands, and what each kind of hook is called with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from types import CodeType
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pytest_gilcheck.races.schedule import Place

Hook = Callable[..., Any]


class Kind(StrEnum):
    """What the instruction behind a hook does. The hook is called just before it, with the operands named here.

    A hook whose result replaces an operand says so; the results of the others are thrown away.
    """

    LOAD_ATTR = "load-attr"  # hook(owner)
    LOAD_METHOD = "load-method"  # hook(owner): an attribute loaded in order to be called
    MATCH = "match"  # hook(subject, class, names): a class pattern; the name is the number of positional patterns
    STORE_ATTR = "store-attr"  # hook(owner, value)
    DELETE_ATTR = "delete-attr"  # hook(owner)
    LOAD_ITEM = "load-item"  # hook(container, key)
    STORE_ITEM = "store-item"  # hook(container, key, value)
    DELETE_ITEM = "delete-item"  # hook(container, key)
    LOAD_SLICE = "load-slice"  # hook(container)
    STORE_SLICE = "store-slice"  # hook(container, value)
    CONTAINS = "contains"  # hook(container, item)
    ITERATE = "iterate"  # hook(iterable) -> what to iterate over instead
    READ = "read"  # hook(operand): reads all of it (unpacking, truth value, formatting, *args)
    OPERATE = "operate"  # hook(left, right): a binary operator or comparison, not in place
    INPLACE = "inplace"  # hook(left, right): an augmented assignment's operator
    LOAD_GLOBAL = "load-global"  # hook()
    STORE_GLOBAL = "store-global"  # hook()
    DELETE_GLOBAL = "delete-global"  # hook()
    LOAD_CELL = "load-cell"  # hook(cell)
    STORE_CELL = "store-cell"  # hook(cell)
    DELETE_CELL = "delete-cell"  # hook(cell)
    CALL = "call"  # hook(callable) -> what to call instead
    ENTER = "enter"  # hook(manager) -> the manager to enter instead
    IMPORT = "import"  # hook()
    YIELD = "yield"  # hook(): a generator is running and about to yield
    # Where the GIL may be handed over; only in code that is rewritten to find out whether that matters. CALLED and the
    # LOOKED of a RESUME stand behind the instruction that they are about.
    LOOKED = "looked"  # hook(): a request to hand it over was looked for
    LOOKED_IF = "looked-if"  # hook(condition): the same, if the jump is made
    CALLED = "called"  # hook(): the same, unless what was called ran in the caller's own loop
    CALLS = "calls"  # hook(callable) or hook(): about to call it
    IMPLICIT = "implicit"  # hook(operands ...): the instruction may run code of theirs


_STORES = frozenset(
    {Kind.STORE_ATTR, Kind.STORE_ITEM, Kind.STORE_SLICE, Kind.STORE_GLOBAL, Kind.STORE_CELL, Kind.INPLACE}
    | {Kind.DELETE_ATTR, Kind.DELETE_ITEM, Kind.DELETE_GLOBAL, Kind.DELETE_CELL}
)


@dataclass(slots=True, eq=False, kw_only=True)
class Site:
    """One instruction that a hook stands before.

    ``offset`` is the instruction's byte offset in the original ``code``; ``name`` the attribute, global, variable or module
    it names. While ``hot`` is set an execution may switch threads here; a ``guarded`` site belongs to a module that guards
    what it shares (``threading``, ``queue``), and a ``trusted`` one to a part of it that does so always, and so alone makes
    no location interesting. What a ``closed`` one uses is the state of its own object, which is hidden as long as no code of
    somebody else is seen to use it.
    """

    code: CodeType
    offset: int
    line: int | None
    kind: Kind
    name: str | None = None
    hot: bool = False
    guarded: bool = False
    trusted: bool = False
    closed: bool = False
    quiet: bool = False  # a lock is taken or freed here at a moment that makes no difference
    place: Place | None = None  # what a schedule calls it, once that was asked for
    stores: bool = field(init=False)  # it is written to by an instruction, not by what is called

    def __post_init__(self) -> None:
        self.stores = self.kind in _STORES


class HookFactory(Protocol):
    """Makes the hook of a site; ``None`` where none is needed, and the instruction is left alone."""

    def __call__(self, site: Site) -> Hook | None:
        """The hook of ``site``."""
