"""Which tests of a baseline are no longer there, as far as a collection can tell."""

from __future__ import annotations

from collections.abc import Collection

import pytest


class Collected:
    """The hooks of a collection: what was collected, before any of it is deselected, and what could not be.

    In a worker of pytest-xdist, which alone collects, the answer goes to the controller.
    """

    def __init__(self, config: pytest.Config, known: Collection[str]) -> None:
        self._config = config
        self._known = known
        self._tests: set[str] = set()
        self._collected: set[str] = set()
        self._incomplete: set[str] = set()

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note a test."""
        self._tests.add(item.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file, which is reported after all that is in it; and one of which something could not be collected."""
        if report.passed:
            self._collected.add(report.nodeid)
        else:
            self._incomplete.add(_file(report.nodeid))

    def gone(self) -> list[str]:
        """The known tests that were not collected, although their files were, wholly, or are no more."""
        if self._partial():
            return []
        files = self._collected - self._incomplete
        if not self._tests.isdisjoint(self._known):  # the ids are seen from the same folder as those of the baseline
            files |= {file for file in map(_file, self._known) if not (self._config.rootpath / file).exists()}
        return sorted(test for test in self._known if test not in self._tests and _file(test) in files)

    def _partial(self) -> bool:
        """Whether only some of a file's tests may have been asked for."""
        return bool(self._config.getoption("lf", default=False)) or any("::" in argument for argument in self._config.args)

    def pytest_sessionfinish(self) -> None:
        """Tell the controller."""
        output = getattr(self._config, "workeroutput", None)
        if output is not None:
            output["gilcheck_gone"] = self.gone()


def _file(test: str) -> str:
    return test.partition("::")[0]
