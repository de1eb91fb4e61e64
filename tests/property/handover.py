"""Random programs of two threads: what the engine says about the GIL, held against the interpreter itself.

One thread's code runs, and the other's as a pending call, which the interpreter makes where it looks whether to hand over
the GIL. It is asked for at one place of the code after another. Where that loses an update, no search may say that it cannot
be; and it loses one wherever one can be lost at all, since all of the other thread comes between a read and a write.

``python -m property.handover --programs 1000`` (from ``tests/``) compares as many.
"""

from __future__ import annotations

import argparse
import ctypes
import random
import sys
from _thread import allocate_lock
from collections import Counter
from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from textwrap import indent
from typing import Any

from pytest_gilcheck.races import Budget, Scope, explore, run
from pytest_gilcheck.races.feasible import with_gil
from pytest_gilcheck.races.quiet import quiet

FILE = "<a random program>"
_MOST_STATEMENTS = 3
# So often code comes by one place, at the most that matters.
_ROUNDS = 2
# So long that none is spent on a busy machine.
_PATIENT = Budget(seconds=30.0, schedules=3000)

#: Where a switch may be asked for, in what follows: it is 0, and so is what stands there otherwise.
SLOT = "{}"

# Each adds 1 to one of the places that both threads use.
UPDATES = (
    "s.n += 1 + {}",
    "s.n = s.n + {} + 1",
    "s.n = f(s.n + {}) + 1",
    "s.n = f(s.n + {}) + {} + 1",
    "s.n = abs(s.n + {}) + 1",
    "s.n = get(s) + {} + 1",
    "s.n = get(*(s,)) + {} + 1",
    "s.n = get(s=s) + {} + 1",
    "s.n = s.get() + {} + 1",
    "s.n = s.get(*()) + {} + 1",
    "s.n = partial(get, s)() + {} + 1",
    "s.n = (lambda: s.n + {})() + 1",
    "s.n = sum([s.n + {} for _ in (1,)]) + 1",
    "s.n = [s.n + {} for _ in (1,)][0] + 1",
    "s.table['k'] += 1 + {}",
    "s.table['k'] = s.table['k'] + {} + 1",
    "s.items[0] += 1 + {}",
    "s.value += 1 + {}",
    "setattr(s, 'n', s.n + {} + 1)",
    "s.n = (s.n + {} if s.m < 0 else s.n) + {} + 1",
    "s.n = next(reads(s)) + {} + 1",
    "for x in reads(s):\n    s.n = x + {} + 1",
    "v = None\nfor _ in (0, 1):\n    if v is None: v = s.n + {}\n    else: s.n = v + {} + 1",
    "v = -1\nwhile v + {} < 0: v = s.n + {}\ns.n = v + {} + 1",
    "i = 0\nwhile (v := s.n + {}) < i: i = -1\ns.n = v + {} + 1",
    "with s: v = s.n + {}\ns.n = v + {} + 1",
    "with own: v = s.n + {}\ns.n = v + {} + 1",
    "v = s.n + {}\nBETWEEN\ns.n = v + {} + 1",
    "v = s.n + {}\nBETWEEN\nBETWEEN\ns.n = v + {} + 1",
)
# What may come between a read and a write.
BETWEEN = (
    "f({})",
    "abs({})",
    "x = [{}]",
    "x = {{1: {}}}",
    "x = f'{{s.m}}' + 'a' * {}",
    "x = s.table['k'] if s.m else {}",
    "x = s.twice + {}",
    "x = s + {}",
    "x = s.m < {}",
    "x = 1 in s.items or {}",
    "x = not s.items or {}",
    "x, *y = s.items, {}",
    "x = s.items[:1] + [{}]",
    "x = s.m and f({})",
    "x = s.m or abs({})",
    "x = [y + {} for y in (1, 2)]",
    "x = [y + {} for y in ()]",
    "x = (y for y in (1, {}))",
    "for x in (1, {}): pass",
    "for x in (): f({})",
    "for x in (1, 2): break",
    "x = {}\nwhile x < 1: x += 1",
    "x = {}\nwhile x < 0: x += 1",
    "with s: x = {}",
    "with own: x = {}",
    "with own:\n    with s: x = {}",
    "try:\n    x = s.items[9 + {}]\nexcept IndexError: pass",
    "try:\n    x = abs(s.items)\nexcept TypeError: x = {}",
    "import sys\nx = {}",
    "def g(): return {}",
    "class G: x = {}",
    "x = plain()",
    "assert s.m < 9 + {}",
    "del x, y",
    "[].append({})",
    "x = Number({})",
    "x = Number({}) + 1",
    "x = Number({}) == 1",
)

