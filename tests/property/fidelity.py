"""Fidelity of the models of locks, queues, clocks: what programs do under control is what the real objects could do.

``python -m property.fidelity --programs 10000 --seed 1`` (from ``tests/``) writes that many random programs over the
synchronisation objects of the standard library, runs each under random schedules, and looks every outcome up among those
that ``reference`` enumerates. It ends with the share of all outcomes that the random schedules came upon.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from random import Random
from textwrap import indent
from typing import Any

from property import reference
from property.ending import stopping
from property.reference import SILENT, Model, Operation, Outcome, outcomes
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.running import run
from pytest_gilcheck.races.schedulers.random import Random as RandomScheduler
from pytest_gilcheck.races.scope import Scope

#: Programs with more states than this are not drawn.
MOST_STATES = 20_000
SCHEDULES = 12
BATCH = 250
#: In seconds; no execution comes near it unless it hangs.
LIMIT = 20.0

Draw = Callable[[Random], tuple[str, Model, Callable[[Random, int], Operation]]]


def _acquire(random: Random, target: int) -> Operation:
    return Operation(target, "acquire", random.choice([(), (), (), (False,), (True, 0), (True, 1), (True, 2)]))


def _lock(random: Random, target: int) -> Operation:
    choices = [_acquire(random, target), Operation(target, "release"), Operation(target, "release")]
    return random.choice(choices)


def _plain_lock(random: Random, target: int) -> Operation:
    return random.choice([_lock(random, target)] * 4 + [Operation(target, "locked")])


def _wait(random: Random, target: int) -> Operation:
    return Operation(target, "wait", random.choice([(), (), (), (0,), (1,), (2,)]))


def _condition(random: Random, target: int) -> Operation:
    return random.choice(
        [
            _acquire(random, target),
            _wait(random, target),
            _wait(random, target),
            Operation(target, "notify", random.choice([(), (2,)])),
            Operation(target, "notify_all"),
            Operation(target, "release"),
        ]
    )


def _semaphore(random: Random, target: int) -> Operation:
    return random.choice([_acquire(random, target), Operation(target, "release", random.choice([(), (), (2,)]))])


def _event(random: Random, target: int) -> Operation:
    names = ["set", "clear", "is_set"]
    return random.choice([_wait(random, target), _wait(random, target), Operation(target, random.choice(names))])


def _simple_queue(random: Random, target: int) -> Operation:
    put = Operation(target, "put", (random.randrange(9),))
    get = Operation(target, "get", random.choice([(), (), (), (False,), (True, 0), (True, 1), (True, 2)]))
    return random.choice([put, put, get, get, Operation(target, "qsize")])


def _queue(random: Random, target: int) -> Operation:
    operation = _simple_queue(random, target)
    if operation.name == "put":
        more = random.choice([(), (), (False,), (True, 1), (True, 2)])
        return operation._replace(args=(*operation.args, *more))
    return random.choice([operation] * 5 + [Operation(target, "task_done"), Operation(target, "join")])


def _barrier(random: Random, target: int) -> Operation:
    names = ["reset", "abort", "n_waiting", "broken"]
    return random.choice([_wait(random, target)] * 4 + [Operation(target, random.choice(names))])


def _clock(random: Random, target: int) -> Operation:
    return Operation(target, "sleep", (random.choice([1, 2, 3]),))


def _bounded(name: str, order: str) -> Draw:
    def draw(random: Random) -> tuple[str, Model, Callable[[Random, int], Operation]]:
        maxsize = random.choice([0, 1, 2])
        return f"queue.{name}({maxsize})", reference.Queue(order, maxsize), _queue

    return draw


def _counted(name: str, *, bounded: bool) -> Draw:
    def draw(random: Random) -> tuple[str, Model, Callable[[Random, int], Operation]]:
        value = random.choice([0, 1, 2]) if not bounded else random.choice([1, 2])
        return f"threading.{name}({value})", reference.Semaphore(value, bounded=bounded), _semaphore

    return draw


def _gate(random: Random) -> tuple[str, Model, Callable[[Random, int], Operation]]:
    parties = random.choice([1, 2, 2, 3])
    return f"threading.Barrier({parties})", reference.Barrier(parties), _barrier


KINDS: dict[str, Draw] = {
    "Lock": lambda _: ("threading.Lock()", reference.Lock(), _plain_lock),
    "RLock": lambda _: ("threading.RLock()", reference.RLock(), _lock),
    "Condition": lambda _: ("threading.Condition()", reference.Condition(), _condition),
    "Semaphore": _counted("Semaphore", bounded=False),
    "BoundedSemaphore": _counted("BoundedSemaphore", bounded=True),
    "Event": lambda _: ("threading.Event()", reference.Event(), _event),
    "Queue": _bounded("Queue", "first"),
    "LifoQueue": _bounded("LifoQueue", "last"),
    "PriorityQueue": _bounded("PriorityQueue", "least"),
    "SimpleQueue": lambda _: ("queue.SimpleQueue()", reference.Queue("first"), _simple_queue),
    "Barrier": _gate,
    "Clock": lambda _: ("time", reference.Clock(), _clock),
}
_WITH = ("Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore")
_PROPERTIES = {"n_waiting", "broken"}


@dataclass(frozen=True, slots=True)
class Program:
    """Its source, and all that can come of it."""

    number: int
    source: str
    expected: frozenset[Outcome]


def programs(seed: int, most_states: int = MOST_STATES) -> Iterator[Program]:
    """An endless supply."""
    random = Random(seed)
    number = 0
    while True:
        names = [random.choice(list(KINDS)), *random.sample([*KINDS, "Clock", "Clock"], random.choice([0, 1, 1, 2]))]
        objects = [KINDS[name](random) for name in names]
        threads = []
        bodies = []
        for _ in range(random.choice([2, 2, 3, 3, 4])):
            operations: list[Operation] = []
            bodies.append(_block(random, names, objects, operations, random.randint(1, 6)))
            threads.append(operations)
        expected = outcomes([model for _, model, _ in objects], threads, most_states)
        if expected is not None:
            number += 1
            yield Program(number, _source([made for made, _, _ in objects], bodies), frozenset(expected))


def _block(random: Random, names: list[str], objects: list[Any], operations: list[Operation], length: int) -> str:
    """Source of some operations, which are appended to ``operations`` in the order in which a thread does them."""
    lines = []
    while length > 0:
        target = random.randrange(len(objects))
        if length > 2 and names[target] in _WITH and random.random() < 0.4:
            inner = random.randint(1, length - 2)
            operations.append(Operation(target, "enter"))
            body = _block(random, names, objects, operations, inner)
            operations.append(Operation(target, "exit"))
            lines.append(_attempt(f"with o{target}:\n{indent(body, '    ')}\nvalue = None"))
            length -= inner + 2
            continue
        operation = objects[target][2](random, target)
        operations.append(operation)
        arguments = "" if operation.name in _PROPERTIES else f"({', '.join(map(repr, operation.args))})"
        lines.append(_attempt(f"value = o{target}.{operation.name}{arguments}"))
        length -= 1
    return "\n".join(lines)


def _attempt(statement: str) -> str:
    return f"""try:
{indent(statement, "    ")}
except Exception as error:
    value = type(error).__name__
