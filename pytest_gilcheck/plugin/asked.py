"""Which checks a test asks for: by its markers, by ``--gilcheck``, or by calling ``gilcheck.run``."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from pytest_gilcheck.plugin import compat, markers, unsafe
from pytest_gilcheck.plugin.markers import RaceWanted, Wanted
from pytest_gilcheck.plugin.watch import Seen

#: ``threads="auto"`` of a race check: the body's own threads if it has any, else this many copies.
COPIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``None`` for a check that is not asked for; ``if_run``: that for races only if the test calls ``gilcheck.run``."""

    scaling: Wanted | None = None
    race: RaceWanted | None = None
    if_run: bool = False

    @property
    def watches_threads(self) -> bool:
        """Whether it matters if the ordinary run starts threads."""
        return self.race is not None and self.race.threads == "auto" and not self.if_run

    def knowing(self, seen: Seen) -> Asked:
        """The same with ``"auto"`` decided, after the ordinary run."""
        if self.race is None or (self.if_run and not seen.called_run):
            return Asked(scaling=self.scaling)
        if isinstance(self.race.threads, int):
            return self
        return replace(self, race=replace(self.race, threads=1 if seen.concurrent else COPIES))


def asked(item: pytest.Item, *, everything: bool) -> Asked | None:
    """What ``item`` asks for, or ``None``; ``everything``: both checks, where no marker says otherwise."""
    scaling, race = markers.wanted(item), markers.race_wanted(item)
    if scaling is not None or race is not None:
        return Asked(scaling=scaling, race=race)
    if everything:
        return Asked(scaling=Wanted(), race=RaceWanted())
    if "gilcheck" in compat.fixture_names(item):
        return Asked(race=RaceWanted(), if_run=True)
    return None


def against(item: pytest.Item, copies: int) -> str | None:
    """Why ``copies`` of the test cannot be run at once, again and again; ``None`` if nothing speaks against it."""
    return markers.skip_reason(item) or markers.xfail_reason(item) or unsafe.reason(item, copies)
