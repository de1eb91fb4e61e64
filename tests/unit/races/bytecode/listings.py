"""Holds instrumented code against the original: an independent reading with ``dis``, instruction by instruction."""

from __future__ import annotations

import dis
import sys
import types
from collections.abc import Iterator

_METHOD_LOADS = {"LOAD_METHOD", "LOAD_ATTR", "LOAD_SUPER_ATTR"}
_ENDS = {
    "RETURN_VALUE",
    "RETURN_CONST",
    "RAISE_VARARGS",
    "RERAISE",
    "JUMP_FORWARD",
    "JUMP_BACKWARD",
    "JUMP_BACKWARD_NO_INTERRUPT",
}

_NULL_BELOW = sys.version_info < (3, 13)


def all_code(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from all_code(const)


def listing(code: types.CodeType) -> list[dis.Instruction]:
    return [i for i in dis.get_instructions(code) if i.opname not in {"CACHE", "EXTENDED_ARG"}]


def _jumps(instruction: dis.Instruction) -> bool:
    return instruction.opcode in dis.hasjrel


class Comparison:
    """Walks along both and asserts that nothing but hooks has been added, each with the position of what it precedes."""

    def __init__(self, old: types.CodeType, new: types.CodeType) -> None:
        self.old, self.new = old, new
        self.old_listing, self.new_listing = listing(old), listing(new)
        #: Where an old instruction begins in the new code, with what stands before it, and where it is itself.
        self.begin: dict[int, int] = {}
        self.place: dict[int, int] = {}
        self.hooks = 0

    def check(self) -> int:
        """Assert that the two agree; return the number of hooks."""
        at = 0
        for old in self.old_listing:
            begin = at
            at = self._skip(at, old)
            new = self.new_listing[at]
            self.begin[old.offset] = self.new_listing[begin].offset
            self.place[old.offset] = new.offset
            self._check_same(old, new)
            for inserted in self.new_listing[begin:at]:
                assert inserted.positions == old.positions, (self.old, inserted)
            at += 1
        assert at == len(self.new_listing)
        self._check_jumps()
        self._check_handlers()
        self._check_stack()
        assert self.old.co_flags == self.new.co_flags
        return self.hooks

    def _skip(self, at: int, old: dis.Instruction) -> int:
        """Over hooks, and over the NULL that a plain method load has before it."""
        new = self.new_listing
        while True:
            below = _NULL_BELOW and new[at].opname == "PUSH_NULL"
            hook = at + below
            if new[hook].opname == "LOAD_CONST" and (new[hook].arg or 0) >= len(self.old.co_consts):
                while new[at].opname != "POP_TOP":
                    at += 1
                at += 1
                self.hooks += 1
            elif below and old.opname in _METHOD_LOADS:
                at += 1
                while new[at].opname == "SWAP":
                    at += 1
            else:
                return at

    def _check_same(self, old: dis.Instruction, new: dis.Instruction) -> None:
        assert old.positions == new.positions, (self.old, old, new)
        if old.opname in _METHOD_LOADS:
            assert new.opname in {old.opname, "LOAD_ATTR"}
            assert str(old.argval) == str(new.argval) or old.argrepr.split()[0] in new.argrepr.split()
            return
        assert old.opname == new.opname, (self.old, old, new)
        if not _jumps(old):
            assert old.arg == new.arg, (self.old, old, new)

    def _check_jumps(self) -> None:
        new = {instruction.offset: instruction for instruction in self.new_listing}
        firsts = self._firsts(self.new_listing, self.new)
        for old in self.old_listing:
            if _jumps(old):
                target = self._begin_of(old.argval)
                assert firsts[new[self.place[old.offset]].argval] == target, (self.old, old)

    def _begin_of(self, target: int) -> int:
        return self.begin[self._firsts(self.old_listing, self.old)[target]]

    @staticmethod
    def _firsts(instructions: list[dis.Instruction], code: types.CodeType) -> dict[int, int]:
        """By the offset of an instruction or of its first EXTENDED_ARG: the offset of the instruction."""
        firsts = {i.offset: i.offset for i in instructions}
        extended: list[int] = []
        for i in dis.get_instructions(code):
            if i.opname == "EXTENDED_ARG":
                extended.append(i.offset)
            else:
                firsts.update(dict.fromkeys(extended, i.offset))
                extended.clear()
        return firsts

    def _check_handlers(self) -> None:
        old_firsts = self._firsts(self.old_listing, self.old)
        new_firsts = self._firsts(self.new_listing, self.new)
        covers = self._handlers(self.new)
        for start, end, target, depth, lasti in dis._parse_exception_table(self.old):  # type: ignore[attr-defined]
            for old in self.old_listing:
                if start <= old.offset < end:
                    wanted = (self.begin[old_firsts[target]], depth, lasti)
                    for offset in (self.begin[old.offset], self.place[old.offset]):
                        found = covers[offset]
                        assert (new_firsts[found[0]], *found[1:]) == wanted, (self.old, old)
        covered = {offset for start, end, *_ in dis._parse_exception_table(self.old) for offset in range(start, end)}  # type: ignore[attr-defined]
        for old in self.old_listing:
            if old.offset not in covered:
                assert self.begin[old.offset] not in covers
                assert self.place[old.offset] not in covers

    @staticmethod
    def _handlers(code: types.CodeType) -> dict[int, tuple[int, int, bool]]:
        table = dis._parse_exception_table(code)  # type: ignore[attr-defined]
        return {
            offset: (target, depth, lasti) for start, end, target, depth, lasti in table for offset in range(start, end, 2)
        }

    def _check_stack(self) -> None:
        """The deepest that the stack gets, found by following every way through the code."""
        instructions = self.new_listing
        index = {i.offset: n for n, i in enumerate(instructions)}
        for first, offset in self._firsts(instructions, self.new).items():
            index[first] = index[offset]
        ways = [(0, 0)]
        for _, _, target, depth, lasti in dis._parse_exception_table(self.new):  # type: ignore[attr-defined]
            ways.append((index[target], depth + lasti + 1))
        seen: dict[int, int] = {}
        deepest = 0
        while ways:
            at, depth = ways.pop()
            if at >= len(instructions) or at in seen:
                continue
            seen[at] = depth
            i = instructions[at]
            deepest = max(deepest, depth)
            if _jumps(i) and i.opname != "END_ASYNC_FOR":
                ways.append((index[i.argval], depth + dis.stack_effect(i.opcode, i.arg, jump=True)))
            if i.opname not in _ENDS:
                generator = i.opname == "RETURN_GENERATOR"
                ways.append((at + 1, depth + (1 if generator else dis.stack_effect(i.opcode, i.arg, jump=False))))
        assert deepest <= self.new.co_stacksize, self.new
