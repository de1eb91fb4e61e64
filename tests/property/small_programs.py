"""Random small programs: each once as Python source for the engine, once as steps for ``interleavings``.

An operation is made by a function of ``OPERATIONS`` that returns both forms, so that they are seen side by side. The same
access comes in several spellings: what the program means does not depend on them, what an engine has to see through does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from property.interleavings import Cells, Registers, Step

#: Cells that hold a number, with the ways to read and to write them in Python; the first spelling is the plain one.
READS: dict[str, tuple[str, ...]] = {
    "attribute": (
        "box.a",
        "getattr(box, 'a')",
        "same(box).a",
        "outer.box.a",
        "vars(box)['a']",
        "operator.attrgetter('a')(box)",
    ),
    "slot": ("slotted.s", "getattr(slotted, 's')", "same(slotted).s"),
    "property": ("box.p", "same(box).p"),
    "class": ("Box.shared", "type(box).shared", "getattr(Box, 'shared')"),
    "item": ("table['k']", "table.get('k')", "operator.getitem(table, 'k')", "same(table)['k']"),
    "other": ("table['m']", "table.get('m')"),
    "global": ("number", "globals()['number']"),
    "nonlocal": ("local",),
    "element": ("row[0]", "row.__getitem__(0)", "same(row)[-2]"),
}
WRITES: dict[str, tuple[str, ...]] = {
    "attribute": (
        "box.a = {}",
        "setattr(box, 'a', {})",
        "same(box).a = {}",
        "vars(box)['a'] = {}",
        "box.__dict__.update(a={})",
    ),
    "slot": ("slotted.s = {}", "setattr(slotted, 's', {})"),
    "property": ("box.p = {}",),
    "class": ("Box.shared = {}", "setattr(Box, 'shared', {})"),
    "item": ("table['k'] = {}", "table.update(k={})", "table.__setitem__('k', {})", "operator.setitem(table, 'k', {})"),
    "other": ("table['m'] = {}",),
    "global": ("number = {}", "globals()['number'] = {}"),
    "nonlocal": ("local = {}",),
    "element": ("row[0] = {}", "row[0:1] = [{}]"),
}
SCALARS = tuple(READS)


@dataclass(frozen=True, slots=True)
class Operation:
    """``lines`` of Python and the steps that they stand for."""

    lines: tuple[str, ...]
    steps: tuple[Step, ...]


@dataclass(slots=True)
class Pen:
    """Writes the operations of one thread: draws, spellings, fresh registers. ``ordered``: locks are taken in one order."""

    random: Random
    plain: bool
    ordered: bool
    scalars: tuple[str, ...]
    registers: list[str] = field(default_factory=list)

    def register(self) -> str:
        self.registers.append(f"r{len(self.registers)}")
        return self.registers[-1]

    def constant(self) -> int:
        return self.random.randint(1, 4)

    def scalar(self) -> str:
        return self.random.choice(self.scalars)

    def read(self, cell: str) -> str:
        return READS[cell][0] if self.plain else self.random.choice(READS[cell])

    def write(self, cell: str, value: str) -> str:
        return (WRITES[cell][0] if self.plain else self.random.choice(WRITES[cell])).format(value)


def _load(cell: str, into: str) -> Step:
    def act(cells: Cells, mine: Registers, _: int) -> int:
        mine[into] = cells[cell]
        return 1

    return Step(act, (cell,), write=False)


def _store(cell: str, value: Callable[[Registers], Any]) -> Step:
    def act(cells: Cells, mine: Registers, _: int) -> int:
        cells[cell] = value(mine)
        mine["t"] = 0
        return 1

    return Step(act, (cell,), write=True)


def store(pen: Pen) -> Operation:
    cell, value = pen.scalar(), pen.constant()
    return Operation((pen.write(cell, str(value)),), (_store(cell, lambda mine: value),))


def load(pen: Pen) -> Operation:
    cell, into = pen.scalar(), pen.register()
    return Operation((f"{into} = {pen.read(cell)}",), (_load(cell, into),))


def add(pen: Pen) -> Operation:
    cell, value = pen.scalar(), pen.constant()
    steps = (_load(cell, "t"), _store(cell, lambda mine: mine["t"] + value))
    if pen.plain or pen.random.random() < 0.5:
        return Operation((f"{READS[cell][0]} += {value}",), steps)
    return Operation((pen.write(cell, f"{pen.read(cell)} + {value}"),), steps)


def copy(pen: Pen) -> Operation:
    source, target = pen.scalar(), pen.scalar()
    return Operation((pen.write(target, pen.read(source)),), (_load(source, "t"), _store(target, lambda mine: mine["t"])))


def check_then_act(pen: Pen) -> Operation:
    seen, changed, value, limit = pen.scalar(), pen.scalar(), pen.constant(), pen.constant()

    def act(cells: Cells, mine: Registers, _: int) -> int:
        return 1 if cells[seen] < limit else 2

    steps = (Step(act, (seen,), write=False), _store(changed, lambda mine: value))
    return Operation((f"if {pen.read(seen)} < {limit}:", f"    {pen.write(changed, str(value))}"), steps)


def _of_list(
    lines: tuple[str, ...], change: Callable[[list[int]], Any], into: str | None = None, *, write: bool = True
) -> Operation:
    def act(cells: Cells, mine: Registers, _: int) -> int:
        result = change(cells["stack"])
        if into is not None:
            mine[into] = result
        return 1

    return Operation(lines, (Step(act, ("stack",), write=write),))


def append(pen: Pen) -> Operation:
    value = pen.constant()
    spelling = f"stack.append({value})" if pen.plain else pen.random.choice(APPENDS).format(value)
    return _of_list((spelling,), lambda stack: stack.append(value))


APPENDS = (
    "stack.append({})",
    "stack.insert(len(()) + 9, {})",
    "stack.extend([{}])",
    "list.append(stack, {})",
    "holder.stack += [{}]",
)


def pop(pen: Pen) -> Operation:
    into = pen.register()
    lines = ("try:", f"    {into} = stack.pop()", "except IndexError:", f"    {into} = -1")
    return _of_list(lines, lambda stack: stack.pop() if stack else -1, into)


def length(pen: Pen) -> Operation:
    into = pen.register()
    spelling = "len(stack)" if pen.plain else pen.random.choice(("len(stack)", "sum(map(bool, stack))", "len(list(stack))"))
    return _of_list((f"{into} = {spelling}",), len, into, write=False)


def _of_entry(
    lines: tuple[str, ...], act: Callable[[Cells], Any], into: str | None = None, *, write: bool = True
) -> Operation:
    def step(cells: Cells, mine: Registers, _: int) -> int:
        result = act(cells)
        if into is not None:
            mine[into] = result
        return 1

    return Operation(lines, (Step(step, ("entry",), write=write),))


def _set(cells: Cells, value: int) -> None:
    cells["entry"] = value


def set_entry(pen: Pen) -> Operation:
    value = pen.constant()
    return _of_entry((f"entries['e'] = {value}",), lambda cells: _set(cells, value))


def pop_entry(pen: Pen) -> Operation:
    into = pen.register()

    def act(cells: Cells) -> int:
        value = cells["entry"]
        cells["entry"] = None
        return -1 if value is None else value

    return _of_entry((f"{into} = entries.pop('e', -1)",), act, into)


def default_entry(pen: Pen) -> Operation:
    into, value = pen.register(), pen.constant()

    def act(cells: Cells) -> int:
        if cells["entry"] is None:
            cells["entry"] = value
        return int(cells["entry"])

    return _of_entry((f"{into} = entries.setdefault('e', {value})",), act, into)


def has_entry(pen: Pen) -> Operation:
    into = pen.register()
    spelling = "'e' in entries" if pen.plain else pen.random.choice(("'e' in entries", "len(entries) == 1", "bool(entries)"))
    return _of_entry((f"{into} = {spelling}",), lambda cells: cells["entry"] is not None, into, write=False)


#: How often each is drawn, of what is drawn outside locks.
OPERATIONS: dict[Callable[[Pen], Operation], int] = {
    add: 6, store: 3, load: 3, copy: 2, check_then_act: 3, append: 2, pop: 2, length: 1,
    set_entry: 1, pop_entry: 1, default_entry: 1, has_entry: 1,
}  # fmt: skip


def _acquire(lock: str) -> Step:
    def act(cells: Cells, mine: Registers, number: int) -> int | None:
        if cells[lock] is None:
            cells[lock] = number
            mine["waits"] = False
            return 1
        if mine["waits"]:
            return None
        mine["waits"] = True  # coming to a lock that is held is a step of its own: others take it then or later
        return 0

    return Step(act, (lock,), write=True)


def _release(lock: str) -> Step:
    def act(cells: Cells, mine: Registers, number: int) -> int:
        cells[lock] = None
        return 1

    return Step(act, (lock,), write=True)


def block(pen: Pen, budget: int, locks: list[str]) -> tuple[list[str], list[Step], int]:
    """Up to ``budget`` operations, some of them under a lock; the lines, the steps, and how many operations they are."""
    lines: list[str] = []
    steps: list[Step] = []
    used = 0
    while used < budget:
        if locks and budget - used > 1 and pen.random.random() < (0.35 if pen.ordered else 0.8):
            lock = pen.random.choice(locks)
            inner = pen.random.randint(1, budget - used - 1)
            left = [other for other in locks if (other > lock if pen.ordered else other != lock)]
            body, under, count = block(pen, inner, left)
            steps += [_acquire(lock), *under, _release(lock)]
            if pen.random.random() < 0.6:
                lines += [f"with {lock}:", *(f"    {line}" for line in body)]
            else:
                lines += [f"{lock}.acquire()", *body, f"{lock}.release()"]
            used += count + 1
        else:
            operation = pen.random.choices(list(OPERATIONS), list(OPERATIONS.values()))[0](pen)
            lines += operation.lines
            steps += operation.steps
            used += 1
    return lines, steps, used


#: What the cells are at first, and where they are in the source below. An entry that is not there is ``None``.
START: Cells = {
    "attribute": 0, "slot": 0, "property": 0, "class": 0, "item": 0, "other": 0, "global": 0, "nonlocal": 0, "element": 0,
    "stack": [7], "entry": None,
}  # fmt: skip
FOUND_AT = {
    "attribute": "box.a", "slot": "slotted.s", "property": "box.p", "class": "Box.shared", "item": "table['k']",
    "other": "table['m']", "global": "number", "nonlocal": "local", "element": "row[0]",
    "stack": "tuple(stack)", "entry": "entries.get('e')",
}  # fmt: skip
LOCKS = ("lock0", "lock1")

HEAD = """
import operator
import threading
import types

