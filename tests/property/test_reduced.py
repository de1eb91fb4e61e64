"""The reduction of systematic search loses no state and no deadlock, with a bound or without, and is worth having."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice

from property.reduced import Subject, compare, primitives, small

# A sample of what ``python -m property.reduced`` runs by the thousand.
SEED = 1


def problems(subjects: Iterator[Subject], count: int, most: int) -> tuple[list[str], Counter[tuple[str, int | None]]]:
    """What is wrong with ``count`` programs of which the full search ends within ``most`` schedules, and their numbers."""
    found: list[str] = []
    schedules: Counter[tuple[str, int | None]] = Counter()
    for comparison in islice(filter(None, (compare(subject, most) for subject in subjects)), count):
        found += comparison.problems
        schedules += comparison.schedules
    return found, schedules


def test_small_programs_end_in_the_same_states() -> None:
    found, schedules = problems(small(SEED, most_paths=40), 40, most=200)
    assert found == []
    for bound in (None, 0, 1, 2):
        assert 0 < schedules["reduced", bound] <= schedules["full", bound]
    # On these programs it came to a fifth of the full search, and to 1.2 for each order that there is.
    assert schedules["reduced", None] < schedules["full", None] / 2
    assert schedules["orders", None] <= schedules["reduced", None] < 2 * schedules["orders", None]


def test_programs_over_locks_and_queues_end_in_the_same_states() -> None:
    # Most programs take thousands of schedules: the sooner one is given up, the sooner there is one that takes few.
    found, schedules = problems(primitives(SEED, most_states=60), 12, most=60)
    assert found == []
    assert 0 < schedules["reduced", None] < schedules["full", None]
