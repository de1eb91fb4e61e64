"""The schedule of a token once more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gilcheck.races.schedulers import Base
from pytest_gilcheck.races.values import Values

if TYPE_CHECKING:
    from pytest_gilcheck.races.schedule import Schedule
    from pytest_gilcheck.races.threads import Controlled


class Replaying(Base):
    """Follows ``schedule`` and lets nobody interrupt anybody else. ``judged``: what threads do is noted, with its values."""

    def __init__(self, schedule: Schedule, *, judged: bool = False) -> None:
        self.noted = judged
        self.values = Values() if judged else None
        self.script = {(switch.thread, switch.place, switch.passage): switch.to for switch in schedule.switches}

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:
        """As the schedule says; without a word of it, the next in turn."""
        number = (self.script or {}).get((me.number, None, blocks))
        return next((thread for thread in ready if thread.number == number), default)
