"""Two threads that race, and whether they can where there is a GIL: it changes hands only where the interpreter looks.

``python -m programs.handover`` (from ``tests/``) prints as JSON, by program, what the engine says: whether there is a race,
whether it can happen with the GIL, and in words. ``benchmarks/handover.py`` runs the same freely.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self

from pytest_gilcheck.races import Budget, Scope, explore, run
from pytest_gilcheck.races.feasible import with_gil
from pytest_gilcheck.races.quiet import quiet

#: So long that none is spent on a busy machine.
PATIENT = Budget(seconds=30.0, schedules=1000)

# A ``with`` statement over a lock looks when it has entered in 3.14 alone, ...
ENTERS_UNSEEN = sys.version_info[:2] != (3, 14)
# ... and in 3.11 f(*arguments) looks when f, in Python, has returned.
LOOKS_AFTER_SPREAD = sys.version_info < (3, 12)


class Number:
    """Adds in Python."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __add__(self, other: int) -> Number:
        return Number(self.number + other)

    def __int__(self) -> int:
        return self.number


class Shared:
    """What both threads use; ``n`` counts steps, if nothing is lost."""

    def __init__(self) -> None:
        self.n: Any = 0
        self.items: list[int] = []
        self.table: dict[str, int] = {"k": 0}
        self.lock = threading.Lock()
        self.other_lock = threading.Lock()
        self.numbers = self.count()

    def count(self) -> Iterator[int]:
        number = 0
        while True:
            number += 1
            yield number

    def get(self) -> Any:
        return self.n

    @property
    def value(self) -> Any:
        return self.n

    @value.setter
    def value(self, value: Any) -> None:
        self.n = value

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Two threads run ``steps``, each one of them, ``times`` as often; ``holds`` is true of the number of steps in all.

    ``answer`` is whether a failure can happen with the GIL, ``None`` where the engine cannot know. ``soon``: it happens only
    before the interpreter has specialised the code, which is in its first few executions.
    """

    answer: bool | None
    steps: tuple[Callable[[Shared], object], Callable[[Shared], object]]
    holds: Callable[[Shared, int], bool]
    begin: Callable[[Shared], object]
    soon: bool = False
    times: int = 1

    def __call__(self) -> None:
        shared = Shared()
        self.begin(shared)
        one, other = self.steps
        run(lambda: self.repeat(one, shared), lambda: self.repeat(other, shared))
        assert self.holds(shared, 2 * self.times)

    def repeat(self, step: Callable[[Shared], object], shared: Shared) -> None:
        for _ in range(self.times):
            step(shared)


PROGRAMS: dict[str, Program] = {}

Step = Callable[[Shared], object]


def _counted(shared: Shared, steps: int) -> bool:
    return int(shared.n) == steps


def _nothing(_shared: Shared) -> None: ...


def program(
    *,
    answer: bool | None,
    other: Step | None = None,
    holds: Callable[[Shared, int], bool] = _counted,
    begin: Step = _nothing,
    soon: bool = False,
    times: int = 1,
) -> Callable[[Step], Step]:
    def add(step: Step) -> Step:
        steps = (step, other or step)
        PROGRAMS[step.__name__] = Program(answer=answer, steps=steps, holds=holds, begin=begin, soon=soon, times=times)
        return step

    return add


def same(number: Any) -> Any:
    return number


@program(answer=False)
def attribute(shared: Shared) -> None:
    shared.n += 1


@program(answer=True)
def python_call_between(shared: Shared) -> None:
    shared.n = same(shared.n) + 1


@program(answer=True)
def c_call_between(shared: Shared) -> None:
    shared.n = abs(shared.n) + 1


@program(answer=False, holds=lambda shared, steps: shared.n == 3 * steps)
def attribute_in_a_loop(shared: Shared) -> None:
    for _ in range(3):
        shared.n += 1


@program(answer=True)
def read_in_one_round_and_written_in_the_next(shared: Shared) -> None:
    read = None
    for _ in (0, 1):
        if read is None:
            read = shared.n
        else:
            shared.n = read + 1


@program(answer=False)
def read_in_the_condition_that_ends_a_loop(shared: Shared) -> None:
    again = True
    while (read := shared.n) + again > read:
        again = False
    shared.n = read + 1


@program(answer=False)
def read_by_a_function_that_returns(shared: Shared) -> None:
    shared.n = shared.get() + 1


@program(answer=LOOKS_AFTER_SPREAD)
def read_by_a_function_that_is_called_with_what_is_in_a_tuple(shared: Shared) -> None:
    get = Shared.get
    shared.n = get(*(shared,)) + 1


@program(answer=True)
def read_by_a_method_that_is_called_with_what_is_in_a_tuple(shared: Shared) -> None:
    shared.n = shared.get(*()) + 1


@program(answer=False)
def conditions_between(shared: Shared) -> None:
    read = shared.n
    if read < 0 or not shared.table or "k" not in shared.table:
        read = None
    text = f"{read}"
    shared.n = read + 1 if text else None


def _as_number(shared: Shared) -> None:
    shared.n = Number(0)


@program(answer=True, begin=_as_number)
def operator_in_python(shared: Shared) -> None:
    shared.n = shared.n + 1


def _as_fraction(shared: Shared) -> None:
    shared.n = Fraction(0)


@program(answer=None, begin=_as_fraction)  # what fractions.py does is not seen
def operator_of_the_library(shared: Shared) -> None:
    shared.n = shared.n + 1


@program(answer=True)
def property_in_python(shared: Shared) -> None:
    shared.value += 1


@program(answer=True)
def end_of_a_context_between(shared: Shared) -> None:
    with shared:
        read = shared.n
    shared.n = read + 1


@program(answer=True)
def lock_released_between(shared: Shared) -> None:
    with shared.lock:
        read = shared.n
    with shared.lock:
        shared.n = read + 1


@program(answer=False, holds=lambda shared, steps: shared.table["k"] == steps)
def item(shared: Shared) -> None:
    shared.table["k"] += 1


@program(answer=False, holds=lambda shared, _steps: len(shared.items) <= 1)
def check_then_append(shared: Shared) -> None:
    if not shared.items:
        shared.items.append(1)
    if shared.items:
        shared.items.pop()
    if not shared.items:
        shared.items.append(1)


@program(answer=True, holds=lambda shared, _steps: len(shared.items) <= 1, soon=True)
def length_then_append(shared: Shared) -> None:
    if len(shared.items) == 0:
        shared.items.append(1)


@program(answer=True, holds=lambda _shared, _steps: True)
def shared_generator(shared: Shared) -> None:
    next(shared.numbers)


def _backwards(shared: Shared) -> None:
    with shared.other_lock, shared.lock:
        pass


# Where a thread never stops between the two, it takes somebody else who holds one of them.
@program(answer=None if ENTERS_UNSEEN else True, other=_backwards, holds=lambda _shared, _steps: True)
def two_locks_at_once(shared: Shared) -> None:
    with shared.lock, shared.other_lock:
        pass


# One thread has left the inner context, the other waits for the outer lock, and the first comes again before it is woken.
@program(answer=True, other=_backwards, holds=lambda _shared, _steps: True, times=2)
def two_locks_at_once_and_again(shared: Shared) -> None:
    with shared.lock, shared.other_lock:
        pass


def _backwards_with_a_call(shared: Shared) -> None:
    with shared.other_lock:
        same(1)
        with shared.lock:
            pass


@program(answer=True, other=_backwards_with_a_call, holds=lambda _shared, _steps: True)
def two_locks_one_by_one(shared: Shared) -> None:
    with shared.lock:
        same(1)
        with shared.other_lock:
            pass


def main() -> None:
    answers = {}
    for name, scenario in PROGRAMS.items():
        found = explore(scenario, name=name, budget=PATIENT)
        assert found.failure is not None, found
        with quiet():
            asked = with_gil(scenario, Scope(), found.failure, budget=PATIENT)
        answers[name] = (str(found.verdict), asked.answer, asked.said)
    with contextlib.suppress(BrokenPipeError):
        print(json.dumps(answers))


if __name__ == "__main__":
    main()
