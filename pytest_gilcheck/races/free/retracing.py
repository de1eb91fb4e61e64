"""An execution that follows what happened in a free run: the same threads come to the same places in the same order."""

from __future__ import annotations

import _random
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from pytest_gilcheck.races.schedule import Place, code_digest
from pytest_gilcheck.races.schedulers import Base

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled

#: A thread at a place.
Step = tuple[int, Place]

#: What a thread passes is written down a moment before it happens: so many variants of the order are tried as well ...
_VARIANTS = 30
# ... in which each step may have come later by so many at most.
_LATER = 4.0
# The order itself is followed more than once, as the first executions show where threads meet.
_EXACT = 3


class Retracing(Base):
    """Of the threads that can run, the one whose next of ``steps`` comes first goes on; those that have none come last."""

    noted = True

    def __init__(self, steps: Sequence[Step]) -> None:
        self._places: dict[int, list[tuple[Place, int]]] = {}  # of each thread, with the moment
        for moment, (thread, place) in enumerate(steps):
            self._places.setdefault(thread, []).append((place, moment))
        self._at: dict[int, int] = {}
        self._pending: dict[int, int] = {}

    def again(self) -> None:
        """The last execution did not count."""
        self._at.clear()
        self._pending.clear()

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:  # noqa: ARG002
        """``me`` came to its next step, if there is such a step."""
        self._come(me.number, site.place or Place(code_digest(site.code), site.offset))
        return self._pick(ready, me)

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:  # noqa: ARG002
        """Whose step is the next."""
        return self._pick(ready, default)

    def _come(self, thread: int, place: Place) -> None:
        places = self._places.get(thread, [])
        for number in range(self._at.get(thread, 0), len(places)):
            if places[number][0] == place:
                self._at[thread] = self._pending[thread] = number
                return

    def _pick(self, ready: list[Controlled], default: Controlled) -> Controlled:
        best = min(ready, key=lambda thread: (self._moment(thread.number), thread is not default, thread.number))
        done = self._pending.pop(best.number, None)
        if done is not None:
            self._at[best.number] = done + 1
        return best

    def _moment(self, thread: int) -> float:
        places, at = self._places.get(thread, ()), self._at.get(thread, 0)
        return places[at][1] if at < len(places) else float("inf")


def retracings(steps: Sequence[Step], known: Callable[[], AbstractSet[Place]], seed: int) -> Iterator[Retracing]:
    """Executions that may show what happened in a free run with these ``steps``; the likeliest come first.

    ``known`` gives the places at which executions can switch, as far as they were found: a step at any other is never taken.
    """
    chance = _random.Random(seed)
    for variant in range(_EXACT + _VARIANTS):
        places = known()
        taken = [step for step in steps if step[1] in places]
        if variant >= _EXACT:
            moments = [number + _LATER * chance.random() ** 2 for number in range(len(taken))]
            taken = [step for _, _, step in sorted(zip(moments, range(len(taken)), taken, strict=True))]
        yield Retracing(taken)
