"""What came of the operations that were run at once: their results, what they raised, and the state that they share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_gilcheck.races.oracles.roots import add_roots
from pytest_gilcheck.races.oracles.structure import Leaf, Path, Structure, TooLarge


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``answers`` is what the operations returned or raised, ``state`` what they share afterwards, by path; ``None`` for
    what is too large to compare. ``threads`` are the numbers of the threads that ran the operations, ``operations`` how many
    each of them had to run. ``weak``: something refers to what is shared without keeping it alive, so that it is there as
    long as an operation uses it. ``unfinished``: another thread, which an operation may have left to work, could go on.
    What is ``ignored`` are names of answers."""

    answers: Mapping[Path, Leaf] | None
    state: Mapping[Path, Leaf] | None
    threads: tuple[int, ...]
    operations: tuple[int, ...]
    weak: bool = False
    unfinished: bool = False
    ignored: frozenset[str] = frozenset()


Answer = tuple[object, BaseException | None]


def take(  # noqa: PLR0913 - what there is to know of the operations
    operations: Sequence[Sequence[Callable[[], Any]]],
    answers: Sequence[Answer],
    *,
    threads: Sequence[tuple[int, Iterable[object]]],
    ordered: bool,
    volatile: frozenset[str],
    foreign: Callable[[type], bool] = lambda _: False,
    shared: Mapping[str, object] | None = None,
) -> Outcome:
    """The outcome of ``operations``, a sequence for each thread; ``answers`` are what each thread returned or raised.

    ``threads`` has the number of each thread, and what else it is known by. ``shared`` is the state that counts; without it,
    what the operations can reach does. ``ordered`` and ``volatile``: see :class:`Structure`.
    """
    renamed = {name: f"thread {position}" for position, (_, names) in enumerate(threads, 1) for name in names}
    structure = Structure(ordered=ordered, renamed=renamed, volatile=volatile, foreign=foreign)
    returned = _parts(structure, lambda: _add_answers(structure, answers))
    state = _parts(structure, lambda: _add_state(structure, operations, volatile, shared))
    numbers = tuple(number for number, _ in threads)
    counts = tuple(len(one) for one in operations)
    return Outcome(answers=returned, state=state, threads=numbers, operations=counts, weak=structure.weak)


def answer_of(position: int) -> str:
    """What the answer of the thread at ``position``, from 1 on, is called in paths."""
    return f"result {position}"


def _parts(structure: Structure, add: Callable[[], None]) -> Mapping[Path, Leaf] | None:
    """What ``add`` adds to ``structure``, which knows what it has met before."""
    structure.parts = {}
    try:
        add()
    except TooLarge:
        return None
    return structure.parts


def _add_answers(structure: Structure, answers: Sequence[Answer]) -> None:
    for position, (result, error) in enumerate(answers, 1):
        structure.add((answer_of(position),), result if error is None else error)


def _add_state(
    structure: Structure,
    operations: Sequence[Sequence[Callable[[], Any]]],
    volatile: frozenset[str],
    shared: Mapping[str, object] | None,
) -> None:
    if shared is None:
        add_roots(structure, [each for one in operations for each in one], volatile)
    else:
        for name, value in shared.items():
            structure.add((name,), value)
