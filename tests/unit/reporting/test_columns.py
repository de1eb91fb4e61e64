"""The story of a race as text."""

from __future__ import annotations

from pytest_gilcheck.races.story import Doing, Hold, Line, Place, Story, Stuck
from pytest_gilcheck.reporting.columns import TOTAL, Drawing

READS = Doing(verb="reads", what="Counter.value", before="0")
WRITES = Doing(verb="writes", what="Counter.value", before="0", after="1")


def line(
    thread: int,
    source: str = "x += 1",
    *acts: Doing,
    left_out: int = 0,
    file: str = "test_x.py",
    holds: tuple[Hold, ...] = (),
) -> Line:
    at = Place(file=f"/here/{file}", line=3, source=source)
    return Line(thread=thread, at=at, acts=acts or (READS, WRITES), left_out=left_out, holds=holds)


def drawing(*lines: Line, stuck: tuple[Stuck, ...] = ()) -> Drawing:
    return Drawing(Story(lines=lines, stuck=stuck), lambda file: file.removeprefix("/here/"))


def text(*lines: Line) -> list[str]:
    return drawing(*lines).columns()


def test_two_threads_have_a_column_each() -> None:
    width = len("    writes Counter.value: 0 -> 1")
    assert text(line(1), line(2)) == [
        f"{'thread 1':{width}}  thread 2",
        f"{'-' * width}  {'-' * width}",
        "test_x.py:3  x += 1",
        "    reads Counter.value -> 0",
        "    writes Counter.value: 0 -> 1",
        f"{'':{width}}  test_x.py:3  x += 1",
        f"{'':{width}}      reads Counter.value -> 0",
        f"{'':{width}}      writes Counter.value: 0 -> 1",
    ]


def test_three_and_four_threads_have_columns_if_there_is_room() -> None:
    assert text(line(1), line(2), line(3))[0].split() == ["thread", "1", "thread", "2", "thread", "3"]
    short = Doing(verb="reads", what="X.y", before="0")
    rows = text(*(line(thread, "x += 1", short) for thread in (1, 2, 3, 4)))
    assert rows[0].count("thread") == 4
    assert max(map(len, rows)) <= TOTAL


def test_else_they_are_a_list_that_shows_each_switch() -> None:
    long = "x = " + "y" * 60
    found = text(line(1, long), line(1, "z"), line(2), line(3), line(1))
    assert [row for row in found if row.startswith("thread")] == ["thread 1", "thread 2", "thread 3", "thread 1"]
    assert found[1] == f"  test_x.py:3  {long}"
    assert len(text(*(line(thread) for thread in range(1, 7)))) == 6 * 4


def test_the_main_thread_is_told_across_the_columns_of_others() -> None:
    found = text(line(1), line(2), line(0, "assert x"))
    assert found[0].split() == ["thread", "1", "thread", "2"]
    assert found[found.index("main thread:") + 1] == "  test_x.py:3  assert x"
    assert text(line(0), line(1))[0].split() == ["main", "thread", "thread", "1"]


def test_conflicts_are_marked_and_explained() -> None:
    lost = Doing(verb="writes", what="x", before="1", after="1", conflict=True, note="thread 2's write of 1 is lost")
    found = text(line(1, "x", lost), line(2))
    assert "  * writes x: 1 -> 1  <- thread 2's write of 1 is lost" in found[3]
    assert found[-1] == "* these accesses conflict"
    assert "* these accesses conflict" not in text(line(1), line(2))


def test_a_note_for_which_there_is_no_room_has_its_own_line() -> None:
    noted = Doing(verb="writes", what="x" * 40, before="1", after="2", note="thread 2 has changed it since")
    found = text(line(1, "x", noted), line(2))
    assert found[3].startswith(f"    writes {'x' * 40}: 1 -> 2")
    assert found[4].strip() == "<- thread 2 has changed it since"


def test_long_values_go_below() -> None:
    found = text(line(1, "x", Doing(verb="changes", what="X.items", before="a" * 40, after="b" * 40)), line(2))
    assert [row.strip() for row in found[3:6]] == ["changes X.items:", "a" * 40, f"-> {'b' * 40}"]


def test_long_lines_are_cut() -> None:
    found = text(line(1, "x" * 500), line(2))
    assert max(map(len, found)) <= TOTAL
    assert any(row.endswith("...") for row in found)


def test_what_is_left_out_is_said() -> None:
    assert "... 7 more steps" in text(line(1, left_out=7), line(2))
    assert "... 1 more step" in text(line(1, left_out=1), line(2))


def test_files_have_short_names_as_long_as_these_are_unique() -> None:
    found = text(line(1, file="src/app/a.py"), line(2, file="src/app/b.py"))
    assert found[2].startswith("a.py:3  x += 1")
    assert found[-2:] == ["a.py is src/app/a.py", "b.py is src/app/b.py"]
    alike = text(line(1, file="one/a.py"), line(2, file="two/a.py"))
    assert alike[2].startswith("one/a.py:3  x += 1")
    assert alike[-1].endswith("writes Counter.value: 0 -> 1")


def test_locks_that_are_held() -> None:
    hold = Hold(what="X.lock", at=Place(file="/here/test_x.py", line=9, source="with self.lock:"))
    assert "    holds X.lock since test_x.py:9" in text(line(1, holds=(hold,)), line(2))[5]


def test_threads_that_are_stuck() -> None:
    place = Place(file="/here/test_x.py", line=4, source="with b:")
    a = Hold(what="A", at=Place(file="/here/test_x.py", line=3, source="with a:"))
    b = Hold(what="B", at=Place(file="/here/test_x.py", line=8, source="with b:"))
    c = Hold(what="C", at=Place(file="/here/test_x.py", line=9, source="with c:"))
    one = Stuck(thread=1, name="x", what="B", at=place, holder=2, holds=(a,))
    two = Stuck(thread=2, name="y", what="A", at=place, holder=1, holds=(b, c))
    assert drawing(stuck=(one, two)).stuck() == [
        "thread 1 waits for B at test_x.py:4  with b:",
        "    held by thread 2 since test_x.py:8  with b:",
        "thread 2 waits for A at test_x.py:4  with b:",
        "    held by thread 1 since test_x.py:3  with a:",
        "    it holds C since test_x.py:9",
    ]
    itself = Stuck(thread=1, name="x", what="A", at=place, holder=1, holds=(a,))
    assert drawing(stuck=(itself,)).stuck()[1] == "    held by itself since test_x.py:3  with a:"
    ended = Stuck(thread=1, name="x", what="A", at=place, holder=2)
    assert drawing(stuck=(ended,)).stuck()[1] == "    held by thread 2, which has ended"
    loops = Stuck(thread=0, name="x", what=None, at=place)
    assert drawing(stuck=(loops,)).stuck() == ["main thread runs in a loop at test_x.py:4  with b:"]


def test_no_story() -> None:
    assert text() == []


def test_it_is_plain_text() -> None:
    assert all(row.isascii() for row in text(line(1), line(2)))