HEAD = """
def f(x=0): return x
def get(s): return s.n + s.late
def plain(): yield 1
def reads(s): yield s.n + s.late
class Number:
    def __init__(self, n): self.n = n
    def __add__(self, other): return self.n + other
class Shared:
    def __init__(self):
        self.n, self.m, self.table, self.items = 0, 0, {"k": 0}, [0]
    late = 0
    def get(self): return self.n + self.late
    def total(self): return self.n + self.table["k"] + self.items[0]
    def __enter__(self): return self
    def __exit__(self, *error): return None
    def __add__(self, other): return other
    @property
    def twice(self): return self.m
    @property
    def value(self): return self.n
    @value.setter
    def value(self, value): self.n = value
"""


class Program:
    """``text`` is the body that both threads run; it makes ``updates``. The last slot is in the functions that it calls."""

    def __init__(self, numbers: random.Random) -> None:
        self.updates = numbers.randint(1, _MOST_STATEMENTS)
        parts = [numbers.choice(UPDATES) for _ in range(self.updates)]
        for at, part in enumerate(parts):
            for _ in range(part.count("BETWEEN")):
                parts[at] = parts[at].replace("BETWEEN", numbers.choice(BETWEEN), 1)
        self.text = "\n".join(parts)
        self.slots = self.text.replace("{{", "").count(SLOT)

    def body(self, asks: int | None = None) -> str:
        """The source, in which the switch is asked for at slot number ``asks``."""
        return self.text.format(*("s.ask" if slot == asks else "0" for slot in range(self.slots)))

    def space(self, asks: int | None = None, ask: Callable[[Any], int] | None = None) -> dict[str, Any]:
        """What the program defines: ``step`` and ``Shared``."""
        source = f"{HEAD}\ndef step(s, own):\n    x = y = 0\n{indent(self.body(asks), '    ')}\n"
        space: dict[str, Any] = {"partial": partial}
        exec(compile(source, FILE, "exec"), space)
        if ask is not None:
            setattr(space["Shared"], "late" if asks == self.slots else "ask", property(ask))
        return space

    def scenario(self) -> None:
        space = self.space()
        step, shared = space["step"], space["Shared"]()
        own = allocate_lock(), allocate_lock()
        run(lambda: step(shared, own[0]), lambda: step(shared, own[1]))
        assert shared.total() == 2 * self.updates

    def loses(self) -> tuple[int, int] | None:
        """The slot at which the interpreter loses an update, and the how-manieth time there, if there is one."""
        times = [(slot, time) for slot in range(self.slots) for time in range(_ROUNDS)]
        times += [(self.slots, time) for time in range(2 * self.updates)]
        return next((moment for moment in times if self._loses(*moment)), None)

    def _loses(self, slot: int, time: int) -> bool:
        done = False

        def look(_: object) -> int:
            nonlocal done
            if not done:  # the other thread may ask as well
                done = True
                plain["step"](shared, allocate_lock())
            return 0

        request = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.py_object)(("Py_AddPendingCall", ctypes.pythonapi))
        pending = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(look)
        asked = map(request, [ctypes.cast(pending, ctypes.c_void_p).value], [None])
        # All of it in C: a function in Python would look, too.
        space = self.space(slot, partial(next, chain(repeat(0, time), asked, repeat(0))))
        plain = self.space()
        shared = space["Shared"]()
        space["step"](shared, allocate_lock())
        look(None)  # now at the latest
        return bool(shared.total() != 2 * self.updates)


def compare(seed: int) -> tuple[str, str | None]:
    """What the engine says of a program, and what is wrong with that."""
    program = Program(random.Random(seed))
    found = explore(program.scenario, name=str(seed), budget=_PATIENT)
    if found.failure is None:
        return "clean", f"seed {seed}: no race found: {found.reason}\n{program.text}"
    slot = program.loses()
    with quiet():
        asked = with_gil(program.scenario, Scope(), found.failure, budget=_PATIENT)
    said = {True: "yes", False: "no", None: "not known"}[asked.answer]
    if asked.answer is None or asked.answer is (slot is not None):
        return said, None
    return said, f"seed {seed}: said {asked.said!r}, but the interpreter loses an update at {slot}\n{program.text}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    answers: Counter[str] = Counter()
    wrong = 0
    for seed in range(arguments.seed, arguments.seed + arguments.programs):
        said, problem = compare(seed)
        answers[said] += 1
        if problem is not None:
            wrong += 1
            print(problem, end="\n\n")
    print(sys.version.split("\n", maxsplit=1)[0], dict(answers), f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
