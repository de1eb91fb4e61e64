"""Schedulers of somebody else, and the mistakes that they make."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_gilcheck.races.schedulers import Base
from pytest_gilcheck.races.schedulers.guarded import BrokenStrategy, Guarded
from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.threads import Controlled, Stop

HERE = Site(code=(lambda: None).__code__, offset=0, line=1, kind=Kind.CALL)
ROOT, ONE, OTHER = (Controlled(number, str(number), daemon=False, thread=None) for number in range(3))
READY = [ONE, OTHER]


class Answering(Base):
    """Answers ``answer``, or raises it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.seen: list[list[Controlled]] = []

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:
        self.seen.append(ready)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer  # type: ignore[no-any-return]


def guarded(answer: object) -> Guarded:
    return Guarded("mine", lambda _: Answering(answer), 1)


def test_an_answer_is_passed_on() -> None:
    scheduler = guarded(OTHER)
    assert scheduler.choose(ONE, READY, HERE, 1) is OTHER
    assert scheduler.resume(ROOT, READY, ONE, 1) is ONE
    scheduler.check()


def test_it_gets_the_seed_and_a_list_of_its_own() -> None:
    made = Answering(ONE)
    seeds: list[int] = []
    scheduler = Guarded("mine", lambda seed: seeds.append(seed) or made, 42)  # type: ignore[func-returns-value]
    scheduler.choose(ONE, READY, HERE, 1)
    made.seen[0].clear()
    assert READY == [ONE, OTHER]
    assert seeds == [42]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (None, r"returned None from choose\(\), which is none of the threads"),
        (ROOT, r"returned <thread 0 '0'> from choose\(\)"),
        (ValueError("boom"), r"raised in choose\(\): ValueError: boom at .*test_guarded.py:\d+"),
    ],
)
def test_a_mistake_is_said_and_nobody_is_interrupted_after_it(answer: object, said: str) -> None:
    scheduler = guarded(answer)
    assert scheduler.choose(OTHER, READY, HERE, 1) is OTHER
    assert scheduler.resume(ROOT, READY, OTHER, 1) is OTHER
    with pytest.raises(BrokenStrategy, match=f"strategy 'mine' {said}"):
        scheduler.check()


def test_one_that_does_not_come_back_is_ended_and_named() -> None:
    scheduler = guarded(Stop())
    with pytest.raises(Stop):
        scheduler.choose(ONE, READY, HERE, 1)
    with pytest.raises(BrokenStrategy, match=r"did not return from choose\(\)"):
        scheduler.check()


def test_what_is_made_has_to_be_a_scheduler() -> None:
    with pytest.raises(BrokenStrategy, match="strategy 'mine' made an object of type 'int', which has no method choose"):
        Guarded("mine", lambda _: 3, 0)  # type: ignore[arg-type, return-value]
    with pytest.raises(BrokenStrategy, match="strategy 'mine' raised ZeroDivisionError: "):
        Guarded("mine", lambda _: 1 // 0, 0)  # type: ignore[arg-type, return-value]


def test_an_answer_whose_repr_raises_is_named_by_its_type() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    scheduler = guarded(Odd())
    scheduler.choose(ONE, READY, HERE, 1)
    with pytest.raises(BrokenStrategy, match="returned an object of type 'Odd'"):
        scheduler.check()
