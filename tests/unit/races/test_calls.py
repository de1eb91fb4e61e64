"""The hook of a call, at a place that calls one thing after another."""

from __future__ import annotations

import threading

from pytest_gilcheck.races import calls
from pytest_gilcheck.races.execution import execute
from pytest_gilcheck.races.primitives.everywhere import everywhere
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.schedulers.serial import Serial
from pytest_gilcheck.races.sites import Kind, Site
from unit.races.fakes import HERE


def site() -> Site:
    return Site(code=(lambda: None).__code__, offset=0, line=1, kind=Kind.CALL)


def test_a_write_after_a_read_of_the_same_object_is_noted_whatever_was_called_between() -> None:
    seen = []

    def scenario() -> None:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        hook = calls.make(site())
        mine, shared = [1, 2], [1, 2]
        run.accesses.note(HERE, shared, None, write=True, bit=1 << 5)
        hook(mine.copy)()
        record = run.accesses.table[id(mine)]
        assert record.whole is not None
        assert not record.whole.wrote
        hook(shared.pop)()
        hook(mine.pop)()
        seen.append(record.whole.wrote)

    with everywhere():
        result = execute(run, scenario, Serial())
    assert result.error is None
    assert seen == [True]
