"""From moments to a story: lines of source around the switches, values, and what a thread did not know."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_gilcheck.races.events import Act, Event
from pytest_gilcheck.races.observing import Held, Moment, Observed, Plight
from pytest_gilcheck.races.schedule import Place, Switch
from pytest_gilcheck.races.sites import Kind, Site
from pytest_gilcheck.races.story import Story
from pytest_gilcheck.races.telling import tell

PREEMPTED = Place(1, 2)
STORES = {Act.READ: Kind.LOAD_ATTR, Act.WRITE: Kind.STORE_ATTR}


def seen(*moments: Moment, switches: tuple[Switch, ...] = ()) -> Observed:
    found = Observed(list(switches))
    for moment in moments:
        found.add(moment)
    return found


def moment(
    thread: int,
    act: Act,
    values: tuple[str | None, str | None] = (None, None),
    *,
    line: int = 3,
    key: object = "value",
    owner: int = 7,
    switches: int = 0,
    kind: Kind | None = None,
    via: tuple[str, str] | None = None,
    held: tuple[Held, ...] = (),
) -> Moment:
    site = Site(code=seen.__code__, offset=line, line=line, kind=kind or STORES.get(act, Kind.CALL))
    event = Event(thread, act, owner, dict, key, site, 1, 0, switches)
    rest = f".{key}" if isinstance(key, str) else "" if key is None else f"[{key}]"
    found = Moment(event, ("Counter", owner, rest), (__file__, line), via, held)
    found.before, found.after = values
    return found


def told(story: Story) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(line.thread, line.at.line, tuple(map(str, line.acts))) for line in story.lines]


def lost(*, held: tuple[Held, ...] = ()) -> Observed:
    return seen(
        moment(1, Act.READ, ("0", None)),
        moment(2, Act.READ, ("0", None), switches=1),
        moment(2, Act.WRITE, ("0", "1"), switches=1),
        moment(1, Act.WRITE, ("1", "1"), switches=1, held=held),
        switches=(Switch(1, PREEMPTED, 1, 2),),
    )


def test_a_lost_update() -> None:
    story = tell(lost())
    assert told(story) == [
        (1, 3, ("reads Counter.value -> 0",)),
        (2, 3, ("reads Counter.value -> 0", "writes Counter.value: 0 -> 1")),
        (1, 3, ("writes Counter.value: 1 -> 1",)),
    ]
    assert story.cause == "lost update of Counter.value"
    acts = [act for line in story.lines for act in line.acts]
    assert [act.conflict for act in acts] == [True, False, True, True]
    assert acts[-1].note == "thread 2's write of 1 is lost"


def test_nothing_is_lost_when_the_turn_was_not_taken_away() -> None:
    blocked = seen(*lost().first, switches=(Switch(1, None, 1, 2),))
    story = tell(blocked)
    assert story.cause is None
    assert not any(act.conflict or act.note for line in story.lines for act in line.acts)


def test_nothing_is_lost_when_it_looks_again() -> None:
    story = tell(
        seen(
            moment(1, Act.READ, ("0", None)),
            moment(2, Act.WRITE, ("0", "1"), switches=1),
            moment(1, Act.READ, ("1", None), switches=1),
            moment(1, Act.WRITE, ("1", "2"), switches=1),
            switches=(Switch(1, PREEMPTED, 1, 2),),
        )
    )
    assert story.cause is None
    assert [act.note for line in story.lines for act in line.acts] == [None, None, "thread 2 has changed it since", None]


def test_other_locations_do_not_conflict() -> None:
    story = tell(
        seen(
            moment(1, Act.READ, key="a"),
            moment(2, Act.WRITE, key="b", switches=1),
            moment(1, Act.WRITE, key="a", switches=1),
            switches=(Switch(1, PREEMPTED, 1, 2),),
        )
    )
    assert not any(act.conflict for line in story.lines for act in line.acts)


def test_what_is_half_done() -> None:
    moments = (
        moment(1, Act.WRITE, ("5", "3"), key="left"),
        moment(2, Act.READ, ("3", None), key="left", switches=1),
        moment(1, Act.WRITE, ("0", "2"), key="right", switches=1),
    )
    story = tell(seen(*moments, switches=(Switch(1, PREEMPTED, 1, 2),)))
    assert [act.note for line in story.lines for act in line.acts] == [None, "thread 1 is only half done", None]
    alone = tell(seen(*moments[:2], switches=(Switch(1, PREEMPTED, 1, 2),)))
    assert not any(act.note for line in alone.lines for act in line.acts)


def test_locks_are_told_where_there_is_a_conflict() -> None:
    lock = Held(("Counter", 7, ".lock"), __file__, 9)
    story = tell(lost(held=(lock,)))
    assert [[hold.what for hold in line.holds] for line in story.lines] == [[], [], ["Counter.lock"]]
    assert story.lines[2].holds[0].at.line == 9


def test_objects_of_one_name_are_numbered() -> None:
    story = tell(seen(moment(1, Act.READ, owner=50), moment(2, Act.READ, owner=60), moment(2, Act.READ, owner=50)))
    assert told(story) == [
        (1, 3, ("reads Counter#1.value",)),
        (2, 3, ("reads Counter#2.value", "reads Counter#1.value")),
    ]


def test_what_happens_in_the_library_is_one_call() -> None:
    story = tell(
        seen(
            moment(1, Act.NEAR_LOCK, via=("calls", "jobs.get()")),
            moment(1, Act.TAKE, via=("calls", "jobs.get()")),
            moment(1, Act.READ, via=("calls", "jobs.get()")),
        )
    )
    assert told(story) == [(1, 3, ("calls jobs.get()",))]


def test_locks() -> None:
    acts = (Act.NEAR_LOCK, Act.TAKE, Act.FREE, Act.BLOCK, Act.TRY)
    story = tell(seen(*(moment(1, act, key="lock") for act in acts)))
    assert told(story) == [(1, 3, ("takes Counter.lock", "releases Counter.lock", "waits for Counter.lock"))]


def test_changes_of_a_whole_container() -> None:
    one = moment(1, Act.WRITE, ("{}", "{'a': 1}"), key=None, kind=Kind.STORE_ITEM)
    one.changed = ("'a'", "absent", "1")
    other = moment(1, Act.WRITE, ("{'a': 1}", "{}"), key=None, kind=Kind.DELETE_ITEM)
    other.changed = ("'a'", "1", "absent")
    failed = moment(1, Act.WRITE, ("{}", "{}"), key=None, kind=Kind.DELETE_ITEM)
    many = moment(1, Act.WRITE, ("[]", "[1]"), key=None, kind=Kind.CALL)
    opaque = moment(1, Act.WRITE, ("<generator 1>", "<generator 1>"), key=None, kind=Kind.CALL)
    assert told(tell(seen(one, other, failed, many, opaque)))[0][2] == (
        "writes Counter['a']: absent -> 1",
        "deletes Counter['a']: 1 -> absent",
        "deletes from Counter: {}",
        "changes Counter: [] -> [1]",
        "uses Counter",
    )


def test_an_exception_comes_after_the_last_that_its_thread_did() -> None:
    found = seen(moment(1, Act.READ), moment(2, Act.READ))
    found.raised = [(1, "KeyError('a')", (__file__, 3)), (2, "OSError()", (__file__, 5)), (3, "Unseen()", (__file__, 5))]
    story = tell(found)
    assert told(story) == [
        (1, 3, ("reads Counter.value", "raises KeyError('a')")),
        (2, 3, ("reads Counter.value",)),
        (2, 5, ("raises OSError()",)),
    ]
    assert story.cause == "KeyError in thread 1"


def test_threads_that_are_stuck() -> None:
    found = seen(moment(1, Act.READ))
    waits = Plight(1, "one", "a lock", (__file__, 4))
    waits.lock, waits.holder, waits.held = ("Counter", 7, ".lock"), 2, (Held(("Counter", 8, ".lock"), __file__, 5),)
    inside = Plight(2, "two\x1b[31m", "a notification of a condition", (__file__, 6))
    inside.call = "Box.changed.wait()"
    found.plights = [waits, inside, Plight(3, "three", None, (__file__, 7))]
    one, two, three = tell(found).stuck
    assert (one.what, one.holder, one.holds[0].what, one.at.line) == ("Counter#1.lock", 2, "Counter#2.lock", 4)
    assert (two.what, two.name) == ("a notification of Box.changed", "two\\x1b[31m")
    assert three.what is None


def test_lines_far_from_a_switch_are_counted() -> None:
    moments = [moment(1, Act.READ, line=number) for number in range(1, 21)] + [moment(2, Act.READ, line=30)]
    story = tell(seen(*moments))
    assert [(line.at.line, line.left_out) for line in story.lines] == [(17, 16), (18, 0), (19, 0), (20, 0), (30, 0)]


def test_a_long_execution_is_told_by_its_beginning_and_its_end_in_bounded_space() -> None:
    turns = [moment(1 + number % 2, Act.READ, line=number) for number in range(20_000)]
    found = seen(*turns)
    lines = tell(found).lines
    assert len(lines) == 40
    assert (lines[0].at.line, lines[-1].at.line) == (0, 19_999)
    assert sum(line.left_out for line in lines) + len(lines) == 20_000
    endless = tell(found, ends=False).lines
    assert [line.at.line for line in endless] == list(range(24))
    assert len(json.dumps(tell(found).to_builtins())) < 50_000


def test_a_line_has_its_source_and_one_without_has_none() -> None:
    [line] = tell(seen(moment(1, Act.READ, line=1))).lines
    assert (Path(line.at.file).name, line.at.source.endswith('did not know."""')) == (Path(__file__).name, True)
    made = moment(1, Act.READ)
    made.file = "<string>"
    [line] = tell(seen(made)).lines
    assert (line.at.file, line.at.source) == ("<string>", "")
    [line] = tell(seen(moment(1, Act.READ, line=10_000_000))).lines
    assert line.at.source == ""


def test_source_is_made_printable(tmp_path: Path) -> None:
    file = tmp_path / "odd.py"
    file.write_text(f"\tx\t=\t'é\u202e' + '{'y' * 500}'\n", encoding="utf-8")
    odd = moment(1, Act.READ, line=1)
    odd.file = str(file)
    [line] = tell(seen(odd)).lines
    assert line.at.source.startswith("x = '\\xe9\\u202e'")
    assert line.at.source.isascii()
    assert len(line.at.source) < 230


def test_builtins_are_exact() -> None:
    found = lost(held=(Held(("Counter", 7, ".lock"), __file__, 9),))
    found.plights = [Plight(1, "one", "a lock", (__file__, 4))]
    plain = tell(found).to_builtins()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["cause"] == "lost update of Counter.value"
    assert plain["steps"][0]["acts"][0]["before"] == "0"
    assert plain["stuck"][0]["waits_for"] == "a lock"
