"""What a reduced systematic search leaves out makes no difference: it ends in the same states as one without reduction.

``python -m property.reduced --programs 1000 --seed 1`` (from ``tests/``) runs that many random programs, those of
``small_programs`` or with ``--primitives`` those of ``fidelity``, without a bound and with bounds 0, 1 and 2, each with and
without reduction. It counts the schedules of both, and how many the orders of dependent events there are: no search can do
with fewer schedules.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from textwrap import indent
from typing import Any

from property import fidelity, soundness
from property.reference import SILENT
from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.laboratory import Laboratory
from pytest_gilcheck.races.quiet import quiet
from pytest_gilcheck.races.reduction import Reduction
from pytest_gilcheck.races.running import run
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.schedulers.systematic import Systematic
from pytest_gilcheck.races.scope import Scope

BOUNDS = (None, 0, 1, 2)
LIMIT = 30.0
#: A search without reduction that takes more schedules than this is not made.
MOST_SCHEDULES = 600
#: Programs over locks and queues with more states than this are not drawn.
MOST_STATES = 300

_TIME = re.compile(r"\.sleep\(|True, [12]\)|wait\([12]\)")

Ends = set[Hashable]


@dataclass(slots=True)
class Subject:
    """A program; ``end`` tells how its last execution ended, for the reason that the engine gives."""

    number: int
    source: str
    scenario: Callable[[], object]
    end: Callable[[str | None], Hashable]


@dataclass(slots=True)
class Comparison:
    """Schedules with and without reduction, orders of dependent events, and what is wrong."""

    schedules: Counter[tuple[str, int | None]] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def small(seed: int, most_paths: int) -> Iterator[Subject]:
    """The programs of ``small_programs``; every other one makes its classes anew in each execution, as tests like to."""
    for case in soundness.cases(seed, most_paths=most_paths):
        source = _with_own_classes(case.program.source) if case.number % 2 else case.program.source
        namespace: dict[str, Any] = {"__name__": "small_program"}
        exec(compile(source, f"reduced_program_{case.number}.py", "exec"), namespace)
        yield _small(case, source, namespace["scenario"])


def _with_own_classes(source: str) -> str:
    """``source`` with the classes of the module inside of its scenario; they are called differently each time."""
    head = "def scenario(run, found):\n    global number\n"
    before, classes, after = re.split(r"(^class Box:.*?)(?=^def same)", source, maxsplit=1, flags=re.DOTALL | re.MULTILINE)
    assert head in after, after
    named = "    Box.__name__ = f'Box{len(found)}'\n"
    return before + after.replace(head, head + indent(classes, "    ") + named)


def _small(case: soundness.Case, source: str, scenario: Callable[..., object]) -> Subject:
    found: list[Hashable] = []
    return Subject(
        case.number,
        source,
        lambda: scenario(run, found),
        lambda reason: reason or found[-1],
    )


def primitives(seed: int, most_states: int) -> Iterator[Subject]:
    """The programs of ``fidelity`` in which no time passes: when it does, nothing is left out."""
    for program in fidelity.programs(seed, most_states):
        if not _TIME.search(program.source):
            namespace: dict[str, Any] = {"__name__": "primitives_program"}
            exec(compile(program.source, f"reduced_program_{program.number}.py", "exec"), namespace)
            yield _primitive(program, namespace["scenario"])


def _primitive(program: fidelity.Program, scenario: Callable[..., object]) -> Subject:
    records: dict[int, list[object]] = {}

    def end(reason: str | None) -> Hashable:
        values = tuple(tuple(value for value in kept if value != SILENT) for _, kept in sorted(records.items()))
        return reason, values, tuple(kept[-1:] == [SILENT] for _, kept in sorted(records.items()))

    def start() -> None:
        records.clear()
        scenario(run, fidelity.noter(records))

    return Subject(program.number, program.source, start, end)


def compare(subject: Subject, most_schedules: int = MOST_SCHEDULES) -> Comparison | None:
    """Both searches; ``None`` if one would take too long."""
    laboratory = Laboratory(subject.scenario, Scope())
    result = Comparison()
    with quiet(), laboratory.open():
        for order in ((), (2, 1, 3, 4), (4, 3, 2, 1)):
            laboratory.settle(Serial(order), LIMIT, thorough=True)
        for bound in BOUNDS:
            orders: set[Hashable] = set()
            full = _ends(laboratory, subject, Systematic(bound, reduced=False), orders, result, most_schedules)
            if full is None:
                return None
            result.schedules["orders", bound] += len(orders)
            reduced = _ends(laboratory, subject, Systematic(bound), set(), result, most_schedules)
            if full != reduced:
                missing = full - reduced if reduced is not None else "all of them"
                result.problems.append(f"program {subject.number}, bound {bound}: {missing} missing\n{subject.source}")
    return result


def _ends(
    laboratory: Laboratory,
    subject: Subject,
    scheduler: Systematic,
    orders: set[Hashable],
    result: Comparison,
    most_schedules: int,
) -> Ends | None:
    """How executions of a whole search end."""
    ends: Ends = set()
    growth = laboratory.growth
    kind = "reduced" if scheduler.reduced else "full"
    count = 0
    while True:
        if growth != laboratory.growth:
            growth = laboratory.growth
            scheduler.restart()
            ends.clear()
            orders.clear()
            count = 0
        if not scheduler.begin():
            result.schedules[kind, scheduler.bound] += count
            return ends
        outcome = laboratory.settle(scheduler, LIMIT)
        ends.add(subject.end(outcome.reason))
        orders.add(order(outcome.events))
        count += 1
        if count > most_schedules:
            return None


def order(events: Sequence[Event]) -> Hashable:
    """The same for executions in which all dependent events come in the same order."""
    done = [event for event in events if event.act not in {Act.NEAR_LOCK, Act.BLOCK}]
    return tuple(sorted((event.thread, *clock) for event, clock in zip(done, Reduction(done).clocks(), strict=True)))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--primitives", action="store_true", help="programs over locks, queues and the like")
    arguments = parser.parse_args()
    supply = primitives(arguments.seed, MOST_STATES) if arguments.primitives else small(arguments.seed, soundness.MOST_PATHS)
    figures: Counter[tuple[str, int | None]] = Counter()
    compared = wrong = 0
    for subject in supply:
        found = compare(subject)
        if found is not None:
            compared += 1
            figures.update(found.schedules)
            wrong += bool(found.problems)
            for problem in found.problems:
                print(problem, flush=True)
        if compared >= arguments.programs:
            break
    print(f"{compared} programs, {wrong} with a difference")
    print(f"{'bound':>8s}{'full':>10s}{'reduced':>10s}{'orders':>10s}{'reduced/orders':>16s}")
    for bound in BOUNDS:
        full, reduced, orders = (figures[kind, bound] for kind in ("full", "reduced", "orders"))
        print(f"{bound!s:>8s}{full:10,d}{reduced:10,d}{orders:10,d}{reduced / max(1, orders):16.2f}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
