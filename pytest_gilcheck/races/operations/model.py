"""What one call does to shared state, as data: which arguments it reads or writes, and which process-wide locations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

#: ``(target, key, write)``: the key is ``None`` for all of the target, a ``str`` for an attribute, a 1-tuple for an item.
Access = tuple[object, "str | tuple[object] | None", bool]

#: Computes the accesses that depend on what the arguments are. Gets the owner and arguments, and the keyword arguments.
Special = Callable[[tuple[Any, ...], Mapping[str, Any]], list[Access]]

#: Positions of a ``Use``: every argument, or every one but the first; both with the keyword arguments.
ALL: Final = -1
REST: Final = -2


@dataclass(frozen=True, slots=True, eq=False)
class Location:
    """A piece of state of the whole process that no object of the program stands for, such as the working directory.

    Where a Python program rebinds it as an attribute (``sys.stdout``), ``owner`` and ``attribute`` say which, and the access
    is one of that attribute.
    """

    name: str
    owner: object | None = None
    attribute: str | None = None

    def access(self, write: bool) -> Access:
        """How it is written down among the accesses of a call."""
        return (self, None, write) if self.owner is None else (self.owner, self.attribute, write)

    def __repr__(self) -> str:
        return f"<the {self.name}>"


@dataclass(frozen=True, slots=True, eq=False)
class Guarded(Location):
    """One with locks of its own, of which nothing can be seen: what keeps threads out of one another's way is not known."""

    def __repr__(self) -> str:
        return f"<the {self.name}>"


@dataclass(frozen=True, slots=True)
class Use:
    """Argument number ``position`` is read or written; 0 is the owner of a method or the first argument of a function.

    ``key`` is the number of the argument that holds the item's key or, with ``attribute``, the attribute's name; ``None``
    means all of it. ``deep`` goes on into the containers inside it. ``fills`` is a read by which
    a ``defaultdict`` inserts what it lacks.
    """

    position: int
    write: bool
    key: int | None = None
    attribute: bool = False
    deep: bool = False
    fills: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """All that a call does. ``prefix`` goes before the arguments, for callables that hold arguments of their own."""

    uses: tuple[Use, ...] = ()
    process: tuple[tuple[Location, bool], ...] = ()
    special: Special | None = None
    prefix: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] | None = None
    #: It depends on its arguments alone; on the first alone; on that as a whole, in one use. They follow from the rest.
    of_arguments: bool = field(init=False, compare=False)
    of_first: bool = field(init=False, compare=False)
    of_whole: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        of_arguments = not (self.process or self.special is not None or self.prefix or self.keywords)
        object.__setattr__(self, "of_arguments", of_arguments)
        of_first = of_arguments and all(use.position == 0 and not use.deep for use in self.uses)
        object.__setattr__(self, "of_first", of_first)
        whole = len(self.uses) == 1 and self.uses[0].key is None and not self.uses[0].attribute
        object.__setattr__(self, "of_whole", of_first and whole)


NOTHING: Final = Operation()
READ: Final = Operation((Use(0, False),))
WRITE: Final = Operation((Use(0, True),))
READ_ALL: Final = Operation((Use(ALL, False),))
READ_DEEP: Final = Operation((Use(ALL, False, deep=True),))
READ_DEEP_REST: Final = Operation((Use(REST, False, deep=True),))
READ_REST: Final = Operation((Use(REST, False),))
READ_OTHERS: Final = Operation((Use(0, False), Use(REST, False)))
WRITE_OTHERS: Final = Operation((Use(0, True), Use(REST, False)))
READ_INTO: Final = Operation((Use(0, True), Use(1, True)))
GET_ITEM: Final = Operation((Use(0, False, key=1),))
FILL_ITEM: Final = Operation((Use(0, False, key=1, fills=True),))
SET_ITEM: Final = Operation((Use(0, True, key=1),))
GET_ATTRIBUTE: Final = Operation((Use(0, False, key=1, attribute=True),))
SET_ATTRIBUTE: Final = Operation((Use(0, True, key=1, attribute=True),))
ALL_ATTRIBUTES: Final = Operation((Use(0, False, attribute=True),))


def reading(*locations: Location) -> Operation:
    """The operation of a function that reads these locations and no argument."""
    return Operation(process=tuple((location, False) for location in locations))


def changing(*locations: Location) -> Operation:
    """The operation of a function that writes these locations and no argument."""
    return Operation(process=tuple((location, True) for location in locations))
