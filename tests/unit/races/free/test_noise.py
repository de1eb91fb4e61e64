"""What a free run notes of its threads."""

from __future__ import annotations

import threading

from pytest_gilcheck.races.free.noise import LEVELS, Level, Noise
from pytest_gilcheck.races.sites import Kind, Site


def site(offset: int, *, hot: bool = False) -> Site:
    return Site(code=site.__code__, offset=offset, line=1, kind=Kind.LOAD_ATTR, name="x", hot=hot)


def two(level: Level = LEVELS[0], seed: int = 0) -> tuple[Noise, list[threading.Thread]]:
    noise = Noise(seed, level, ())
    threads = [threading.Thread(), threading.Thread()]
    noise.begin()
    return noise, threads


def test_threads_are_numbered_as_they_are_started() -> None:
    noise, (one, other) = two()
    assert noise.starts(one)
    assert noise.enlist(other).number == 2
    me = noise.me()
    assert me is not None
    assert me.number == 0
    assert noise.own


def test_only_run_started_threads() -> None:
    noise, threads = two()
    assert [noise.enlist(thread).number for thread in threads] == [1, 2]
    assert not noise.own
    assert {id(thread) for thread in threads} == noise.awaited


def test_sites_meet_where_two_threads_use_a_location_and_one_writes() -> None:
    noise, threads = two()
    one, other = [noise.enlist(thread) for thread in threads]
    read, write, elsewhere, only_read = site(0), site(2), site(4), site(6)
    noise.passes(one, read, 100, "x", write=False)
    noise.passes(other, only_read, 101, "x", write=False)
    noise.passes(one, only_read, 101, "x", write=False)
    noise.passes(other, elsewhere, 100, "y", write=True)
    assert noise.met == set()
    noise.passes(other, write, 100, "x", write=True)
    assert noise.met == {read, write}
    assert noise.order == [(1, read), (2, only_read), (1, only_read), (2, elsewhere), (2, write)]


def test_a_thread_sleeps_at_hot_sites_only_and_only_so_often() -> None:
    noise, (one, _) = two(Level(1.0, 1.0, 0.0, 3))
    walker = noise.enlist(one)
    for _ in range(5):
        noise.passes(walker, site(0), 1, None, write=True)
    assert walker.left == 3
    for _ in range(5):
        noise.passes(walker, site(0, hot=True), 1, None, write=True)
    assert walker.left == 0


def test_levels_escalate_and_no_thread_sleeps_for_long() -> None:
    assert [level.longest for level in LEVELS] == sorted(level.longest for level in LEVELS)
    assert LEVELS[0].most == 0
    assert max(level.longest * level.most for level in LEVELS) <= 0.03


def test_sleeps_are_the_same_for_a_seed() -> None:
    drawn = []
    for seed in (1, 1, 2):
        noise, (one, _) = two(seed=seed)
        drawn.append([noise.enlist(one).random.random() for _ in range(3)])
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_thread_of_somebody_else_is_left_alone() -> None:
    noise = Noise(0, LEVELS[0], ())
    noise.foreign = frozenset({id(threading.current_thread())})
    assert noise.me() is None
    assert not noise.starts(threading.Thread())
