"""Where the standard library takes objects in the order of their addresses or hashes: an order that a replay repeats.

Which order that is makes no difference to what the library promises; but the locks of futures are taken in it, and threads
joined. Only code of the library gets these in place of ``set`` and ``sorted``.
"""

# ruff: noqa: ARG001 - all handlers take what the convention of the package says

from __future__ import annotations

import builtins
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from pytest_gilcheck.races.primitives.limits import Handler
from pytest_gilcheck.races.run import run
from pytest_gilcheck.races.sites import Site

#: The functions in which that matters.
PLACES = frozenset({"wait", "as_completed", "_AcquireFutures.__init__", "ThreadPoolExecutor.__init__"})


class Ordered(set[Any]):
    """A set that is gone over in the order in which its members came."""

    __slots__ = ("_order",)

    def __init__(self, members: Iterable[Any] = ()) -> None:
        self._order = dict.fromkeys(members)
        super().__init__(self._order)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._order)

    def add(self, member: Any) -> None:
        """As of any set."""
        super().add(member)
        self._order[member] = None

    def discard(self, member: Any) -> None:
        """As of any set."""
        super().discard(member)
        self._order.pop(member, None)

    def remove(self, member: Any) -> None:
        """As of any set."""
        super().remove(member)
        self._order.pop(member, None)

    def clear(self) -> None:
        """As of any set."""
        super().clear()
        self._order.clear()


def ordered(site: Site, call: Handler, owner: object, *args: Any) -> Any:
    """``set(...)``."""
    return Ordered(*args)


def by_age(site: Site, call: Handler, owner: object, *args: Any, **kwargs: Any) -> Any:
    """``sorted(..., key=id)``: by when they were first sorted, which is one order for all threads of an execution."""
    if kwargs != {"key": builtins.id}:
        return call(*args, **kwargs)
    members: list[Any] = list(*args)
    return sorted(members, key=_age) if all(map(_has_age, members)) else call(members, **kwargs)


def _has_age(member: object) -> bool:
    known = run.ages.get(builtins.id(member))
    if known is None or known[0]() is not member:
        try:
            run.ages[builtins.id(member)] = weakref.ref(member), len(run.ages)
        except TypeError:
            return False
    return True


def _age(member: object) -> int:
    return run.ages[builtins.id(member)][1]


FUNCTIONS: dict[int, Handler] = {id(set): ordered, id(sorted): by_age}
