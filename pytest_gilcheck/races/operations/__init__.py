"""What known callables do to shared state: which arguments a call reads or writes, and which state of the whole process."""

from __future__ import annotations

from pytest_gilcheck.races.operations.accessing import accesses
from pytest_gilcheck.races.operations.finding import FUNCTIONS, lookup, operands_of
from pytest_gilcheck.races.operations.methods import METHODS, unknown
from pytest_gilcheck.races.operations.model import ALL, REST, Access, Guarded, Location, Operation, Use
from pytest_gilcheck.races.operations.natures import HANDLED_ELSEWHERE, SCALAR_IDS, SCALARS
from pytest_gilcheck.races.operations.operands import key_of, reads, underlying

__all__ = [
    "ALL",
    "FUNCTIONS",
    "HANDLED_ELSEWHERE",
    "METHODS",
    "REST",
    "SCALARS",
    "SCALAR_IDS",
    "Access",
    "Guarded",
    "Location",
    "Operation",
    "Use",
    "accesses",
    "key_of",
    "lookup",
    "operands_of",
    "reads",
    "underlying",
    "unknown",
]
