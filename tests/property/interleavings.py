"""Every interleaving of a small program, found by walking through its states: shares no code and no idea with the engine.

A thread is a list of steps. A step uses the shared state once, at most, and is atomic; between two steps any other thread
may run. ``x += 1`` is two steps. Paths that lead to the same state go on together: each state is visited once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

#: The shared cells by name; a lock is a cell that holds the number of its owner, or ``None``. The registers of one thread.
Cells = dict[str, Any]
Registers = dict[str, Any]

#: What :func:`final_states` gives for a state in which threads wait for locks for ever.
DEADLOCK = "deadlock"


@dataclass(frozen=True, slots=True)
class Step:
    """``act`` changes the cells and its thread's registers, and returns how many steps to go on; ``None``: it waits.

    ``cells`` are the cells that it may use, ``write`` whether it may change them.
    """

    act: Callable[[Cells, Registers, int], int | None]
    cells: tuple[str, ...]
    write: bool


@dataclass(slots=True)
class Reached:
    """What the walk found: final states, whether threads can wait for ever, and the number of paths to the end."""

    states: set[Hashable] = field(default_factory=set)
    deadlock: bool = False
    paths: int = 0


def _freeze(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


@dataclass(slots=True)
class _Node:
    cells: Cells
    threads: tuple[tuple[int, Registers], ...]

    def key(self) -> Hashable:
        cells = tuple(_freeze(value) for value in self.cells.values())
        return cells, tuple((at, tuple(registers.items())) for at, registers in self.threads)


def meeting(threads: list[list[Step]]) -> frozenset[str]:
    """The cells that two threads use, one of them writing."""
    names = {name for steps in threads for step in steps for name in step.cells}
    found = set()
    for name in names:
        users = {number for number, steps in enumerate(threads) for step in steps if name in step.cells}
        writers = {number for number, steps in enumerate(threads) for step in steps if name in step.cells and step.write}
        if len(users) > 1 and writers:
            found.add(name)
    return frozenset(found)


def final_states(cells: Cells, threads: list[list[Step]], registers: list[Registers], most_paths: int) -> Reached | None:
    """All final states; ``None`` when there are more paths than ``most_paths``.

    A step that uses no cell at which threads meet is taken at once: where it comes cannot matter. So the paths are about
    what a search that switches only where it matters has to run. A final state is the cells and each thread's registers.
    """
    meet = meeting(threads)
    reached = Reached()
    paths: dict[Hashable, int] = {}

    def successors(node: _Node) -> list[_Node]:
        found = []
        for number, (at, _) in enumerate(node.threads):
            if at >= len(threads[number]):
                continue
            step = threads[number][at]
            after = _take(node, number, step)
            if after is None:
                continue
            if meet.isdisjoint(step.cells):
                return [after]
            found.append(after)
        return found

    def count(node: _Node) -> int:
        key = node.key()
        if key in paths:
            return paths[key]
        following = successors(node)
        if following:
            total = sum(map(count, following))
        else:
            total = 1
            if all(at >= len(threads[number]) for number, (at, _) in enumerate(node.threads)):
                reached.states.add(state_of(node.cells, [mine for _, mine in node.threads]))
            else:
                reached.deadlock = True
        paths[key] = total
        return total

    reached.paths = count(_Node(cells, tuple((0, dict(mine)) for mine in registers)))
    return reached if reached.paths <= most_paths else None


def _take(node: _Node, number: int, step: Step) -> _Node | None:
    cells = {name: list(value) if isinstance(value, list) else value for name, value in node.cells.items()}
    at, registers = node.threads[number]
    mine = dict(registers)
    forward = step.act(cells, mine, number)
    if forward is None:
        return None
    threads = list(node.threads)
    threads[number] = (at + forward, mine)
    return _Node(cells, tuple(threads))


def state_of(cells: Cells, registers: list[Registers]) -> Hashable:
    """A final state as both sides write it: cells without locks, then the registers of each thread, temporaries left out."""
    kept = tuple((name, _freeze(value)) for name, value in sorted(cells.items()) if not name.startswith("lock"))
    results = tuple(tuple(value for name, value in sorted(mine.items()) if name.startswith("r")) for mine in registers)
    return kept, results
