"""Which thread goes on when an execution follows the order of a free run."""

from __future__ import annotations

from itertools import islice

from pytest_gilcheck.races.free.retracing import Retracing, Step, retracings
from pytest_gilcheck.races.schedule import Place
from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.threads import Controlled

A, B = Place(1, 0), Place(1, 2)
SITES = {place: Site(code=(lambda: None).__code__, offset=0, line=1, kind=Kind.CALL, place=place) for place in (A, B)}


def order(steps: list[Step], programs: dict[int, list[Place]], scheduler: Retracing | None = None) -> list[int]:
    """The threads, as they take the steps of their ``programs``; the first of each is taken without being asked."""
    scheduler = scheduler or Retracing(steps)
    threads = {number: Controlled(number, str(number), daemon=False, thread=None) for number in programs}
    left = {number: list(places) for number, places in programs.items()}
    ready = list(threads.values())
    started: set[int] = set()
    root = Controlled(0, "root", daemon=False, thread=None)
    me = scheduler.resume(root, ready, ready[0], 1)
    taken: list[int] = []
    while True:
        pending = me.number in started
        if pending:
            chosen = scheduler.choose(me, ready, SITES[left[me.number][0]], 1)
            if chosen is not me:
                me = chosen
                if me.number in started:  # it was about to take its step when it was interrupted
                    taken.append(me.number)
                    left[me.number].pop(0)
                else:
                    continue
            else:
                taken.append(me.number)
                left[me.number].pop(0)
        else:
            started.add(me.number)
            taken.append(me.number)
            left[me.number].pop(0)
        if not left[me.number]:
            ready.remove(me)
            if not ready:
                return taken
            me = scheduler.resume(me, ready, ready[0], 1)
            if me.number in started:
                taken.append(me.number)
                left[me.number].pop(0)
                if not left[me.number]:
                    ready.remove(me)
                    if not ready:
                        return taken
                    me = scheduler.resume(me, ready, ready[0], 1)


def test_steps_are_taken_in_the_order_in_which_they_happened() -> None:
    programs = {1: [A, B], 2: [A, B]}
    assert order([(1, A), (2, A), (2, B), (1, B)], programs) == [1, 2, 2, 1]
    assert order([(2, A), (1, A), (1, B), (2, B)], programs) == [2, 1, 1, 2]
    assert order([(2, A), (2, B), (1, A), (1, B)], programs) == [2, 2, 1, 1]


def test_a_thread_without_steps_comes_last() -> None:
    assert order([(2, A), (2, B)], {1: [A, B], 2: [A, B]}) == [2, 2, 1, 1]


def test_it_can_be_followed_again() -> None:
    steps = [(1, A), (2, A), (2, B), (1, B)]
    scheduler = Retracing(steps)
    programs = {1: [A, B], 2: [A, B]}
    first = order(steps, programs, scheduler)
    scheduler.again()
    assert order(steps, programs, scheduler) == first


def test_steps_at_places_where_nothing_can_switch_do_not_hold_it_up() -> None:
    elsewhere = Place(9, 9)
    steps = [(1, elsewhere), (2, A), (1, A), (1, B), (2, B)]
    followed = next(iter(retracings(steps, lambda: {A, B}, 0)))
    assert order([], {1: [A, B], 2: [A, B]}, followed) == [2, 1, 1, 2]


def test_variants_are_the_same_steps_and_the_same_for_a_seed() -> None:
    steps: list[Step] = [(number % 2, A) for number in range(8)]
    one, other = (
        [sorted(variant._places.items()) for variant in islice(retracings(steps, lambda: {A}, 4), 20)] for _ in range(2)
    )
    assert one == other
    assert len({str(variant) for variant in one}) > 2
    assert {sum(len(places) for _, places in variant) for variant in one} == {8}
