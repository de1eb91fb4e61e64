"""What the methods of database drivers in C touch beside their objects: the database, which no object stands for.

A driver is known by what PEP 249 asks of its module. Which database a connection leads to is not asked: all are one
location.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Final

from pytest_gilcheck.races.operations.locations import DATABASES
from pytest_gilcheck.races.operations.model import WRITE_OTHERS, Access, Operation
from pytest_gilcheck.races.operations.natures import full_name

_ASKED: Final = ("apilevel", "threadsafety", "paramstyle")
_STATEMENTS: Final = frozenset({"execute", "executemany"})
# They only give what a statement found before, or change nothing that others see.
_LOCAL: Final = frozenset({"cursor", "setinputsizes", "setoutputsize", "setoutputsizes", "nextset"})
_FETCHING: Final = frozenset({"fetchone", "fetchmany", "fetchall", "__next__"})


def _queried(arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> list[Access]:
    """A query reads; what does anything else writes."""
    statement = arguments[1] if len(arguments) > 1 else next(iter(keywords.values()), None)
    return [DATABASES.access(type(statement) is not str or not statement.lstrip().upper().startswith("SELECT"))]


# In SQLite a query changes nothing. Elsewhere it may call what does, or take locks.
_SAFE_QUERIES: Final = frozenset({"sqlite3"})
_QUERIED: Final = Operation(WRITE_OTHERS.uses, special=_queried)
_READ: Final = Operation(WRITE_OTHERS.uses, ((DATABASES, False),))
_WRITTEN: Final = Operation(WRITE_OTHERS.uses, ((DATABASES, True),))


def is_driver(kind: type) -> bool:
    """Whether a C type is part of a database driver."""
    module = sys.modules.get(_package(kind))
    return module is not None and all(name in vars(module) for name in _ASKED)


def _package(kind: type) -> str:
    return full_name(kind).partition(".")[0]


def of_method(kind: type, name: str) -> Operation | None:
    """What method ``name`` of such a type does; ``None`` if nothing that others than its object could tell."""
    if name in _STATEMENTS:
        return _QUERIED if _package(kind) in _SAFE_QUERIES else _WRITTEN
    if name in _FETCHING:
        return _READ
    if name in _LOCAL or (name.startswith("__") and name != "__exit__"):
        return None
    return _WRITTEN
