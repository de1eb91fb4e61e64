"""How the bytecode of each supported CPython differs, as data."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from opcode import opmap

# The symbols of BINARY_OP's argument, the same since 3.11; from 3.14 on a subscript is one of them.
_OPERATORS = ("+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^")
BINARY_OPERATORS = (*_OPERATORS, *(f"{symbol}=" for symbol in _OPERATORS), "[]")
COMPARISONS = ("<", "<=", "==", "!=", ">", ">=")

LIST_TO_TUPLE = 6  # the argument of CALL_INTRINSIC_1
METHOD_BIT = 1  # of LOAD_ATTR and LOAD_SUPER_ATTR: the attribute is loaded in order to be called
NULL_BIT = 1  # of LOAD_GLOBAL: a NULL is pushed as well
KEYWORDS_BIT = 1  # of CALL_FUNCTION_EX: there is a mapping of keyword arguments
SPEC_BIT = 4  # of FORMAT_VALUE: there is a format specification
EXIT_METHOD = 1  # the argument of LOAD_SPECIAL that stands for __exit__


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What the rewriting has to know about one minor version.

    ``caches`` are the units that follow an instruction; ``shifts`` say by how many bits an argument has to be shifted to
    be the index of a name. ``null_first`` versions hold the NULL of a call below the callable, the others above it.
    """

    caches: Mapping[str, int]
    shifts: Mapping[str, int]
    null_first: bool
    comparison_shift: int
    cell_load: str
    precall: bool = False
    keywords_always: bool = False
    late_iteration: bool = False
    common_constants: tuple[object, ...] = ()


_PLAIN_NAMES = {
    "LOAD_NAME": 0,
    "LOAD_FROM_DICT_OR_GLOBALS": 0,
    "STORE_NAME": 0,
    "DELETE_NAME": 0,
    "STORE_GLOBAL": 0,
    "DELETE_GLOBAL": 0,
    "STORE_ATTR": 0,
    "DELETE_ATTR": 0,
    "IMPORT_FROM": 0,
    "IMPORT_NAME": 0,
    "LOAD_GLOBAL": 1,
}
_NAMES_311 = {**_PLAIN_NAMES, "LOAD_ATTR": 0, "LOAD_METHOD": 0}
_NAMES_312 = {**_PLAIN_NAMES, "LOAD_ATTR": 1, "LOAD_SUPER_ATTR": 2}
_NAMES_315 = {**_NAMES_312, "IMPORT_NAME": 2}

_CACHES_311 = {
    "BINARY_SUBSCR": 4,
    "STORE_SUBSCR": 1,
    "UNPACK_SEQUENCE": 1,
    "STORE_ATTR": 4,
    "LOAD_ATTR": 4,
    "COMPARE_OP": 2,
    "LOAD_GLOBAL": 5,
    "BINARY_OP": 1,
    "LOAD_METHOD": 10,
    "PRECALL": 1,
    "CALL": 4,
}
_CACHES_312 = {
    "BINARY_SUBSCR": 1,
    "STORE_SUBSCR": 1,
    "UNPACK_SEQUENCE": 1,
    "FOR_ITER": 1,
    "STORE_ATTR": 4,
    "LOAD_ATTR": 9,
    "COMPARE_OP": 1,
    "LOAD_GLOBAL": 4,
    "BINARY_OP": 1,
    "SEND": 1,
    "LOAD_SUPER_ATTR": 1,
    "CALL": 3,
}
_CACHES_313 = {
    **_CACHES_312,
    "CONTAINS_OP": 1,
    "JUMP_BACKWARD": 1,
    "TO_BOOL": 3,
    "POP_JUMP_IF_TRUE": 1,
    "POP_JUMP_IF_FALSE": 1,
    "POP_JUMP_IF_NONE": 1,
    "POP_JUMP_IF_NOT_NONE": 1,
}
_CACHES_314 = {**_CACHES_313, "BINARY_OP": 5, "CALL_KW": 3}
_CACHES_315 = {**_CACHES_314, "CALL_FUNCTION_EX": 1, "GET_ITER": 1, "RESUME": 1}

_COMMON_314 = (AssertionError, NotImplementedError, tuple, all, any)
_COMMON_315 = (*_COMMON_314, list, set, None, "", True, False, -1)

LAYOUTS: Mapping[tuple[int, int], Layout] = {
    (3, 11): Layout(
        caches=_CACHES_311, shifts=_NAMES_311, null_first=True, comparison_shift=0, cell_load="LOAD_CLOSURE", precall=True
    ),
    (3, 12): Layout(caches=_CACHES_312, shifts=_NAMES_312, null_first=True, comparison_shift=4, cell_load="LOAD_CLOSURE"),
    (3, 13): Layout(caches=_CACHES_313, shifts=_NAMES_312, null_first=False, comparison_shift=5, cell_load="LOAD_FAST"),
    (3, 14): Layout(
        caches=_CACHES_314,
        shifts=_NAMES_312,
        null_first=False,
        comparison_shift=5,
        cell_load="LOAD_FAST",
        keywords_always=True,
        common_constants=_COMMON_314,
    ),
    (3, 15): Layout(
        caches=_CACHES_315,
        shifts=_NAMES_315,
        null_first=False,
        comparison_shift=5,
        cell_load="LOAD_FAST",
        keywords_always=True,
        late_iteration=True,
        common_constants=_COMMON_315,
    ),
}


def _current() -> Layout:
    version = sys.version_info[:2]
    if version not in LAYOUTS or sys.implementation.name != "cpython":
        known = ", ".join(f"{major}.{minor}" for major, minor in LAYOUTS)
        raise NotImplementedError(f"the bytecode of this interpreter is not known; known are CPython {known}")
    return LAYOUTS[version]


LAYOUT = _current()

# Numbers of all the instructions that this interpreter knows; -1 for those that only others have.
OPCODES: Mapping[str, int] = {name: number for name, number in opmap.items() if number < 256}


def opcode(name: str) -> int:
    """The number of an instruction, -1 when this interpreter has none of that name."""
    return OPCODES.get(name, -1)


def opcodes(*names: str) -> frozenset[int]:
    """The numbers of those of the instructions that this interpreter has."""
    return frozenset(OPCODES[name] for name in names if name in OPCODES)


# By opcode: how many units it takes with its caches, and its name's shift (-1: it has no name).
UNITS = [1] * 256
NAME_SHIFT = [-1] * 256
for _name, _number in OPCODES.items():
    UNITS[_number] += LAYOUT.caches.get(_name, 0)
    NAME_SHIFT[_number] = LAYOUT.shifts.get(_name, -1)

BACKWARD = opcodes(
    "JUMP_BACKWARD",
    "JUMP_BACKWARD_NO_INTERRUPT",
    "END_ASYNC_FOR",
    "POP_JUMP_BACKWARD_IF_TRUE",
    "POP_JUMP_BACKWARD_IF_FALSE",
    "POP_JUMP_BACKWARD_IF_NONE",
    "POP_JUMP_BACKWARD_IF_NOT_NONE",
)
# Nothing goes on behind these.
FINAL = opcodes(
    "RETURN_VALUE",
    "RETURN_CONST",
    "RAISE_VARARGS",
    "RERAISE",
    "JUMP_FORWARD",
    "JUMP_BACKWARD",
    "JUMP_BACKWARD_NO_INTERRUPT",
    "INTERPRETER_EXIT",
)
