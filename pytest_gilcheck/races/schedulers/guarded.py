"""A scheduler of somebody else: what it does wrong is noted, and never looks like a failure of the code under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pytest_gilcheck.errors import Misuse
from pytest_gilcheck.races.schedulers import Base, Scheduler

if TYPE_CHECKING:
    from pytest_gilcheck.races.sites import Site
    from pytest_gilcheck.races.threads import Controlled

#: By the name of a strategy, what makes the scheduler of one execution from a seed.
Strategies = Mapping[str, Callable[[int], Scheduler]]


class BrokenStrategy(Misuse):
    """A strategy that somebody added raised an exception or gave an answer that is none."""


class Guarded(Base):
    """Asks the scheduler that ``make`` returns. After its first mistake it is not asked again: nobody is interrupted then,
    and :meth:`check` says what the mistake was."""

    noted = True

    def __init__(self, name: str, make: Callable[[int], Scheduler], seed: int) -> None:
        self._name = name
        self._mistake: Misuse | None = None
        self._asking: str | None = None
        self._inner: Any = None
        try:
            self._inner = make(seed)
        except Exception as error:  # noqa: BLE001 - it is reported
            self._note(f"raised {_said(error)}", error)
        missing = [method for method in ("choose", "resume") if not callable(getattr(self._inner, method, None))]
        if missing and self._mistake is None:
            kind = type(self._inner).__name__
            self._note(f"made an object of type {kind!r}, which has no method {' and no method '.join(missing)}")
        self.check()

    def again(self) -> None:
        """The last execution did not count."""
        if hasattr(self._inner, "again"):
            self._ask("again", None, [], None)

    def choose(self, me: Controlled, ready: list[Controlled], site: Site, passage: int) -> Controlled:
        """What the other answers."""
        answer: Controlled = self._ask("choose", me, ready, me, site, passage)
        return answer

    def resume(self, me: Controlled, ready: list[Controlled], default: Controlled, blocks: int) -> Controlled:
        """What the other answers."""
        answer: Controlled = self._ask("resume", me, ready, default, default, blocks)
        return answer

    def check(self) -> None:
        """Raise :class:`BrokenStrategy` if a mistake was made."""
        if self._asking is not None:
            self._note(f"did not return from {self._asking}()")
        if self._mistake is not None:
            raise self._mistake

    def _ask(self, method: str, me: Any, ready: list[Controlled], otherwise: Any, *more: Any) -> Any:
        if self._mistake is not None:
            return otherwise
        self._asking = method
        try:
            if hasattr(self._inner, "events"):
                self._inner.events = self.events
            answer = getattr(self._inner, method)(*([me, list(ready), *more] if me is not None else ()))
        except Exception as error:  # noqa: BLE001 - it is reported
            self._asking = None
            self._note(f"raised in {method}(): {_said(error)}", error)
            return otherwise
        self._asking = None
        if me is None or any(answer is thread for thread in ready):
            return answer
        self._note(f"returned {_shown(answer)} from {method}(), which is none of the threads that can run")
        return otherwise

    def _note(self, what: str, cause: Exception | None = None) -> None:
        if self._mistake is None:
            self._mistake = BrokenStrategy(f"strategy {self._name!r} {what}")
            self._mistake.__cause__ = cause


def _said(error: Exception) -> str:
    """What was raised, and where."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = "" if last is None else f" at {last.tb_frame.f_code.co_filename}:{last.tb_lineno}"
    return f"{type(error).__name__}: {error}{where}"


def _shown(answer: object) -> str:
    """A short text for anything, whatever its ``repr`` does."""
    try:
        return repr(answer)[:100]
    except Exception:  # noqa: BLE001 - that is not what went wrong
        return f"an object of type {type(answer).__name__!r}"