note(value)"""


def _source(objects: list[str], bodies: list[str]) -> str:
    lines = ["import queue, threading, time", "def scenario(run, note_of):"]
    lines += [f"    o{number} = {made}" for number, made in enumerate(objects)]
    for number, body in enumerate(bodies):
        lines += [f"    def thread{number}():", f"        note = note_of({number})", indent(body, " " * 8)]
        lines.append(f"        note({SILENT!r})")
    lines.append(f"    run({', '.join(f'thread{number}' for number in range(len(bodies)))})")
    return "\n".join(lines)


class Bench:
    """Where programs run under control; what it takes is set up once for many of them."""

    def __init__(self) -> None:
        self._program: Callable[[], object] = lambda: None
        self._records: dict[int, list[object]] = {}
        self._laboratory = Laboratory(self._scenario, Scope())

    @contextmanager
    def open(self) -> Iterator[Bench]:
        """Nothing is left under control after it."""
        with self._laboratory.open():
            yield self

    def observe(self, program: Program, schedules: int = SCHEDULES, seed: int = 0) -> dict[Outcome, int]:
        """What comes of ``program`` under random schedules, and the seed of the first that it came of."""
        namespace: dict[str, Any] = {"__name__": "fidelity_program"}
        exec(compile(program.source, f"fidelity_program_{program.number}.py", "exec"), namespace)
        scenario = namespace["scenario"]
        # Not found by running it, as the engine would: a queue in C waits for real where it is not yet under control.
        self._laboratory._rewriter.prepare(scenario)
        self._program = lambda: scenario(run, noter(self._records))
        threads = program.source.count("    def thread")
        found: dict[Outcome, int] = {}
        for number in range(seed, seed + schedules):
            result = self._laboratory.settle(_Again(number), LIMIT)
            if result.error is not None or result.reason in {"timeout", "uncontrolled", "spin"} or result.uncontrolled:
                raise AssertionError(f"schedule {number}: {result}")
            records = [self._records.get(thread, []) for thread in range(threads)]
            ended = tuple(record[-1:] == [SILENT] for record in records)
            kept = tuple(tuple(value for value in record if value != SILENT) for record in records)
            found.setdefault(Outcome(kept, ended), number)
            if all(ended) != (result.reason is None):
                raise AssertionError(f"schedule {number}: {ended} and yet {result.reason} {result.report}")
        return found

    def _scenario(self) -> None:
        self._records.clear()  # the engine repeats an execution as it finds more code: the last one counts
        self._program()


def noter(records: dict[int, list[object]]) -> Callable[[int], Callable[[object], None]]:
    """Gives a thread, for its number, what notes a value in a new record of its own among ``records``."""

    def note_of(thread: int) -> Callable[[object], None]:
        record = records[thread] = []

        def note(value: object) -> None:
            if not stopping():
                record.append(value)

        return note

    return note_of


class _Again(RandomScheduler):
    """A random schedule that is the same one when an execution is repeated."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._seed = seed

    def again(self) -> None:
        """Before the same execution once more."""
        super().__init__(self._seed)


