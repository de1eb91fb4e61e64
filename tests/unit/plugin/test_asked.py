from __future__ import annotations

import pytest

from pytest_gilcheck.plugin.asked import Asked
from pytest_gilcheck.plugin.markers import RaceWanted, Wanted
from pytest_gilcheck.plugin.watch import Seen

AUTO = Asked(scaling=Wanted(), race=RaceWanted())


@pytest.mark.parametrize(
    ("seen", "copies"),
    [
        (Seen(), 2),
        (Seen(started_thread=True), 1),
        (Seen(called_run=True), 1),
    ],
)
def test_a_body_with_threads_of_its_own_is_run_once(seen: Seen, copies: int) -> None:
    known = AUTO.knowing(seen)
    assert known.race is not None
    assert known.race.threads == copies
    assert known.scaling == Wanted()
    assert AUTO.watches_threads


@pytest.mark.parametrize("seen", [Seen(), Seen(started_thread=True), Seen(called_run=True)])
def test_a_number_is_what_it_is(seen: Seen) -> None:
    wanted = Asked(race=RaceWanted(threads=3))
    assert wanted.knowing(seen) == wanted
    assert not wanted.watches_threads


def test_without_a_marker_only_a_call_of_run_counts() -> None:
    wanted = Asked(race=RaceWanted(), if_run=True)
    assert wanted.knowing(Seen(started_thread=True)) == Asked()
    assert wanted.knowing(Seen(called_run=True)).race == RaceWanted(threads=1)
    assert not wanted.watches_threads
