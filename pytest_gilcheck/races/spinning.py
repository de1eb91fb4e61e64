"""Whether a thread that computes for long waits in a loop for another one: then it comes by in one state again and again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from types import FrameType

from pytest_gilcheck.races import deadlock
from pytest_gilcheck.races.sites import Site

# So many hooks are looked at before anything is said.
_LOOKS = 300
# What happens less often may be chance.
_LEAST = 3
# A loop comes by a site in one state at least so often among all of its looks at it.
_SAME_SHARE = 0.5
# After so many times without an answer, numbers and strings may differ: the loop may count how often it looked.
_LENIENT_AFTER = 10
# And after so many, any site seen repeatedly is taken for one of a loop that waits: better slow than hung.
_ANY_AFTER = 60


class Suspicion:
    """Looks at one thread from hook to hook, for as long as no other has a turn."""

    def __init__(self) -> None:
        self._rounds = 0
        self._looks = 0
        self._seen: dict[Site, Counter[Hashable]] = {}

    def look(self, site: Site | None, frame: FrameType) -> set[Site] | None:
        """The thread, in ``frame``, comes by ``site``. Returns, once enough was seen, the sites of a loop that waits: none
        if it does not look like one; ``None`` as long as that is not known."""
        self._looks += 1
        if site is not None and not site.hot:
            state = deadlock.snapshot(frame, numbers=self._rounds < _LENIENT_AFTER)
            self._seen.setdefault(site, Counter())[state] += 1
        if self._looks < _LOOKS:
            return None
        seen, self._seen, self._looks = self._seen, {}, 0
        self._rounds += 1
        return {site for site, states in seen.items() if self._is_of_a_loop(states)}

    def _is_of_a_loop(self, states: Counter[Hashable]) -> bool:
        often = states.total()
        if often < _LEAST:
            return False
        return self._rounds > _ANY_AFTER or max(states.values()) > often * _SAME_SHARE
