"""Whether an outcome is one of those that the operations have one after another, in some order: linearizability.

For one operation a thread this is what Lincheck decides (Koval et al., CAV 2023); several of a thread stay in their order.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice, product
from math import factorial, prod
from typing import Protocol

from pytest_gilcheck.races.oracles.outcome import Outcome, answer_of
from pytest_gilcheck.races.oracles.structure import Leaf, Path

#: Of more orders than this only so many are run, chosen at random.
MOST_ORDERS = 24
#: So many differences are told.
_TOLD = 4
_LONGEST = 80

#: For each time that operations are run at once, the positions of the threads in the order in which they take turns.
Orders = tuple[tuple[int, ...], ...]
Outcomes = Sequence[Outcome]
Parts = Mapping[Path, Leaf]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """``text`` says what is as no serial order leaves it; ``sampled``: not all serial orders were run."""

    text: str
    sampled: bool


class Runs(Protocol):
    """Runs operations in an order; ``elsewhere``: new objects shall not have the addresses that they have otherwise."""

    def __call__(self, orders: Orders, *, elsewhere: bool) -> Outcomes | None:
        """What came of it."""


class SerialOutcomes:
    """The outcomes of serial orders, which ``run`` produces: it returns ``None`` where an order cannot be run to its end."""

    def __init__(self, run: Runs, seed: int = 0) -> None:
        self._run = run
        self._seed = seed
        self._known: list[Outcomes] = []
        self._masked: set[Path] = set()
        self._excused: AbstractSet[str] = frozenset()
        self._all_ran = False
        self._sampled = False

    def add(self, outcomes: Outcomes) -> None:
        """``outcomes`` are as they should be."""
        self._known.append(outcomes)

    def judge(
        self, outcomes: Outcomes, excused: AbstractSet[str] = frozenset(), apart_from: AbstractSet[int] = frozenset()
    ) -> Mismatch | None:
        """``None`` if a serial order gives the same, as far as that can be told.

        Parts that are called as in ``excused`` may differ. ``apart_from`` are threads that do not matter: only the answers
        of the others count.
        """
        self._excused = excused
        if apart_from:
            outcomes = [_without(outcome, apart_from) for outcome in outcomes]
        if self._is_known(outcomes):
            return None
        if not self._all_ran:
            self._all_ran = True
            self._run_all([outcome.operations for outcome in outcomes])
            if self._is_known(outcomes):
                return None
        comparable = [known for known in self._known if len(known) == len(outcomes)]
        if not comparable:
            return None
        return Mismatch(text="\n".join(self._differences(outcomes, comparable)), sampled=self._sampled)

    def mask(self, one: Outcomes, other: Outcomes) -> None:
        """Both should be the same: what is not differs from time to time, and counts no longer."""
        for mine, others in zip(one, other, strict=False):
            self._masked.update(_changeable(mine, others))

    def _run_all(self, groups: Sequence[tuple[int, ...]]) -> None:
        counts = [factorial(sum(group)) // prod(map(factorial, group)) for group in groups]
        self._sampled = prod(counts) > MOST_ORDERS
        for orders in _sample(groups, self._seed) if self._sampled else product(*map(_orders, groups)):
            first, again = self._run(orders, elsewhere=False), self._run(orders, elsewhere=True)
            if first is None or again is None or len(first) != len(again):
                continue
            self.mask(first, again)
            self._known.append(first)

    def _is_known(self, found: Outcomes) -> bool:
        return any(len(known) == len(found) and not self._differing(known, found) for known in reversed(self._known))

    def _differing(self, known: Outcomes, found: Outcomes) -> list[Path]:
        return [
            path
            for one, other in zip(known, found, strict=True)
            for path in _differing(one, other)
            if path[-1] not in self._excused and not any(path[: len(masked)] == masked for masked in self._masked)
        ]

    def _differences(self, found: Outcomes, comparable: Sequence[Outcomes]) -> Iterator[str]:
        """What there is where serial orders have something else, and what they have there together."""
        differing = {path for known in comparable for path in self._differing(known, found)}
        nearest = min((self._differing(known, found) for known in comparable), key=len)
        paths = sorted(sorted({*nearest[:_TOLD], *differing}, key=lambda path: path not in nearest)[:_TOLD])
        serial = dict.fromkeys(_all_said(known, paths) for known in comparable)
        yield "no serial order of the operations comes out like this"
        yield f"here:               {_all_said(found, paths)}"
        for number, said in enumerate(islice(serial, _TOLD)):
            yield f"{'                or: ' if number else 'one after another:  '}{said}"
        if len(differing) > len(paths):
            yield f"and {len(differing) - len(paths)} more differences"


def _pairs(one: Outcome, other: Outcome) -> Iterator[tuple[Parts, Parts]]:
    for mine, others in ((one.answers, other.answers), (one.state, other.state)):
        if mine is not None and others is not None and mine != others:
            yield mine, others


def _differing(one: Outcome, other: Outcome) -> list[Path]:
    return [
        path
        for mine, others in _pairs(one, other)
        for path in {**mine, **others}
        if mine.get(path) != others.get(path) and path[0] not in other.ignored
    ]


def _changeable(one: Outcome, other: Outcome) -> Iterator[Path]:
    """Where both differ. If one has a part that the other has not, that is in what it is a part of."""
    for mine, others in _pairs(one, other):
        for path in {**mine, **others}:
            if path in mine and path in others:
                if mine[path] != others[path]:
                    yield path
            else:
                there = others if path in mine else mine
                length = next(length for length in range(1, len(path) + 1) if path[:length] not in there)
                yield path[: max(length - 1, 1)]


def _without(outcome: Outcome, threads: AbstractSet[int]) -> Outcome:
    ignored = frozenset(answer_of(number) for number, thread in enumerate(outcome.threads, 1) if thread in threads)
    return replace(outcome, state=None, ignored=ignored)


def _at(outcomes: Outcomes, path: Path) -> Leaf | None:
    for outcome in outcomes:
        for parts in (outcome.answers, outcome.state):
            if parts is not None and path in parts:
                return parts[path]
    return None


def _orders(group: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """All orders in which threads with so many operations each can take turns, the order of the threads first."""
    left = Counter({position: count for position, count in enumerate(group) if count})
    yield from _continued((), left)


def _continued(before: tuple[int, ...], left: Counter[int]) -> Iterator[tuple[int, ...]]:
    if not left:
        yield before
    for position in sorted(left):
        yield from _continued((*before, position), left - Counter([position]))


def _sample(groups: Sequence[tuple[int, ...]], seed: int) -> Iterator[Orders]:
    chance = random.Random(seed)  # noqa: S311 - orders, not secrets
    turns = [[position for position, count in enumerate(group) for _ in range(count)] for group in groups]
    yield tuple(tuple(each) for each in turns)
    for _ in range(MOST_ORDERS - 1):
        for each in turns:
            chance.shuffle(each)
        yield tuple(tuple(each) for each in turns)


def _all_said(outcomes: Outcomes, paths: Sequence[Path]) -> str:
    return ", ".join(f"{_short(''.join(path))} = {_short(_said(_at(outcomes, path)))}" for path in paths)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _said(leaf: Leaf | None) -> str:
    if leaf is None:
        return "absent"
    kind, *rest = leaf
    if kind in {"in any order", "set"}:
        return f"{rest[0]} of {', '.join(map(str, rest[1:])) or 'nothing'}"
    if kind == "sequence":
        return f"{rest[0]} of length {rest[1]}"
    if kind == "same as":
        return f"the same as {''.join(map(str, rest))}"
    if kind in {"object", "mapping", "class", "function", "exception"}:
        return f"{kind} {rest[0]}"
    return str(kind) if not rest else repr(rest[0])
