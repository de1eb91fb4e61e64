"""One execution directed at a suspicion: as one before it up to an event, then another thread first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_gilcheck.races.schedulers import Base

if TYPE_CHECKING:
    from pytest_gilcheck.races.schedule import Place, Switch
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled


class Directed(Base):
    """Makes ``switches``, of which the last is new. Then nobody is interrupted any more, who was runs last."""

    noted = True

    def __init__(self, switches: Sequence[Switch]) -> None:
        self._switches = {(switch.thread, switch.place, switch.passage): switch.to for switch in switches}
        self._left = len(self._switches)
        self._last = switches[-1]
        self.missed = True  # it never came to the last switch

    def begin(self) -> bool:
        """Once, or once more if that did not count."""
        self._left = len(self._switches)
        self.missed = True
        return True

    def again(self) -> None:
        """The last execution did not count."""
        self.begin()

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:
        """As before, then go on."""
        if self._left and site.place is not None:
            return self._follow((me.number, site.place, passage), ready, me)
        return me

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:
        """As before; then the others in turn, and last the one that was interrupted."""
        if self._left:
            return self._follow((me.number, None, blocks), ready, default)
        return next((thread for thread in ready if thread.number not in {0, self._last.thread}), default)

    def _follow(self, key: tuple[int, Place | None, int], ready: list[Controlled], default: Controlled) -> Controlled:
        number = self._switches.get(key)
        if number is None:
            return default
        self._left -= 1
        if not self._left:
            self.missed = False
        return next((thread for thread in ready if thread.number == number), default)
