"""A race that was found, as pytest shows it: what to raise, and the section with its story and how to see it again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pytest_gilcheck.plugin import frames
from pytest_gilcheck.plugin.testname import replay_command
from pytest_gilcheck.races import Exploration
from pytest_gilcheck.races.exploration import Failure
from pytest_gilcheck.races.peeking import class_name
from pytest_gilcheck.record import RaceRecord
from pytest_gilcheck.reporting.columns import Drawing, who
from pytest_gilcheck.reporting.hazards import full
from pytest_gilcheck.verdict import Hazard

# Of a failure that raises nothing, what is said of the threads that are stuck.
_OF_STUCK = {
    "deadlock": "{who} wait for one another",
    "self-deadlock": "{who} waits for a lock that it holds itself",
    "lock-left-held": "{who} waits for a lock that was never released",
    "lost-wakeup": "lost wake-up: {who} waits for ever",
    "thread-left": "{who} is left running at the end",
}
_IN_SHORT = {
    "lost-wakeup": "lost wake-up",
    "livelock": "livelock: threads wait for one another in loops",
}
# A notification that came before somebody waited for it is not seen here; that it has no effect is seldom thought of.
_NOBODY = "no thread is left that could wake it; a notification before the wait has no effect"


def error(item: pytest.Item, exploration: Exploration) -> BaseException:
    """The exception that the test raised under the schedule, or one that says what happened where it raised none."""
    failure = exploration.failure
    raised = None if failure is None else failure.error
    # An interrupt or an exit that a test raised must fail that test, not end the session.
    if raised is None or isinstance(raised, KeyboardInterrupt | SystemExit | GeneratorExit | pytest.exit.Exception):
        text = "" if failure is None else "".join(f"\n{line}" for line in _explained(item, failure))
        return pytest.fail.Exception(f"gilcheck: {_what(exploration)}{text}", pytrace=False)
    frames.strip(raised)
    return raised


def section(item: pytest.Item, exploration: Exploration, record: RaceRecord, *, replayed: bool = False) -> str:
    """What goes below the failure: where it was found, its story, whether the GIL prevents it, and how to see it again, or
    why there is no way."""
    failure = exploration.failure
    drawing = None if failure is None else _drawing(item, failure)
    token = exploration.token
    with_gil = [f"possible on this interpreter with the GIL: {exploration.gil_said}"] if exploration.gil_said else []
    command = [shortened(item, exploration.reason)] if token is None else [f"replay: {replay_command(item, token)}"]
    headline = f"{_what(exploration)}   {_found(record, replayed=replayed)}"
    return "\n".join([headline, *([] if drawing is None else drawing.columns()), *with_gil, *command])


def hazardous(hazards: Sequence[Hazard]) -> tuple[BaseException, str]:
    """What to raise for a test that has hazards, and what goes below that."""
    said = f"gilcheck: {len(hazards)} hazard{'s' * (len(hazards) != 1)}; no schedule that ran failed"
    return pytest.fail.Exception(f"{said}\n{hazards[0].text}", pytrace=False), "\n".join(full(hazards))


def shortened_hazard(item: pytest.Item, hazard: Hazard) -> Hazard:
    """``hazard`` with its paths as :func:`shortened` has them."""
    places = (
        replace(
            place,
            file=shortened(item, place.file),
            locks=tuple(shortened(item, lock) for lock in place.locks),
        )
        for place in hazard.places
    )
    return replace(hazard, places=tuple(places))


def shortened(item: pytest.Item, text: str) -> str:
    """``text`` with the paths in it as they are seen from the folder that pytest was started in."""
    return text.replace(f"{item.config.invocation_params.dir}{os.sep}", "")


def plain_story(exploration: Exploration) -> dict[str, Any] | None:
    """The story of what was found, if there is one, as exact builtins."""
    failure = exploration.failure
    return None if failure is None or failure.story is None else failure.story.to_builtins()


def shortened_story(item: pytest.Item, story: dict[str, Any] | None) -> dict[str, Any] | None:
    """The same with the paths of its files as :func:`shortened` makes them."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(each) for each in value]
        if isinstance(value, dict):
            return {name: shortened(item, each) if name == "file" else walk(each) for name, each in value.items()}
        return value

    return None if story is None else dict(walk(story))


def _drawing(item: pytest.Item, failure: Failure) -> Drawing | None:
    return None if failure.story is None else Drawing(failure.story, lambda file: shortened(item, file))


def _explained(item: pytest.Item, failure: Failure) -> list[str]:
    """Which threads are stuck and where, or what else is known."""
    drawing = _drawing(item, failure)
    stuck = [] if drawing is None else drawing.stuck()
    if stuck and failure.kind == "lost-wakeup":
        stuck.append(_NOBODY)
    lines = shortened(item, failure.text).splitlines()
    return stuck or (lines[1:] if _by_text(failure) else lines)


def _what(exploration: Exploration) -> str:
    """The verdict, and in a few words what is behind it."""
    failure, verdict = exploration.failure, exploration.verdict.value
    if failure is None:
        return verdict
    return f"{verdict}: {_cause(failure)}"


def reason(exploration: Exploration) -> str:
    """The sentence of ``exploration``, but where threads are stuck with what they have in common in place of where the first
    of them is."""
    failure = exploration.failure
    if failure is None or failure.kind not in _OF_STUCK or failure.story is None or not failure.story.stuck:
        return exploration.reason
    return exploration.reason.replace(failure.text.partition("\n")[0] or failure.kind, _cause(failure), 1)


def _cause(failure: Failure) -> str:
    story = failure.story
    if failure.kind in _OF_STUCK and story is not None and story.stuck:
        return _OF_STUCK[failure.kind].format(who=_listed(_in_it(failure)))
    if failure.kind == "order":
        return "order violation: it fails in another order of whole operations"
    if failure.kind == "exception" and failure.error is not None:
        return story.cause if story is not None and story.cause is not None else class_name(type(failure.error))
    return failure.text.splitlines()[0] if _by_text(failure) else _IN_SHORT.get(failure.kind, failure.kind)


def _by_text(failure: Failure) -> bool:
    """Whether the first line of its text says in a few words what happened."""
    return bool(failure.text) and failure.kind not in {*_OF_STUCK, *_IN_SHORT, "exception"}


def _in_it(failure: Failure) -> list[int]:
    """The threads that are to be named: those of the cycle, of a deadlock."""
    assert failure.story is not None
    stuck = failure.story.stuck
    if failure.kind in {"deadlock", "self-deadlock"}:
        held = {each.holder for each in stuck}
        cycle = [each.thread for each in stuck if each.holder is not None and each.thread in held]
        return cycle or [each.thread for each in stuck]
    return [each.thread for each in stuck if each.thread] or [each.thread for each in stuck]


def _listed(threads: Sequence[int]) -> str:
    if len(threads) == 1:
        return who(threads[0])
    names = [str(thread) if thread else "main" for thread in threads]
    return f"threads {', '.join(names[:-1])} and {names[-1]}"


def _found(record: RaceRecord, *, replayed: bool) -> str:
    """Where in the search it was found."""
    if record.switches is None:
        return f"found in run {record.first_failure}, which no schedule shows again"
    switches = f"{record.switches} context switch{'' if record.switches == 1 else 'es'}"
    if replayed:
        return f"replayed - {switches}"
    return f"found on schedule {record.first_failure} - {switches} - {(record.found_after or 0.0) * 1000:.1f} ms"
