"""Loops that wait, and loops that compute, as hooks see them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import count
from types import FrameType

import pytest

from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.spinning import Suspicion

Look = Callable[[Site], None]


class Flag:
    def __init__(self) -> None:
        self.up = False

    def is_up(self, look: Look, site: Site) -> bool:
        look(site)
        return self.up


def looks_at(loop: Callable[[Look, list[Site]], None], sites: list[Site], rounds: int) -> list[set[Site]]:
    """What is said in the first ``rounds`` rounds while ``loop`` goes on."""
    suspicion = Suspicion()
    said: list[set[Site]] = []

    class Enough(Exception):
        pass

    def look(site: Site) -> None:
        frame: FrameType = sys._getframe(1)
        found = suspicion.look(site, frame)
        if found is not None:
            said.append(found)
        if len(said) == rounds:
            raise Enough

    with pytest.raises(Enough):
        loop(look, sites)
    return said


@pytest.fixture
def sites() -> list[Site]:
    code = Flag.is_up.__code__
    return [Site(code=code, offset=offset, line=1, kind=Kind.LOAD_ATTR, name="up") for offset in (0, 2)]


def waits(look: Look, sites: list[Site]) -> None:
    flag = Flag()
    while not flag.up:
        look(sites[0])


def waits_in_a_call(look: Look, sites: list[Site]) -> None:
    flag = Flag()
    while not flag.is_up(look, sites[0]):
        pass


def waits_and_counts(look: Look, sites: list[Site]) -> None:
    flag = Flag()
    tries = 0
    while not flag.up:
        look(sites[0])
        tries += 1


def computes(look: Look, sites: list[Site]) -> None:
    rows = [[0] * 40 for _ in range(40)]
    for _ in count():
        total = 0
        for row in rows:
            for number, value in enumerate(row):
                total += number * value
                look(sites[0])


def computes_in_calls(look: Look, sites: list[Site]) -> None:
    flag = Flag()

    def steps() -> Iterator[int]:
        for number in count():
            flag.is_up(look, sites[0])
            yield number

    for _ in steps():
        look(sites[1])


@pytest.mark.parametrize("loop", [waits, waits_in_a_call])
def test_one_that_waits_is_known_at_once(loop: Callable[[Look, list[Site]], None], sites: list[Site]) -> None:
    assert looks_at(loop, sites, 1) == [{sites[0]}]


def test_one_that_counts_its_tries_is_known_after_a_while(sites: list[Site]) -> None:
    said = looks_at(waits_and_counts, sites, 30)
    assert not any(said[:5])
    assert said[-1] == {sites[0]}


@pytest.mark.parametrize("loop", [computes, computes_in_calls])
def test_one_that_computes_does_not_wait(loop: Callable[[Look, list[Site]], None], sites: list[Site]) -> None:
    assert not any(looks_at(loop, sites, 9))


def test_one_that_goes_on_and_on_is_taken_for_waiting_in_the_end(sites: list[Site]) -> None:
    assert looks_at(computes, sites, 80)[-1] == {sites[0]}


def test_sites_that_are_watched_already_are_nothing_new(sites: list[Site]) -> None:
    sites[0].hot = True
    assert looks_at(waits, sites, 1) == [set()]


def test_a_hook_that_says_nothing_of_itself_is_no_evidence() -> None:
    suspicion = Suspicion()
    said = [suspicion.look(None, sys._getframe()) for _ in range(1_000)]
    assert {frozenset(found) for found in said if found is not None} == {frozenset()}
