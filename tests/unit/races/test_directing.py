"""Which directed schedule comes next, and what an execution teaches."""

from __future__ import annotations

import pytest

from pytest_gilcheck.races.directing import Director
from pytest_gilcheck.races.experience import ReadFrom, reads_from
from pytest_gilcheck.races.run import LEAP, run
from pytest_gilcheck.races.schedule import Switch
from pytest_gilcheck.races.schedulers.directed import Directed
from pytest_gilcheck.races.schedulers.serial import Serial
from unit.races.test_suspects import events, site

PLAIN = "1rx 1wx 2rx 2wx"


def director() -> Director:
    return Director(run.place)


def all_of(directing: Director) -> list[object]:
    found: list[object] = []
    while (scheduler := directing.next()) is not None:
        found.append(scheduler)
    return found


def test_a_lost_update_comes_before_the_other_order_and_that_before_the_rest() -> None:
    directing = director()
    directing.learn(events(PLAIN), (), Serial(), news=True)
    directing.learn(events("1ry 1wz 2wy 2rz"), (), Serial(), news=True)
    directing.orders(3)
    assert [type(scheduler) for scheduler in all_of(directing)] == [Directed, Serial, Directed]


@pytest.mark.parametrize(("threads", "orders"), [(1, 0), (2, 0), (3, 1), (4, 5), (5, 23), (6, 5), (9, 8)])
def test_every_other_order_of_few_threads_and_some_of_many(threads: int, orders: int) -> None:
    directing = director()
    directing.orders(threads)
    assert len(all_of(directing)) == orders


def test_an_execution_that_shows_nothing_new_teaches_nothing() -> None:
    directing = director()
    directing.learn(events(PLAIN), (), Serial(), news=True)
    first = directing.next()
    assert isinstance(first, Directed)
    first.missed = False
    directing.learn(events(PLAIN), (), first, news=False)  # a directed one, in which every read got what it got before
    assert directing.next() is None


def test_an_execution_that_shows_news_is_followed_further() -> None:
    directing = director()
    directing.learn(events(PLAIN), (), Serial(), news=True)
    first = directing.next()
    assert isinstance(first, Directed)
    first.missed = False
    before = Switch(1, run.place(site("1wx")), 1, 2)
    later = [event._replace(switches=1) for event in events("2rx 2wx 2rq 2wq 1rq 1wq")]
    directing.learn(later, (before,), first, news=True)
    second = directing.next()
    assert isinstance(second, Directed)


def test_one_that_never_came_to_its_switch_teaches_nothing() -> None:
    directing = director()
    directing.learn(events(PLAIN), (), Serial(), news=True)
    first = directing.next()
    assert isinstance(first, Directed)
    assert first.missed
    directing.learn(events("1ry 1wy 2ry 2wy"), (), first, news=True)
    assert directing.next() is None


def test_what_time_led_to_cannot_be_repeated_by_switches() -> None:
    directing = director()
    leap = Switch(1, run.place(site("1rx")), 1, 2 + LEAP)
    directing.learn([event._replace(switches=1) for event in events(PLAIN)], (leap,), Serial(), news=True)
    assert directing.next() is None


def test_the_same_suspicion_is_tried_a_few_times_at_most() -> None:
    directing = director()
    for _ in range(50):
        directing.learn(events(PLAIN), (), Serial(), news=True)
    assert 1 < len(all_of(directing)) < 10


def test_reads_from() -> None:
    assert reads_from(events("1wx 2rx")) == {ReadFrom(site("1wx"), site("2rx"))}
    assert reads_from(events("2rx 1wx")) == {ReadFrom(None, site("2rx"))}
    assert reads_from(events("1wx 1rx")) == set()  # its own
