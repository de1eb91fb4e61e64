"""State that lies in a database: what keeps threads apart there is the database's own affair."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_gilcheck.races import run

LOCK = threading.Lock()


@contextlib.contextmanager
def _database() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "a.db"))
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("create table stock (pieces)")
            connection.execute("insert into stock values (0)")
            connection.commit()
        yield path


def _pieces(connection: sqlite3.Connection) -> int:
    (pieces,) = connection.execute("select pieces from stock").fetchone()
    return int(pieces)


def _both(work: Callable[[sqlite3.Connection], object]) -> None:
    with _database() as path:

        def connected() -> None:
            with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
                work(connection)

        run(connected, connected)
        with contextlib.closing(sqlite3.connect(path)) as connection:
            assert _pieces(connection) == 2


def _add(connection: sqlite3.Connection) -> None:
    connection.execute("update stock set pieces = ?", (_pieces(connection) + 1,))


def read_and_write_bad() -> None:
    _both(_add)


def read_and_write_twin() -> None:
    def add(connection: sqlite3.Connection) -> None:
        with LOCK:
            _add(connection)

    _both(add)


def transaction_bad() -> None:
    def add(connection: sqlite3.Connection) -> None:
        pieces = _pieces(connection)  # too early
        connection.execute("begin immediate")
        connection.execute("update stock set pieces = ?", (pieces + 1,))
        connection.execute("commit")

    _both(add)


def transaction_twin() -> None:
    """The second waits in C code, where nobody controls it, and goes on when the first has ended."""

    def add(connection: sqlite3.Connection) -> None:
        connection.execute("begin immediate")
        _add(connection)
        connection.execute("commit")

    _both(add)


def _one_connection(work: Callable[[sqlite3.Connection], object]) -> None:
    with contextlib.closing(sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)) as connection:
        connection.execute("create table stock (pieces)")
        connection.execute("insert into stock values (0)")
        run(lambda: work(connection), lambda: work(connection))
        assert _pieces(connection) == 2


def one_connection_bad() -> None:
    _one_connection(_add)


def one_connection_twin() -> None:
    _one_connection(lambda connection: connection.execute("update stock set pieces = pieces + 1"))
