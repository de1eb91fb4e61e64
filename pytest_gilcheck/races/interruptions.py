"""Ctrl-C, and whatever else has a signal handler, while the engine is at work: it waits until all can be put back.

A handler that raises, as Ctrl-C's and those of time limits do, may do so anywhere: in the middle of taking rewritten code
out of functions, too. So handlers run at once only where code that is not the engine's runs, and otherwise between two
executions, or when the exploration is over and all is as before.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Handler = Callable[[int, FrameType | None], object]


class Interruptions:
    """Of one process; signal handlers run in its main thread only.

    ``through`` is set, without a call in between, around code that is not the engine's: there a handler may raise. ``taker``
    decides instead while an execution may be going on: it is called with a handler and its arguments, and returns whether
    it saw to it. ``raised`` is what a handler raised since the last :meth:`deliver`: no failure of what ran.
    """

    def __init__(self) -> None:
        self.through = False
        self.raised: BaseException | None = None
        self.taker: Callable[[Handler, int, FrameType | None], bool] | None = None
        self._held = False
        self._pending: list[tuple[Handler, int]] = []

    @contextmanager
    def held(self) -> Iterator[None]:
        """Around all that has to be put back. Inside of itself, and in other threads than the main one, it does nothing."""
        if self._held or threading.current_thread() is not threading.main_thread():
            yield
            return
        changed: list[tuple[int, Handler, Handler]] = []
        self._held = True
        try:
            for number in signal.valid_signals():
                handler = signal.getsignal(number)
                if callable(handler):
                    ours = self._holding(handler)
                    changed.append((number, ours, handler))
                    signal.signal(number, ours)
            yield
        finally:
            try:
                _put_back(changed)
            finally:
                self._held = False
                self.deliver()

    def let(self, call: Callable[[], object]) -> None:
        """Make a ``call`` of code that is not the engine's. Raises what it raises, or what a handler raised meanwhile."""
        self.through = True
        try:
            call()
        finally:
            self.through = False
            self.deliver()

    def deliver(self) -> None:
        """Run the handlers that had to wait, and raise what one raised, even if what ran paid no heed to it.

        To be called where the engine may be left by an exception.
        """
        if not self._pending and self.raised is None:
            return
        self.through = True
        try:
            while self._pending:
                handler, number = self._pending.pop(0)
                handler(number, None)
        finally:
            self.through = False
            error, self.raised = self.raised, None
        if error is not None:
            raise error

    def _holding(self, handler: Handler) -> Handler:
        def hold(number: int, frame: FrameType | None) -> None:
            if not self._held or self.through:
                run(number, frame)
            elif self.taker is None or not self.taker(run, number, frame):
                self._pending.append((handler, number))

        def run(number: int, frame: FrameType | None) -> None:
            try:
                handler(number, frame)
            except BaseException as error:
                if self._held:
                    self.raised = error
                raise

        return hold


def _put_back(changed: list[tuple[int, Handler, Handler]]) -> None:
    """The handlers of before, but where what ran has set another. One that was put back may raise at once."""
    try:
        while changed:
            number, ours, handler = changed.pop()
            if signal.getsignal(number) is ours:
                signal.signal(number, handler)
    finally:
        if changed:
            _put_back(changed)


interruptions = Interruptions()
