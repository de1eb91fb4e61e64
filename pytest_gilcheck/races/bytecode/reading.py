"""Reads a code object: instructions, jumps, the table of exception handlers, and the same for nested code."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dis import hasjrel
from functools import cached_property
from types import CodeType
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_gilcheck.races.bytecode.versions import BACKWARD, LAYOUT, NAME_SHIFT, UNITS, opcode

if TYPE_CHECKING:
    from pytest_gilcheck.races.bytecode.callees import Callee

_EXTENDED_ARG = opcode("EXTENDED_ARG")
_LOAD_CONST = opcode("LOAD_CONST")
_LOAD_SMALL_INT = opcode("LOAD_SMALL_INT")
_LOAD_COMMON_CONSTANT = opcode("LOAD_COMMON_CONSTANT")
# END_ASYNC_FOR has no target before 3.14.
_JUMPS = frozenset(number for number in hasjrel if number < 256)
# One lookup an instruction: its units, negative for EXTENDED_ARG.
_ADVANCE = [-1 if number == _EXTENDED_ARG else units for number, units in enumerate(UNITS)]


class _Unknown:
    __slots__ = ()


UNKNOWN: Final = _Unknown()


class Handler(NamedTuple):
    """An entry of the exception table, in units; ``depth`` as it is written there, with the lasti bit."""

    start: int
    end: int
    target: int
    depth: int


def handlers(table: bytes) -> list[Handler]:
    """Decode ``co_exceptiontable``."""
    if not table:
        return []
    numbers: list[int] = []
    number = 0
    for byte in table:
        number = number << 6 | byte & 63
        if not byte & 64:
            numbers.append(number)
            number = 0
    quads = iter(numbers)
    return [Handler(start, start + length, target, depth) for start, length, target, depth in zip(*[quads] * 4, strict=True)]


class Instructions:
    """The instructions of one code object, by index; positions are in code units of two bytes.

    An instruction reaches from ``starts[i]``, its first EXTENDED_ARG, over its opcode at ``places[i]`` and its caches to
    ``ends[i]``. ``targets`` are the indices that a jump or a handler leads to, ``jumps`` maps a jump to its target.
    """

    def __init__(self, code: CodeType) -> None:
        self.code = code
        self.rebound: AbstractSet[str] = frozenset()  # the variables in cells that are bound more than once
        self.callees: dict[int, Callee] | None = None  # by the index of a call, once they have been looked for
        self.raw = code.co_code
        self.ops: list[int] = []
        self.args: list[int] = []
        self.starts: list[int] = []
        self.places: list[int] = []
        self._decode()
        self.ends = [*self.starts[1:], len(self.raw) // 2]
        self.index = dict(zip(self.starts, range(len(self.ops)), strict=True))
        self.jumps = self._find_jumps()
        self.handlers = handlers(code.co_exceptiontable)
        self.targets = set(self.jumps.values())
        self.targets.update([self.index[handler.target] for handler in self.handlers])

    def _decode(self) -> None:
        raw, ops, args, starts, places = self.raw, self.ops, self.args, self.starts, self.places
        unit = start = extended = 0
        end = len(raw) // 2
        while unit < end:
            op = raw[2 * unit]
            arg = extended | raw[2 * unit + 1]
            units = _ADVANCE[op]
            if units < 0:
                extended = arg << 8
                unit += 1
                continue
            ops.append(op)
            args.append(arg)
            starts.append(start)
            places.append(unit)
            extended = 0
            unit = start = unit + units

    def _find_jumps(self) -> dict[int, int]:
        args, ends, index = self.args, self.ends, self.index
        return {
            i: index[ends[i] - args[i] if op in BACKWARD else ends[i] + args[i]]
            for i, op in enumerate(self.ops)
            if op in _JUMPS
        }

    @cached_property
    def children(self) -> list[tuple[int, Instructions]]:
        """The code objects among the constants, with their indices."""
        return [(i, Instructions(const)) for i, const in enumerate(self.code.co_consts) if isinstance(const, CodeType)]

    def name(self, i: int) -> str:
        """The entry of ``co_names`` that instruction ``i`` names."""
        return self.code.co_names[self.args[i] >> NAME_SHIFT[self.ops[i]]]

    def variable(self, i: int) -> str:
        """The local, cell or free variable that instruction ``i`` names."""
        return self._variables[self.args[i]]

    @cached_property
    def _variables(self) -> tuple[str, ...]:
        code = self.code
        locals_ = code.co_varnames
        return (*locals_, *(cell for cell in code.co_cellvars if cell not in locals_), *code.co_freevars)

    def before(self, i: int) -> int:
        """The opcode that ran directly before instruction ``i`` whatever way led here, else -1."""
        return -1 if i in self.targets or i == 0 else self.ops[i - 1]

    def constant_before(self, i: int) -> object:
        """The constant that the instruction directly before ``i`` has pushed, else ``UNKNOWN``."""
        op = self.before(i)
        if op == _LOAD_CONST:
            constant: object = self.code.co_consts[self.args[i - 1]]
            return constant
        if op == -1:
            return UNKNOWN
        if op == _LOAD_SMALL_INT:
            return self.args[i - 1]
        if op == _LOAD_COMMON_CONSTANT and self.args[i - 1] < len(LAYOUT.common_constants):
            return LAYOUT.common_constants[self.args[i - 1]]
        return UNKNOWN