number = 0


class Box:
    shared = 0

    def __init__(self):
        self.a = 0
        self._p = 0

    @property
    def p(self):
        return self._p

    @p.setter
    def p(self, value):
        self._p = value


class Slotted:
    __slots__ = ("s",)


def same(value):
    return value


def scenario(run, found):
    global number
    number = local = 0
    Box.shared = 0
    box, slotted = Box(), Slotted()
    slotted.s = 0
    outer = types.SimpleNamespace(box=box)
    table = {"k": 0, "m": 0}
    row, stack, entries = [0, 0], [7], {}
    holder = types.SimpleNamespace(stack=stack)
    lock0, lock1 = threading.Lock(), threading.Lock()
"""


@dataclass(frozen=True, slots=True)
class Program:
    """The source of a module with a function ``scenario(run, found)``, and what it means."""

    source: str
    cells: Cells
    threads: list[list[Step]]
    registers: list[Registers]


def random_program(random: Random, *, plain: bool = False, most_operations: int = 5) -> Program:
    """Two or three threads of up to ``most_operations`` operations; the sets of cells are small, so that threads meet."""
    lines = [HEAD]
    threads: list[list[Step]] = []
    registers: list[Registers] = []
    ordered = random.random() < 0.8
    scalars = tuple(random.sample(SCALARS, random.choice((1, 1, 2, 3))))
    count = random.choice((2, 2, 3))
    for number in range(count):
        pen = Pen(random, plain, ordered, scalars)
        body, steps, _ = block(
            pen,
            random.randint(1 if ordered else 3, most_operations),
            list(LOCKS[: random.randint(0, 2)] if ordered else LOCKS),
        )
        threads.append(steps)
        registers.append({"t": 0, "waits": False, **dict.fromkeys(pen.registers)})
        start = [f"{register} = None" for register in pen.registers]
        lines += [f"    def thread{number}():", "        global number", "        nonlocal local"]
        lines += [f"        {line}" for line in [*start, *body]]
        lines += [f"        return ({''.join(f'{register}, ' for register in sorted(pen.registers))})"]
    cells = "".join(f"({name!r}, {FOUND_AT[name]}), " for name in sorted(START))
    lines += [f"    results = run({', '.join(f'thread{number}' for number in range(count))})"]
    lines += [f"    found.append((({cells}), tuple(results)))"]
    return Program("\n".join(lines) + "\n", {**START, **dict.fromkeys(LOCKS)}, threads, registers)
