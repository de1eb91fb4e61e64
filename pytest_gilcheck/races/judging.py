"""Around operations that run at once: in which order they take turns, if in one, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pytest_gilcheck.races.oracles.outcome import Outcome, take
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.threads import Controlled, Wait


@dataclass(slots=True, kw_only=True)
class Judging:
    """Of one execution: ``outcomes`` are what came of the operations each time that some were run at once.

    ``orders`` are those in which they take turns, one for each time; after the last of them, they do not. ``ordered`` and
    ``foreign``: see :class:`Structure`.
    """

    ordered: bool = False
    foreign: Callable[[type], bool] = lambda _: False
    orders: Sequence[Sequence[int]] = ()
    outcomes: list[Outcome] = field(default_factory=list)

    def seen(self, operations: Sequence[Sequence[Callable[[], Any]]]) -> Sequence[Sequence[Callable[[], Any]]]:
        """``operations`` as they are to be run now."""
        number = len(self.outcomes)
        return Turns(self.orders[number]).applied(operations) if number < len(self.orders) else operations

    def take(
        self,
        operations: Sequence[Sequence[Callable[[], Any]]],
        children: Sequence[Controlled],
        shared: Mapping[str, object] | None,
    ) -> None:
        """``children`` have run ``operations``, each one's in one thread."""
        outcome = take(
            operations,
            [(child.result, child.error) for child in children],
            threads=[(child.number, (child.ident, child.native_id, child.name)) for child in children],
            ordered=self.ordered,
            volatile=frozenset(run.volatile),
            foreign=self.foreign,
            shared=shared,
        )
        self.outcomes.append(replace(outcome, unfinished=any(map(_can_go_on, run.threads[1:]))))


def _can_go_on(thread: Controlled) -> bool:
    """Whether ``thread`` may still do something, though nobody does anything for it."""
    return not thread.done and (thread.outside or thread.deadline is not None or thread in run.ready)


class Turns:
    """No two of the operations of several threads at once, in the ``order`` of the positions of the threads.

    A thread that raises has no more turns.
    """

    def __init__(self, order: Sequence[int]) -> None:
        self._left = list(order)

    def applied(self, operations: Sequence[Sequence[Callable[[], Any]]]) -> list[list[Callable[[], Any]]]:
        """``operations``, a sequence for each thread, each of which waits for its turn."""
        return [[partial(self._in_turn, position, each) for each in one] for position, one in enumerate(operations)]

    def _in_turn(self, position: int, operation: Callable[[], Any]) -> Any:
        while self._left and self._left[0] != position:
            run.wait(("turn", id(self)), Wait("its turn", kind="run"))
        raised = True
        try:
            result = operation()
            raised = False
        finally:
            del self._left[:1]
            if raised:
                self._left = [other for other in self._left if other != position]
            run.open(("turn", id(self)))
        return result
