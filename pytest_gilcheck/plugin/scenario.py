"""A pytest item as a scenario: set up, run in so many copies, settled and torn down, anew in every execution.

What runs here runs under control, so it stays away from the standard library's own Python code (``contextlib``, ``shutil``).
"""

from __future__ import annotations

import os

import pytest

from pytest_gilcheck.plugin import compat, fixture
from pytest_gilcheck.plugin.execution import execution
from pytest_gilcheck.plugin.items import body
from pytest_gilcheck.races import drain, together
from pytest_gilcheck.scaling.failures import Declined

# What a test may raise; an interrupt, and what the engine raises to itself, go through.
_RAISED = (Exception, pytest.fail.Exception, pytest.exit.Exception, SystemExit)


class ItemScenario:
    """One execution of ``copies`` of the body a call, with fixtures of their own; raises what the test raised.

    ``declined`` is the reason of a test that skipped itself in its first execution. ``atomic``: the copies have to leave
    what they share as some serial order does. ``keep_folders``: ``tmp_path`` stays.
    """

    def __init__(self, item: pytest.Function, copies: int, *, atomic: bool = False, keep_folders: bool = False) -> None:
        self._item = item
        self._copies = copies
        self._atomic = atomic
        self._keep_folders = keep_folders
        self._passed = False
        self.declined: str | None = None

    def __call__(self) -> None:
        """Run once. Without a failure before, one of the teardown is raised."""
        with execution("race", self._copies):
            try:
                compat.set_up_again(self._item)
                self._run()
            except BaseException:
                self._clear()
                raise
            folder = self._temporary_folder()
            compat.tear_down(self._item)
            self._passed = True
        _remove(folder)

    def _run(self) -> None:
        try:
            self._bodies()
        except (*_RAISED, BaseExceptionGroup) as error:
            drain()
            reason = _declined(error)
            if reason is None or not self._passed:
                self.declined = reason
                raise
            return  # once a schedule has let it pass, another that makes it skip itself is no failure
        drain()
        fixture.settle(self._item)

    def _bodies(self) -> None:
        bodies = [body(self._item, number, 1) for number in range(self._copies)]
        if self._copies == 1:
            bodies[0]()
        else:
            together(bodies, judged=self._atomic, shared=self._item.funcargs)

    def _clear(self) -> None:
        """Tear down after a failure that matters more than what tearing down may say."""
        folder = self._temporary_folder()
        try:
            compat.tear_down(self._item)
        except (*_RAISED, pytest.skip.Exception):
            pass
        _remove(folder)

    def _temporary_folder(self) -> str | None:
        """Where ``tmp_path`` of this execution is, to be removed; a search would leave hundreds behind."""
        if self._keep_folders:
            return None
        made = self._item.funcargs.get("tmp_path") or self._item.funcargs.get("tmpdir")
        return os.fspath(made) if isinstance(made, os.PathLike) else None


def _declined(error: BaseException) -> str | None:
    """The reason of a test that skipped itself, in one copy or in several."""
    if isinstance(error, Declined):
        return str(error)
    reasons = [_declined(each) for each in error.exceptions] if isinstance(error, BaseExceptionGroup) else []
    return reasons[0] if reasons and None not in reasons else None


def _remove(folder: str | None) -> None:
    """Remove a folder and all that is in it. Not by ``shutil``, which would count as code that ran under the schedule."""
    if folder is None:
        return
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                _remove(entry.path)
            else:
                os.unlink(entry.path)  # noqa: PTH108 - as above
        os.rmdir(folder)  # noqa: PTH106 - as above
    except OSError:
        pass
