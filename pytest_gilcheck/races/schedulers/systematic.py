"""Every interleaving with at most so many preemptions, depth first (CHESS, Musuvathi et al., OSDI 2008), unreduced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_gilcheck.races.schedulers import Base

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled


# Points of one execution at which something else is tried; there are more only in executions too long to try much.
_DEEPEST = 50_000


class _Choice:
    """One point at which several threads could run; threads are bits. ``to`` is being tried, ``left`` is still to be."""

    __slots__ = ("left", "me", "ready", "site", "to")

    def __init__(self, me: int, site: Site | None, ready: int, to: int, left: int) -> None:
        self.me = me
        self.site = site
        self.ready = ready
        self.to = to
        self.left = left


class Systematic(Base):
    """Depth-first search. A preemption is a switch from a thread that could have gone on; ``bound`` of ``None``: any number.

    ``skipped`` tells after the last execution whether the bound kept anything from being tried; ``diverged`` says where the
    same choices led elsewhere than before, because the scenario depends on something that is not controlled.
    """

    def __init__(self, bound: int | None) -> None:
        self.bound = bound
        self.skipped = False
        self.cut = False  # an execution was too long to try something else everywhere in it
        self.diverged: tuple[Site | None, Site | None] | None = None
        self._path: list[_Choice] = []
        self._depth = 0
        self._cost = 0
        self._first = True

    def begin(self) -> bool:
        """Go back to the last point with something left to try."""
        self._depth = self._cost = 0
        if self._first:
            self._first = False
            return True
        while self._path:
            last = self._path[-1]
            if last.left:
                last.to = 1 << last.left.bit_length() - 1
                last.left ^= last.to
                return True
            self._path.pop()
        return False

    def again(self) -> None:
        """The same execution once more: the last one did not count."""
        self._depth = self._cost = 0

    def restart(self) -> None:
        """Threads turned out to meet elsewhere, too: begin anew."""
        self._path.clear()
        self._first = True
        self.skipped = False

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:  # noqa: ARG002
        """Go on first; then each of the others, if the bound allows one more preemption."""
        depth, path = self._depth, self._path
        if depth < len(path):
            to = self._known(path[depth], me, ready, site)
        else:
            to = self._new(me, ready, site, me.bit, self.bound is None or self._cost < self.bound)
        if to is None or to == me.bit:
            return me
        self._cost += 1
        return _of_bit(to, ready)

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:  # noqa: ARG002
        """The next in turn first; then each of the others: that is no preemption."""
        depth, path = self._depth, self._path
        if depth < len(path):
            to = self._known(path[depth], me, ready, None)
        else:
            to = self._new(me, ready, None, default.bit, True)
        return default if to is None else _of_bit(to, ready)

    def _known(self, choice: _Choice, me: Controlled, ready: list[Controlled], site: Site | None) -> int | None:
        """What is tried at a point that was come to before; ``None`` if this is another."""
        if choice.site is not site or choice.me != me.number or choice.ready != _bits(ready):
            self.diverged = self.diverged or (choice.site, site)
            return None
        self._depth += 1
        return choice.to

    def _new(self, me: Controlled, ready: list[Controlled], site: Site | None, default: int, others: bool) -> int:
        """A point that was not come to before: the default first, and the others later if they may be tried."""
        if self._depth >= _DEEPEST:
            self.skipped = self.cut = True
            return default
        bits = _bits(ready)
        self._path.append(_Choice(me.number, site, bits, default, bits ^ default if others else 0))
        self._depth += 1
        if not others:
            self.skipped = True
        return default


def _bits(ready: list[Controlled]) -> int:
    bits = 0
    for thread in ready:
        bits |= thread.bit
    return bits


def _of_bit(bit: int, ready: list[Controlled]) -> Controlled:
    for thread in ready:
        if thread.bit == bit:
            return thread
    return ready[0]
