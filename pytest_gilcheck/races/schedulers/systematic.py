"""Every interleaving that makes a difference, depth first: bounded by preemptions (CHESS, Musuvathi et al., OSDI 2008) and
reduced to one for each order of dependent events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pytest_gilcheck.races.footprint import Footprint
from pytest_gilcheck.races.reduction import Reduction
from pytest_gilcheck.races.schedulers import Base

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled


# Points of one execution at which something else is tried; there are more only in executions too long to try much.
_DEEPEST = 50_000
# Executions with more events than this are too long for all of what follows from them to be tried, and to look for it.
_MOST_REDUCED = 2_000


class _Choice:
    """One point at which several threads could run; threads are bits.

    ``to`` is being tried, ``left`` is still to be, ``tried`` was or is. ``allowed`` are those that the bound allows. ``at``
    is the number of events that came before it.
    """

    __slots__ = ("allowed", "at", "left", "me", "ready", "site", "sleep", "steps", "to", "tried")

    def __init__(self, me: int, site: Site | None, ready: int, to: int, allowed: int) -> None:
        self.me = me
        self.site = site
        self.ready = ready
        self.to = self.tried = to
        self.allowed = allowed
        self.left = 0
        self.at = 0
        self.steps: dict[int, Footprint] = {}  # of each thread that was tried: what it does from here to the next point
        self.sleep: dict[int, Footprint] = {}  # of each that need not be tried: as if it had run at a point before


class Systematic(Base):
    """Depth-first search. A preemption is a switch from a thread that could have gone on; ``bound`` of ``None``: any number.

    ``reduced``: what only differs in the order of independent events is left out. With a bound, a thread that has to be
    tried first is also tried where the one that it overtakes began its turn, which may cost no preemption (conservative
    backtracking: Coons, Musuvathi and McKinley, OOPSLA 2013).

    ``skipped`` tells after the last execution whether the bound kept anything from being tried; ``diverged`` says where the
    same choices led elsewhere than before, because the scenario depends on something that is not controlled. ``pruned``
    counts the choices that were left out. ``events`` is where the execution notes its events.
    """

    noted = True

    def __init__(self, bound: int | None, *, reduced: bool = True) -> None:
        self.bound = bound
        self.skipped = False
        self.cut = False  # an execution was too long to try something else everywhere in it
        self.diverged: tuple[Site | None, Site | None] | None = None
        self.pruned = 0
        self.reduced = reduced
        self._path: list[_Choice] = []
        self._depth = 0
        self._cost = 0
        self._first = True
        self._known_depth = 0  # so much of the path led to the coming execution
        self._asleep: int | None = None  # so many events came before all that follows had been tried elsewhere

    def begin(self) -> bool:
        """Go back to the last point with something left to try."""
        if self._first:
            self._first = False
            self.again()
            return True
        if self.reduced and self._path:
            self._reduce()
        while self._path:
            last = self._path[-1]
            if last.left:
                last.to = 1 << last.left.bit_length() - 1
                last.left ^= last.to
                last.tried |= last.to
                self._known_depth = len(self._path)
                self.again()
                return True
            self.pruned += (last.allowed & last.ready & ~last.tried).bit_count()
            self._path.pop()
        return False

    def again(self) -> None:
        """The same execution once more: the last one did not count."""
        del self._path[self._known_depth :]
        self._depth = self._cost = 0
        self._asleep = None

    def restart(self) -> None:
        """Threads turned out to meet elsewhere, too: begin anew."""
        self._path.clear()
        self._known_depth = 0
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
        if self._asleep is not None:
            return default
        bits = _bits(ready)
        choice = _Choice(me.number, site, bits, default, bits if others else default)
        choice.at = len(self.events)
        if self._path and self.reduced and self.bound is None and choice.at <= _MOST_REDUCED:
            choice.sleep = self._sleep_after(self._path[-1])
            awake = [bit for bit in (default, *(thread.bit for thread in ready)) if bit not in choice.sleep]
            if not awake:
                self._asleep = len(self.events)
                return default
            choice.to = choice.tried = awake[0]
        self._path.append(choice)
        self._depth += 1
        if not self.reduced:
            self._add(choice, bits)
        return choice.to

    def _sleep_after(self, choice: _Choice) -> dict[int, Footprint]:
        """The threads that need not be tried after the step that ``choice`` led to (sleep sets: Godefroid, 1996)."""
        step = choice.steps[choice.to] = Footprint(self.events, choice.at)
        others = choice.sleep | {bit: other for bit, other in choice.steps.items() if bit != choice.to}
        ran = {event.thread for event in self.events[choice.at :]}  # also a thread that was the only one that could
        return {bit: other for bit, other in others.items() if bit.bit_length() - 1 not in ran and not step.meets(other)}

    def _add(self, choice: _Choice, threads: int) -> None:
        """Try these there, too."""
        wanted = threads & choice.ready & ~choice.tried & ~_sum(choice.sleep)
        if wanted & ~choice.allowed:
            self.skipped = True
        choice.left |= wanted & choice.allowed

    def _reduce(self) -> None:
        """What follows from the events of the last execution."""
        path = self._path
        events = self.events if self._asleep is None else self.events[: self._asleep]
        reduction = None if len(events) > _MOST_REDUCED else Reduction(events, attempts=self.bound is not None)
        if reduction is None or reduction.unordered:
            for choice in path:
                self._add(choice, choice.ready)
            return
        if self._asleep is None:
            path[-1].steps[path[-1].to] = Footprint(events, path[-1].at)
        points = _points(path, len(events))
        # What came before the last decision is what it was in an execution before, and so is what followed from it.
        since = path[self._known_depth - 1].at if self._known_depth else 0
        for event, thread, initials in reduction.reversals(since):
            point = points[event]
            if point >= 0:
                self._reverse(point, 1 << thread, initials)

    def _reverse(self, point: int, thread: int, initials: int) -> None:
        choice = self._path[point]
        possible = initials & choice.ready
        if self.bound is not None:
            for place in {point, self._begin_of_turn(point)}:
                here = self._path[place]
                self._add(here, (initials | thread) & here.ready or here.ready)
            return
        if possible & (choice.tried | choice.left | _sum(choice.sleep)):
            return
        if possible & thread:
            self._add(choice, thread)
        else:
            self._add(choice, (possible & -possible) or choice.ready)

    def _begin_of_turn(self, point: int) -> int:
        """Where the thread that runs after ``point`` was switched to."""
        path = self._path
        runs = path[point].to
        while point and path[point].site is not None and 1 << path[point].me == runs:
            point -= 1
        return point


def _points(path: list[_Choice], events: int) -> list[int]:
    """The number of the last choice before each event."""
    points = []
    number = -1
    for event in range(events):
        while number + 1 < len(path) and path[number + 1].at <= event:
            number += 1
        points.append(number)
    return points


def _sum(threads: Iterable[int]) -> int:
    bits = 0
    for bit in threads:
        bits |= bit
    return bits


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
