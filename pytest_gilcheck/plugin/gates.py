"""What the options of the baseline and of the history ask for, as checked values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from pytest_gilcheck.gating import history
from pytest_gilcheck.gating.baseline import Baseline, read
from pytest_gilcheck.gating.regression import MAX_REGRESSION, Limits
from pytest_gilcheck.plugin import markers
from pytest_gilcheck.plugin.numbers import number
from pytest_gilcheck.reporting.files import check_writable


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """``baseline`` is what to compare with, as it was at the start, from the file ``compared``; ``save`` is the file that
    the figures of this run go into, and ``saved`` what it held at the start; ``history`` is what runs are appended to."""

    baseline: Baseline | None = None
    compared: Path | None = None
    save: Path | None = None
    saved: Baseline = field(default_factory=Baseline)
    history: Path | None = None
    limits: Limits = field(default_factory=Limits)

    @property
    def known(self) -> set[str]:
        """The tests that either file has figures of."""
        return {*(self.baseline or Baseline()).tests, *self.saved.tests}


class Reader(Protocol):
    """Reads options one by one and remembers what was wrong with them."""

    def read(self, name: str, parse: Callable[[str], Any], default: Any) -> Any:
        """The option ``name`` as ``parse`` has it, which raises :class:`Misuse`; ``default`` where it is not given."""


def resolve(config: pytest.Config, reader: Reader) -> Gates:
    """Read the options, and the files that they name."""
    save: Path | None = reader.read("save-baseline", lambda text: _writable(config, "save_baseline", text), None)

    def known(text: str) -> tuple[Path, Baseline]:
        path = _path(config, "baseline", text)
        # The first run with both options has nothing to compare with yet.
        return path, Baseline() if path == save and not path.exists() else read(path)

    compared, baseline = reader.read("baseline", known, (None, None))
    return Gates(
        baseline=baseline,
        compared=compared,
        save=save,
        saved=Baseline() if save is None else reader.read("save-baseline", lambda _: _existing(save), Baseline()),
        history=reader.read("history", lambda text: _history(config, text), None),
        limits=Limits(
            regression=reader.read("max-regression", number(markers.share), MAX_REGRESSION),
            speedup_loss=reader.read("max-speedup-loss", number(markers.share), None),
        ),
    )


def _path(config: pytest.Config, ini: str, text: str) -> Path:
    """Seen from the folder that pytest was started in; in the configuration file, from the folder of that."""
    typed = config.getoption(f"gilcheck_{ini}") is not None
    base = config.invocation_params.dir if typed or config.inipath is None else config.inipath.parent
    return Path(base, text)


def _writable(config: pytest.Config, ini: str, text: str) -> Path:
    path = _path(config, ini, text)
    if not hasattr(config, "workerinput"):
        check_writable(path)
    return path


def _existing(path: Path) -> Baseline:
    return read(path) if path.exists() else Baseline()


def _history(config: pytest.Config, text: str) -> Path:
    path = _writable(config, "history", text)
    if not hasattr(config, "workerinput"):
        history.check(path)
    return path
