"""Writes a code object anew with code inserted before some of its instructions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from re import compile as pattern
from types import CodeType
from typing import NamedTuple

from pytest_gilcheck.races.bytecode.hookcalls import encode, with_caches
from pytest_gilcheck.races.bytecode.reading import Handler, Instructions
from pytest_gilcheck.races.bytecode.versions import BACKWARD

# An entry of the line table begins with the only byte of it that has the top bit set.
_LOCATION = pattern(rb"[\x80-\xff][\x00-\x7f]*")
_MOST_UNITS = 8  # that one entry of the line table can stand for
# The forms of an entry, by the four bits that say so.
_ONE_LINE, _ONE_LINE_LAST, _NO_COLUMNS, _LONG = 10, 12, 13, 14


class Edit(NamedTuple):
    """What to change: code to insert before instructions, others in the place of some, and what the stack needs for it."""

    inserted: Mapping[int, bytes]
    replaced: Mapping[int, tuple[int, int]]
    stack: int


def write(instructions: Instructions, edit: Edit, consts: Sequence[object]) -> CodeType:
    """A copy of the code with the edit made. Jumps and handlers that led to an instruction lead to what stands before it."""
    growth = [0] * len(instructions.ops)
    for i, code in edit.inserted.items():
        growth[i] = len(code) // 2
    replaced = {}
    for i, (op, arg) in edit.replaced.items():
        replaced[i] = with_caches(op, arg)
        growth[i] += len(replaced[i]) // 2 - (instructions.ends[i] - instructions.starts[i])
    jumps, before = _fit_jumps(instructions, growth)
    labels = [start + moved for start, moved in zip(instructions.starts, before, strict=False)]
    original = instructions.code
    return original.replace(
        co_code=_assemble(instructions, edit.inserted, replaced, jumps),
        co_consts=tuple(consts),
        co_linetable=_grow_locations(original.co_linetable, instructions.starts, growth),
        co_exceptiontable=_move_handlers(instructions, [*labels, instructions.ends[-1] + before[-1]]),
        co_stacksize=original.co_stacksize + edit.stack,
    )


def _fit_jumps(instructions: Instructions, growth: list[int]) -> tuple[dict[int, bytes], list[int]]:
    """Encode the jumps anew; a longer one needs more EXTENDED_ARG, which may lengthen others.

    Adds that to ``growth``. Also returns by how much the code before each instruction, and before its end, has grown.
    """
    ops, starts, places, ends = instructions.ops, instructions.starts, instructions.places, instructions.ends
    extended = {i: places[i] - starts[i] for i in instructions.jumps}
    while True:
        before = [0, *accumulate(growth)]
        encoded = {}
        fits = True
        for i, target in instructions.jumps.items():
            distance = starts[target] + before[target] - ends[i] - before[i + 1]
            if ops[i] in BACKWARD:
                distance = -distance
            encoded[i] = encode(ops[i], distance, extended[i])
            longer = len(encoded[i]) // 2 - 1 - extended[i]
            if longer:
                fits = False
                extended[i] += longer
                growth[i] += longer
        if fits:
            return encoded, before


def _assemble(
    instructions: Instructions, inserted: Mapping[int, bytes], replaced: Mapping[int, bytes], jumps: Mapping[int, bytes]
) -> bytes:
    raw, starts, places, ends = instructions.raw, instructions.starts, instructions.places, instructions.ends
    pieces = []
    done = 0
    for i in sorted({*inserted, *replaced, *jumps}):
        start = 2 * starts[i]
        pieces.append(raw[done:start])
        done = start
        if i in inserted:
            pieces.append(inserted[i])
        if i in jumps:
            pieces.append(jumps[i])
            done = 2 * places[i] + 2
        elif i in replaced:
            pieces.append(replaced[i])
            done = 2 * ends[i]
    pieces.append(raw[done:])
    return b"".join(pieces)


def _grow_locations(table: bytes, starts: Sequence[int], growth: Sequence[int]) -> bytes:
    """Let each entry stand for what was inserted before its instructions, too."""
    entries: list[bytes] = _LOCATION.findall(table)
    ends = list(accumulate([(entry[0] & 7) + 1 for entry in entries]))
    more: dict[int, int] = {}
    entry = 0
    for start, units in zip(starts, growth, strict=True):
        if units:
            entry = bisect_left(ends, start + 1, entry)
            more[entry] = more.get(entry, 0) + units
    for i, units in more.items():
        entries[i] = _lengthen(entries[i], (entries[i][0] & 7) + 1 + units)
    return b"".join(entries)


@lru_cache(maxsize=8192)
def _lengthen(entry: bytes, units: int) -> bytes:
    """The same location for so many units, in as many entries as that takes."""
    if units <= _MOST_UNITS:
        return bytes((entry[0] & 0xF8 | units - 1,)) + entry[1:]
    first = bytes((entry[0] | 7,)) + entry[1:]
    form, rest = _same_line(entry)
    full, left = divmod(units - _MOST_UNITS, _MOST_UNITS)
    whole = bytes((0x80 | form << 3 | 7,)) + rest
    last = bytes((0x80 | form << 3 | left - 1,)) + rest if left else b""
    return first + whole * full + last


def _same_line(entry: bytes) -> tuple[int, bytes]:
    """The form and the rest of the entry that repeats the location of this one: its line is written as a difference."""
    form = entry[0] >> 3 & 15
    if _ONE_LINE <= form <= _ONE_LINE_LAST:
        return _ONE_LINE, entry[1:]
    if form not in (_NO_COLUMNS, _LONG):
        return form, entry[1:]
    end = 1
    while entry[end] & 64:
        end += 1
    return form, b"\0" + entry[end + 1 :]


def _move_handlers(instructions: Instructions, labels: Sequence[int]) -> bytes:
    if not instructions.handlers:
        return b""
    index, last = instructions.index, len(instructions.ops)
    table = bytearray()
    for entry in instructions.handlers:
        start = labels[index[entry.start]]
        end = labels[index.get(entry.end, last)]
        _write_handler(table, Handler(start, end, labels[index[entry.target]], entry.depth))
    return bytes(table)


def _write_handler(table: bytearray, entry: Handler) -> None:
    mark = 128  # the first byte of an entry has the top bit set
    for number in (entry.start, entry.end - entry.start, entry.target, entry.depth):
        for shift in range(6 * ((max(number.bit_length(), 1) - 1) // 6), 0, -6):
            table.append(mark | 64 | number >> shift & 63)
            mark = 0
        table.append(mark | number & 63)
        mark = 0
