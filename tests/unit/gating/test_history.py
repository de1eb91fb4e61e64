from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating import history
from pytest_gilcheck.record import Checked, RaceRecord, ScalingRecord
from pytest_gilcheck.verdict import Race, Scaling
from unit.gating.figures import MACHINE

BOUND = ScalingRecord(verdict=Scaling.GIL_BOUND, reason="r", gil_share=0.98, speedup_threads=1.0, regression="it was better")
RACE = RaceRecord(verdict=Race.RACE, reason="r")
TESTS = {"t.py::test_a": Checked(scaling=BOUND), "t.py::test_b": Checked(race=RACE), "t[\udcff\0'\"]": Checked()}


def append(path: Path, number: int, tests: dict[str, Checked] | None = None) -> int:
    return history.append(path, f"2026-01-01T00:00:{number:02}+00:00", "0.1", MACHINE, TESTS if tests is None else tests)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder & more?#%20" / "history.db"


@pytest.fixture(autouse=True)
def _folder(path: Path) -> None:
    path.parent.mkdir()


def test_runs_are_appended(path: Path) -> None:
    assert [append(path, 1), append(path, 2), append(path, 3, {})] == [1, 2, 3]
    first, second, empty = history.runs(path)
    assert first == history.Run(
        number=1, at="2026-01-01T00:00:01+00:00", gilcheck="0.1", machine=MACHINE, tests=3, races=1, regressions=1
    )
    assert (second.number, second.at[-8:-6]) == (2, "02")
    assert (empty.tests, empty.races, empty.regressions) == (0, 0, 0)
    assert len(history.tests(path)) == 3
    assert sorted(file.name for file in path.parent.iterdir()) == ["history.db"], "nothing is left beside it"


def test_a_trend_ends_with_the_latest_run(path: Path) -> None:
    for number in range(5):
        append(path, number)
    trend = history.trend(path, TESTS, 3)
    assert list(trend) == list(TESTS), "by the ids as they were given"
    assert [point["at"][-8:-6] for point in trend["t.py::test_a"]] == ["02", "03", "04"]
    assert trend["t.py::test_a"][-1] == {
        "at": "2026-01-01T00:00:04+00:00",
        "scaling": "gil-bound",
        "race": None,
        "speedup_threads": 1.0,
        "gil_share": 0.98,
    }
    assert trend["t.py::test_b"][0]["race"] == "race"
    assert history.trend(path, ["unknown"]) == {"unknown": []}
    append(path, 5, {"t.py::test_b": TESTS["t.py::test_b"]})
    assert len(history.trend(path, ["t.py::test_b"])["t.py::test_b"]) == 6
    assert len(history.trend(path, ["t.py::test_a"])["t.py::test_a"]) == 5


def test_a_new_file_and_an_empty_one_can_be_used(path: Path) -> None:
    history.check(path)
    assert not path.exists(), "looking makes none"
    path.touch()
    history.check(path)
    append(path, 1)
    history.check(path)
    assert len(history.runs(path)) == 1


def other_database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()


def newer(path: Path) -> None:
    append(path, 1)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()


def cut(path: Path) -> None:
    append(path, 1)
    path.write_bytes(path.read_bytes()[:200])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (other_database, "is a database of something else; give another path"),
        (newer, r"written by a newer version \(schema 2, this one reads up to 1\); upgrade pytest-gilcheck"),
        (cut, "cannot be used as a history: "),
        (lambda path: path.write_text("notes\n" * 500), "cannot be used as a history: file is not a database"),
        (Path.mkdir, "cannot be used as a history: unable to open database file"),
    ],
)
def test_a_file_of_another_kind_is_left_alone(path: Path, make: object, message: str) -> None:
    assert callable(make)
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for use in (lambda: history.check(path), lambda: append(path, 2), lambda: history.runs(path)):
        with pytest.raises(Misuse, match=message):
            use()
    assert (path.read_bytes() if path.is_file() else None) == before


def test_nothing_to_read(path: Path) -> None:
    with pytest.raises(Misuse, match="there is no such file; --gilcheck-history makes one"):
        history.runs(path)
    path.touch()
    with pytest.raises(Misuse, match="is empty"):
        history.tests(path)


def test_a_failed_run_leaves_nothing(path: Path) -> None:
    append(path, 1)
    with pytest.raises(Misuse, match="cannot be used"):
        append(path, 2, {"t.py::a": Checked(), "t.py::\udcff": Checked(), "t.py::\\udcff": Checked()})
    assert len(history.runs(path)) == 1


def test_a_locked_file_is_waited_for_and_then_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(path, 1)
    monkeypatch.setattr(history, "_PATIENCE_SECONDS", 0.01)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(Misuse, match="database is locked"):
        append(path, 2)
    holder.execute("ROLLBACK")
    holder.close()
    assert append(path, 2) == 2
