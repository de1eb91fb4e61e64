"""The history: what came of every run, in one SQLite file that several runs may append to at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating.figures import Machine
from pytest_gilcheck.record import Checked

if TYPE_CHECKING:
    from sqlite3 import Connection

SCHEMA_VERSION = 1

#: "GILc": SQLite's header field that tells one program's files from those of others.
APPLICATION_ID = 0x47494C63

#: So many runs of a test make up its trend.
TREND = 30

# Others hold the lock for as long as they write one run, which takes milliseconds; a slow disk may need more.
_PATIENCE_SECONDS = 60.0

_SCHEMA = (
    """CREATE TABLE runs (
        run INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, gilcheck TEXT NOT NULL, cpu_model TEXT NOT NULL,
        cpus REAL NOT NULL, gil TEXT NOT NULL, implementation TEXT NOT NULL, python TEXT NOT NULL, system TEXT NOT NULL)""",
    """CREATE TABLE results (
        run INTEGER NOT NULL REFERENCES runs (run), test TEXT NOT NULL, scaling TEXT, race TEXT, speedup_threads REAL,
        gil_share REAL, runnable_ratio REAL, single_seconds REAL, regression TEXT, PRIMARY KEY (test, run)) WITHOUT ROWID""",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

_POINT = "r.run, r.at, s.scaling, s.race, s.speedup_threads, s.gil_share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run in the history: when it ended (ISO 8601, UTC), where, and how many tests were checked, flagged by a race
    check, and worse than their baseline."""

    number: int
    at: str
    gilcheck: str
    machine: Machine
    tests: int
    races: int
    regressions: int


def check(path: Path) -> None:
    """Raise :class:`Misuse` when ``path`` holds anything but a history that this version can append to; change nothing."""
    if path.exists():
        with _opened(path) as connection:
            _check(connection, path)


def append(path: Path, at: str, gilcheck: str, machine: Machine, tests: Mapping[str, Checked]) -> int:
    """Append one run, wholly or not at all, and return its number. Makes the file where there is none.

    Raises :class:`Misuse` for a file that is no history, and when others keep it locked.
    """
    with _opened(path, create=True) as connection:
        # Takes the lock before looking, so that of two runs that find no tables one makes them.
        connection.execute("BEGIN IMMEDIATE")
        if _check(connection, path):
            for statement in _SCHEMA:
                connection.execute(statement)
        facts = {"at": at, "gilcheck": gilcheck, **asdict(machine)}
        run = connection.execute(_insertion("runs", facts), facts).lastrowid
        assert run is not None
        rows = [{"run": run, "test": _storable(test), **_result(checked)} for test, checked in tests.items()]
        if rows:
            connection.executemany(_insertion("results", rows[0]), rows)
        connection.execute("COMMIT")
        return run


def runs(path: Path) -> list[Run]:
    """All runs, the oldest first."""
    query = """SELECT r.run, at, gilcheck, cpu_model, cpus, gil, implementation, python, system, COUNT(s.test),
        COUNT(CASE WHEN s.race IN ('race', 'deadlock', 'hang') THEN 1 END), COUNT(s.regression)
        FROM runs r LEFT JOIN results s ON s.run = r.run GROUP BY r.run ORDER BY r.run"""
    names = ("cpu_model", "cpus", "gil", "implementation", "python", "system")
    return [
        Run(
            number=row[0],
            at=row[1],
            gilcheck=row[2],
            machine=Machine(**dict(zip(names, row[3:9], strict=True))),
            tests=row[9],
            races=row[10],
            regressions=row[11],
        )
        for row in _rows(path, query, ())
    ]


def tests(path: Path) -> list[str]:
    """The ids of all tests in the history, sorted."""
    return [row[0] for row in _rows(path, "SELECT DISTINCT test FROM results ORDER BY test", ())]


def trend(path: Path, ids: Iterable[str], most: int = TREND) -> dict[str, list[dict[str, Any]]]:
    """The latest ``most`` results of each test as builtins, the oldest first."""
    query = f"SELECT {_POINT} FROM results s JOIN runs r USING (run) WHERE s.test = ? ORDER BY r.run DESC LIMIT ?"  # noqa: S608
    with _reading(path) as connection:
        found = {test: connection.execute(query, (_storable(test), most)).fetchall() for test in ids}
    return {test: [_point(row) for row in reversed(rows)] for test, rows in found.items()}


def _point(row: tuple[Any, ...]) -> dict[str, Any]:
    _, at, scaling, race, speedup, share = row
    return {"at": at, "scaling": scaling, "race": race, "speedup_threads": speedup, "gil_share": share}


def _result(checked: Checked) -> dict[str, Any]:
    scaling, race = checked.scaling, checked.race
    figures = ("speedup_threads", "gil_share", "runnable_ratio", "single_seconds")
    return {
        "scaling": None if scaling is None else scaling.verdict.value,
        "race": None if race is None else race.verdict.value,
        **{name: None if scaling is None else getattr(scaling, name) for name in figures},
        "regression": None if scaling is None else scaling.regression,
    }


def _insertion(table: str, row: Mapping[str, Any]) -> str:
    return f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join(f':{name}' for name in row)})"  # noqa: S608 - our own names


def _storable(test: str) -> str:
    """A test id as SQLite's UTF-8 can hold it: lone surrogates, which file names can have, are written out."""
    return test.encode("utf-8", "backslashreplace").decode("utf-8")


def _rows(path: Path, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    with _reading(path) as connection:
        return connection.execute(query, values).fetchall()


@contextmanager
def _reading(path: Path) -> Iterator[Connection]:
    if not path.exists():
        raise Misuse(f"cannot read {str(path)!r}: there is no such file; --gilcheck-history makes one")
    with _opened(path) as connection:
        if _check(connection, path):
            raise Misuse(f"{str(path)!r} is empty; --gilcheck-history appends runs to it")
        yield connection


@contextmanager
def _opened(path: Path, *, create: bool = False) -> Iterator[Connection]:
    """A connection in whose ``with`` block every error of SQLite becomes a :class:`Misuse` that names the file.

    The journal is SQLite's default one, a file beside it while a run is written: a killed writer's half run is taken back by
    whoever opens the file next. Write-ahead logging would leave two more files there, and not work on network drives.
    """
    try:
        import sqlite3  # noqa: PLC0415 - for those who ask only, and some builds of Python lack it
    except ImportError as error:
        raise Misuse(f"this Python cannot keep a history: it was built without SQLite ({error})") from error
    mode = "rwc" if create else "rw"
    try:
        address = f"{path.absolute().as_uri()}?mode={mode}"
        with closing(sqlite3.connect(address, timeout=_PATIENCE_SECONDS, isolation_level=None, uri=True)) as connection:
            yield connection
    except (sqlite3.Error, UnicodeEncodeError) as error:
        raise Misuse(f"{str(path)!r} cannot be used as a history: {error}; give another path") from error


def _check(connection: Connection, path: Path) -> bool:
    """Whether the file is still empty; raises :class:`Misuse` for another program's, and for one of a newer version."""
    application, version = (
        connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if application != APPLICATION_ID:
        if application or version or connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]:
            raise Misuse(f"{str(path)!r} is a database of something else; give another path")
        return True
    if version > SCHEMA_VERSION:
        raise Misuse(
            f"{str(path)!r} was written by a newer version (schema {version}, this one reads up to {SCHEMA_VERSION}); "
            "upgrade pytest-gilcheck"
        )
    # Of a file that was cut only reading it tells.
    connection.execute("SELECT * FROM runs JOIN results USING (run) LIMIT 1")
    return False
