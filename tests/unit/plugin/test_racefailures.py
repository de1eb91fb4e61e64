"""What a failure is called in a few words, and what is said of one that raised nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_gilcheck.plugin import racefailures
from pytest_gilcheck.races import Exploration
from pytest_gilcheck.races.exploration import Failure
from pytest_gilcheck.races.schedule import Schedule
from pytest_gilcheck.races.story import Place, Story, Stuck
from pytest_gilcheck.verdict import Race

ITEM: Any = SimpleNamespace(config=SimpleNamespace(invocation_params=SimpleNamespace(dir="/here")))
AT = Place(file="/here/a.py", line=3, source="with x:")


def stuck(thread: int, holder: int | None = None, what: str | None = "X.lock") -> Stuck:
    return Stuck(thread=thread, name="x", what=what, at=AT, holder=holder)


def said(kind: str, *threads: Stuck, text: str = "first\nsecond at /here/a.py", told: bool = True) -> list[str]:
    story = Story(stuck=threads) if told else None
    failure = Failure(kind=kind, error=None, text=text, schedule=Schedule(), story=story)
    found = racefailures.error(ITEM, Exploration(verdict=Race.HANG, reason="x", kind=kind, failure=failure))
    assert isinstance(found, pytest.fail.Exception)
    return str(found).splitlines()


@pytest.mark.parametrize(
    ("kind", "threads", "headline"),
    [
        ("deadlock", (stuck(1, 2), stuck(2, 1), stuck(3, 1)), "threads 1 and 2 wait for one another"),
        ("deadlock", (stuck(0, 1), stuck(1, 2), stuck(2, 0)), "threads main, 1 and 2 wait for one another"),
        ("self-deadlock", (stuck(1, 1), stuck(2, 1)), "thread 1 waits for a lock that it holds itself"),
        ("lock-left-held", (stuck(2, 1),), "thread 2 waits for a lock that was never released"),
        ("lost-wakeup", (stuck(0), stuck(2)), "lost wake-up: thread 2 waits for ever"),
        ("lost-wakeup", (stuck(0),), "lost wake-up: main thread waits for ever"),
        ("thread-left", (stuck(1),), "thread 1 is left running at the end"),
    ],
)
def test_threads_that_are_stuck_are_named(kind: str, threads: tuple[Stuck, ...], headline: str) -> None:
    lines = said(kind, *threads)
    assert lines[0] == f"gilcheck: hang: {headline}"
    first = threads[0].thread
    who = f"thread {first}" if first else "main thread"
    assert lines[1] == f"{who} waits for X.lock at a.py:3  with x:"
    assert "first" not in lines


@pytest.mark.parametrize(
    ("story", "kind", "reason"),
    [
        (Story(stuck=(stuck(1, 2), stuck(2, 1))), "deadlock", "threads 1 and 2 wait for one another (on schedule 2)"),
        (Story(), "deadlock", "main waits (on schedule 2)"),
        (None, "deadlock", "main waits (on schedule 2)"),
        (Story(stuck=(stuck(1, 2),)), "livelock", "main waits (on schedule 2)"),
    ],
)
def test_the_reason_names_those_who_are_stuck(story: Story | None, kind: str, reason: str) -> None:
    failure = Failure(kind=kind, error=None, text="main waits\nmore", schedule=Schedule(), story=story)
    exploration = Exploration(verdict=Race.DEADLOCK, reason="main waits (on schedule 2)", kind=kind, failure=failure)
    assert racefailures.reason(exploration) == reason


def test_the_reason_of_what_did_not_fail_stays() -> None:
    assert racefailures.reason(Exploration(verdict=Race.CLEAN, reason="x")) == "x"


def test_without_a_story_the_text_says_it() -> None:
    assert said("deadlock", told=False) == ["gilcheck: hang: deadlock", "first", "second at a.py"]
    assert said("lost-wakeup", told=False)[0] == "gilcheck: hang: lost wake-up"
    assert said("livelock")[0] == "gilcheck: hang: livelock: threads wait for one another in loops"


@pytest.mark.parametrize("kind", ["timeout", "exit", "lost-update", "unserialisable"])
def test_other_kinds_are_called_by_the_first_line_of_their_text(kind: str) -> None:
    assert said(kind) == ["gilcheck: hang: first", "second at a.py"]
    assert said(kind, text="") == [f"gilcheck: hang: {kind}"]


def test_what_the_test_raised_stays_what_it_is() -> None:
    raised = KeyError("x")
    failure = Failure(kind="exception", error=raised, text="KeyError: 'x'", schedule=Schedule())
    assert racefailures.error(ITEM, Exploration(verdict=Race.RACE, reason="x", failure=failure)) is raised


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), SystemExit(3), pytest.exit.Exception("x")])
def test_what_would_end_the_session_does_not(raised: BaseException) -> None:
    failure = Failure(kind="exception", error=raised, text="x", schedule=Schedule())
    found = racefailures.error(ITEM, Exploration(verdict=Race.RACE, reason="x", failure=failure))
    assert isinstance(found, pytest.fail.Exception)
    assert type(raised).__name__ in str(found)


def test_paths_of_a_story_are_those_that_the_user_knows() -> None:
    story = Story(stuck=(stuck(1),)).to_builtins()
    assert racefailures.shortened_story(ITEM, story) == {
        **story,
        "stuck": [{**story["stuck"][0], "file": "a.py"}],
    }
    assert racefailures.shortened_story(ITEM, None) is None
