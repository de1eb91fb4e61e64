"""A run beside its baseline and in its history: compare each test, and keep what was measured at the end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pytest

from pytest_gilcheck import __version__
from pytest_gilcheck.environment import Environment, observe
from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.gating import baseline, history
from pytest_gilcheck.gating.figures import Figures, Machine, decided
from pytest_gilcheck.gating.policy import REGRESSION
from pytest_gilcheck.gating.regression import Comparison, Limits, compare
from pytest_gilcheck.plugin.collected import Collected
from pytest_gilcheck.plugin.gates import Gates
from pytest_gilcheck.plugin.markers import Wanted
from pytest_gilcheck.plugin.settings import PluginSettings
from pytest_gilcheck.record import Checked, ScalingRecord
from pytest_gilcheck.reporting import comparison
from pytest_gilcheck.reporting.files import alone, write_atomically


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """What one test is compared with."""

    base: Figures | None
    machine: Machine
    limits: Limits

    def compare(self, record: ScalingRecord) -> Comparison:
        """Compare ``record`` with it."""
        return compare(self.base, Figures.of(record, self.machine), self.limits, record.reason)


def against(item: pytest.Item, wanted: Wanted, gates: Gates, environment: Environment) -> Against | None:
    """What ``item`` is compared with, under the limits that its markers ask for; ``None`` without a baseline."""
    if gates.baseline is None:
        return None
    limits = Limits(
        regression=wanted.max_regression or gates.limits.regression,
        speedup_loss=wanted.max_speedup_loss or gates.limits.speedup_loss,
    )
    base = gates.baseline.tests.get(plain_id(item.config, item.nodeid))
    return Against(base=base, machine=Machine.of(environment), limits=limits)


def plain_id(config: pytest.Config, test: str) -> str:
    """The id of a test without what ``--dist=loadgroup`` of pytest-xdist adds to it."""
    grouped = getattr(config.option, "loadgroup", False) or config.getoption("dist", default="no") == "loadgroup"
    return test.rpartition("@")[0] if grouped and test.rfind("@") > test.rfind("]") else test


class Comparing:
    """What the end of a session does with the records, where a baseline or a history was asked for."""

    def __init__(self, config: pytest.Config, settings: PluginSettings, collected: Collected) -> None:
        self._config = config
        self._gates = settings.gates
        self._policy = settings.policy
        self._collected = collected
        self._elsewhere: list[str] | None = None
        self._lines: list[str] = []
        self.trend: dict[str, list[dict[str, Any]]] | None = None

    @cached_property
    def _machine(self) -> Machine:
        return Machine.of(observe())

    def hears(self, gone: list[str] | None) -> None:
        """Take what a worker of pytest-xdist found to be gone."""
        self._elsewhere = gone if gone is not None else self._elsewhere

    def complete(self, checked: Checked) -> Checked:
        """``checked``, with why it is not compared where no measurement came that far."""
        scaling = checked.scaling
        if self._gates.baseline is None or scaling is None or scaling.compared is not None:
            return checked
        undecided = compare(None, Figures.of(scaling, self._machine), self._gates.limits, scaling.reason)
        return replace(checked, scaling=undecided.on(scaling))

    def finish(self, tests: Mapping[str, Checked], *, keep: bool) -> list[str]:
        """Compare as a whole, and with ``keep`` write the files; returns what went wrong with them."""
        records = {plain_id(self._config, t): c.scaling for t, c in tests.items() if c.scaling is not None}
        gone = self._collected.gone() if self._elsewhere is None else self._elsewhere
        if self._gates.baseline is not None:
            self._lines += self._compared(self._gates.baseline, records, gone)
        problems: list[str] = []
        if keep and self._gates.save is not None:
            problems += self._saved(records, gone)
        if keep and self._gates.history is not None and tests:
            problems += self._append(tests)
        return problems

    def lines(self) -> list[str]:
        """What to say about it at the end of the run."""
        return self._lines

    def _compared(self, base: baseline.Baseline, records: Mapping[str, ScalingRecord], gone: list[str]) -> list[str]:
        figures = decided(records, self._machine)
        slower = {
            test: told
            for test, now in figures.items()
            if records[test].compared == "same" and (told := compare(base.tests.get(test), now, self._gates.limits).slower)
        }
        missing = [test for test in base.tests if test not in records]
        return comparison.lines(
            comparison.Compared(
                name=str(self._gates.compared),
                records=records,
                slower=slower,
                gone=[test for test in missing if test in gone],
                not_run=[test for test in missing if test not in gone],
                renamed=base.renamed(figures, gone),
                gated=REGRESSION in self._policy.fail_on,
            )
        )

    def _saved(self, records: Mapping[str, ScalingRecord], gone: list[str]) -> list[str]:
        path = self._gates.save
        assert path is not None
        measured = decided(records, self._machine)
        try:
            with alone(path):
                # Read again: another run may have saved to it meanwhile.
                before = baseline.read(path) if path.exists() else baseline.Baseline()
                gone = [test for test in gone if test in before.tests]
                if measured or gone or not path.exists():  # an empty one can be compared with: all is new
                    write_atomically(path, baseline.text(before.merged(measured, gone)))
        except Misuse as mistake:
            return [f"the baseline was not saved: {mistake}"]
        except OSError as error:
            return [f"cannot write {path}: {error.strerror or error}"]
        kept = [test for test in before.tests if test not in measured and test not in gone]
        self._lines += comparison.saved(
            comparison.Saved(
                name=str(path),
                measured=len(measured),
                new=[test for test in measured if test not in before.tests],
                kept=len(kept),
                gone=gone,
                renamed=before.renamed(measured, gone),
            )
        )
        return []

    def _append(self, tests: Mapping[str, Checked]) -> list[str]:
        path = self._gates.history
        assert path is not None
        plain = {plain_id(self._config, test): checked for test, checked in tests.items()}
        at = datetime.now(UTC).isoformat(timespec="seconds")
        try:
            history.append(path, at, __version__, self._machine, plain)
            trend = history.trend(path, plain)
        except Misuse as mistake:
            return [f"this run is not in the history: {mistake}"]
        self.trend = {test: trend[plain_id(self._config, test)] for test in tests}
        return []
