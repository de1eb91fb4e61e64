"""What is told of an execution: lines of source around the switches."""

from __future__ import annotations

from pathlib import Path

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.story import Line, tell

HERE = Path(__file__).name


def at(line: int, *, guarded: bool = False) -> Site:
    return Site(code=at.__code__, offset=line, line=line, kind=Kind.CALL, guarded=guarded)


def event(thread: int, act: Act, site: Site | None = None, key: object = None, kind: type = dict) -> Event:
    return Event(thread, act, 1, kind, key, site, 1, 0, 0)


def told(*events: Event) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(line.thread, line.line, line.acts) for line in tell(events)]


def test_what_one_thread_does_on_one_line_is_told_together() -> None:
    assert told(
        event(1, Act.READ, at(3), "value"),
        event(1, Act.WRITE, at(3), "value"),
        event(2, Act.READ, at(3), "value"),
        event(1, Act.READ, at(4), "value"),
    ) == [(1, 3, ("reads .value", "writes .value")), (2, 3, ("reads .value",)), (1, 4, ("reads .value",))]


def test_what_is_used_has_a_short_name_and_no_object_is_asked_for_it() -> None:
    class Hostile:
        def __repr__(self) -> str:
            raise AssertionError

    names = [told(event(1, Act.READ, at(3), key))[0][2][0] for key in ("a" * 99, ("k",), (b"k" * 99,), (Hostile(),), None)]
    assert names[0] == f"reads .{'a' * 39}"
    assert names[1] == "reads ['k']"
    assert len(names[2]) <= 46
    assert names[3:] == ["reads an item of the dict", "reads the dict"]


def test_locks_belong_to_the_line_that_came_to_them() -> None:
    near = event(1, Act.NEAR_LOCK, at(5))
    assert told(near, event(1, Act.TAKE), event(1, Act.FREE)) == [(1, 5, ("takes the lock", "frees the lock"))]
    assert told(near, event(1, Act.BLOCK)) == [(1, 5, ("waits for the lock",))]
    assert told(near) == []


def test_what_the_standard_library_does_for_itself_is_left_out() -> None:
    near = event(1, Act.NEAR_LOCK, at(5, guarded=True))
    assert told(event(1, Act.READ, at(3)), near, event(1, Act.TAKE), event(1, Act.READ, at(6, guarded=True))) == [
        (1, 3, ("reads the dict",))
    ]


def test_lines_far_from_a_switch_are_counted() -> None:
    events = [event(1, Act.READ, at(number)) for number in range(1, 21)] + [event(2, Act.READ, at(30))]
    lines = tell(events)
    assert [(line.line, line.left_out) for line in lines] == [(17, 16), (18, 0), (19, 0), (20, 0), (30, 0)]


def test_a_line_has_its_source() -> None:
    [line] = tell([event(1, Act.READ, at(1))])
    assert isinstance(line, Line)
    assert (Path(line.file).name, line.source) == (
        HERE,
        '"""What is told of an execution: lines of source around the switches."""',
    )
