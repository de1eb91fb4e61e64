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
    """One point at which several threads could run. ``options`` are tried from the last to the first."""

    __slots__ = ("cost", "me", "options", "ready", "site")

    def __init__(self, me: int, site: Site | None, ready: tuple[int, ...], options: list[int], cost: int) -> None:
        self.me = me
        self.site = site
        self.ready = ready
        self.options = options  # the last one is what is being tried
        self.cost = cost  # preemptions before this point


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
            self._path[-1].options.pop()
            if self._path[-1].options:
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
        return self._decide(me.number, site, ready, me.number, preemptive=True)

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:  # noqa: ARG002
        """The next in turn first; then each of the others: that is no preemption."""
        return self._decide(me.number, None, ready, default.number, preemptive=False)

    def _decide(self, me: int, site: Site | None, ready: list[Controlled], default: int, *, preemptive: bool) -> Controlled:
        numbers = tuple([thread.number for thread in ready])
        if self._depth < len(self._path):
            choice = self._path[self._depth]
            if choice.me != me or choice.site is not site or choice.ready != numbers:
                self.diverged = self.diverged or (choice.site, site)
                return next((thread for thread in ready if thread.number == default), ready[0])
        elif self._depth >= _DEEPEST:
            self.skipped = self.cut = True
            return next(thread for thread in ready if thread.number == default)
        else:
            options = [default]
            if not preemptive or self.bound is None or self._cost < self.bound:
                options = [number for number in numbers if number != default] + options
            else:
                self.skipped = True
            choice = _Choice(me, site, numbers, options, self._cost)
            self._path.append(choice)
        self._depth += 1
        to = choice.options[-1]
        if preemptive and to != default:
            self._cost += 1
        return ready[numbers.index(to)]
