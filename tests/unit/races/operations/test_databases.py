from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from pytest_gilcheck.races.operations import accesses, lookup, operands_of
from pytest_gilcheck.races.operations.databases import is_driver, of_method
from pytest_gilcheck.races.operations.locations import DATABASES


class Own(sqlite3.Connection):
    """As programs derive them."""


@pytest.fixture(params=[sqlite3.Connection, Own])
def connection(request: pytest.FixtureRequest) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", factory=request.param)) as connection:
        yield connection


def of(function: Callable[..., Any], *arguments: object, **keywords: object) -> set[bool]:
    """What a call does to the database: ``True`` for a write."""
    operation = lookup(function)
    if operation is None:
        return set()
    found = accesses(operation, operands_of(function, arguments), keywords)
    return {write for target, _, write in found if target is DATABASES}


def test_statements(connection: sqlite3.Connection) -> None:
    for execute in (connection.execute, connection.cursor().execute):
        assert of(execute, "SELECT 1") == {False}
        assert of(execute, "  select n from t where n=?", (1,)) == {False}
        assert of(execute, "update t set n=1") == {True}
        assert of(execute, "with x as (select 1) delete from t") == {True}
        assert of(execute, object()) == {True}
    assert of(connection.executemany, "insert into t values (?)", [(1,)]) == {True}
    assert of(connection.executescript, "select 1") == {True}


def test_the_ends_of_transactions_write(connection: sqlite3.Connection) -> None:
    for function in (connection.commit, connection.rollback, connection.close, connection.__exit__):
        assert of(function) == {True}


def test_what_is_fetched_is_read(connection: sqlite3.Connection) -> None:
    cursor = connection.execute("select 1")
    for function in (cursor.fetchone, cursor.fetchmany, cursor.fetchall, cursor.__next__):
        assert of(function) == {False}
    assert of(connection.cursor) == of(connection.__enter__) == of(cursor.__iter__) == set()


def test_the_objects_themselves_are_used_as_well(connection: sqlite3.Connection) -> None:
    operation = lookup(connection.execute)
    assert operation is not None
    assert (connection, None, True) in accesses(operation, (connection, "select 1"))


def test_what_is_no_driver() -> None:
    assert is_driver(sqlite3.Cursor)
    assert not any(is_driver(kind) for kind in (dict, object, type(iter("")), int))
    assert of([].append, 1) == set()


def test_a_query_of_another_driver_may_change_something() -> None:
    """As ``select nextval('s')`` does."""
    assert of_method(sqlite3.Cursor, "execute") is not of_method(sqlite3.Cursor, "commit")
    assert of_method(int, "execute") is of_method(int, "commit")
    assert of_method(int, "fetchone") is not of_method(int, "commit")