def compare(bench: Bench, program: Program, schedules: int = SCHEDULES) -> tuple[dict[Outcome, int], str | None]:
    """What ``program`` was seen to do, and what is wrong about it."""
    try:
        found = bench.observe(program, schedules)
    except AssertionError as error:
        return {}, f"program {program.number}: {error}\n{program.source}"
    return found, problem(program, found)


def problem(program: Program, found: dict[Outcome, int]) -> str | None:
    """What is wrong, in a few lines."""
    for outcome, seed in found.items():
        if outcome not in program.expected:
            close = sorted(program.expected, key=lambda known: -_common(known, outcome))[:3]
            what = f"schedule {seed} of program {program.number} has an outcome that no order of steps has:"
            return "\n".join([what, str(outcome), "close are:", *map(str, close), program.source])
    return None


def _common(one: Outcome, other: Outcome) -> int:
    return sum(a == b for a, b in zip(one.records, other.records, strict=True))


def main() -> int:
    """Compare many programs; the exit status says whether all fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--schedules", type=int, default=SCHEDULES)
    options = parser.parse_args()
    began = time.monotonic()
    wrong = possible = reached = blocked = 0
    supply = islice(programs(options.seed), options.programs)
    while batch := list(islice(supply, BATCH)):
        with Bench().open() as bench:
            for program in batch:
                found, what = compare(bench, program, options.schedules)
                if what is not None:
                    wrong += 1
                    print(what, end="\n\n", flush=True)
                possible += len(program.expected)
                reached += len(found)
                blocked += any(not all(outcome.ended) for outcome in found)
        print(f"{batch[-1].number} programs, {wrong} wrong, {time.monotonic() - began:.0f} s", flush=True)
    executions = options.programs * options.schedules
    print(f"{options.programs} programs, {executions} executions, {wrong} wrong; {time.monotonic() - began:.0f} s")
    print(f"in {blocked} threads were seen to wait for ever; {reached} of {possible} possible outcomes seen")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
