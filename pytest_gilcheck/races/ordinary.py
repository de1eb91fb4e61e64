"""Callables one after another, each in a thread of its own, so that one that waits for a later one does not stop it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pytest_gilcheck.races.deadlock import stack_lines
from pytest_gilcheck.races.system import is_asleep

# How often a thread is looked at, and how many looks in a row it has to be asleep to count as waiting, in seconds.
_LOOK = 0.005
_LOOKS = 6
# While nobody else can run, an interpreter that is asked to switch rarely lets each thread run until it waits or ends.
_SWITCH_SECONDS = 1.0
#: All threads waited for so long, in seconds, that they will wait for ever.
PATIENCE = 10.0


class _Turn(threading.Thread):
    def __init__(self, function: Callable[[], Any], number: int) -> None:
        super().__init__(name=f"gilcheck-{number}", daemon=True)
        self._function = function
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self._function()
        except BaseException as error:  # noqa: BLE001 - raised by whoever asked
            self.error = error

    def asleep(self) -> bool:
        """Whether it waits for something, as far as the system says."""
        return self.is_alive() and self.native_id is not None and is_asleep(self.native_id)


def one_after_another(callables: Sequence[Callable[[], Any]]) -> tuple[list[Any], list[BaseException]]:
    """The results in order, and what was raised; the next is called when one has ended, or waits.

    Raises ``TimeoutError`` with the stacks when all that are left have waited for :data:`PATIENCE` seconds.
    """
    turns = [_Turn(function, number) for number, function in enumerate(callables, 1)]
    with _rare_switches():
        for turn in turns:
            turn.start()
            _until_quiet([turn], _LOOK * _LOOKS)
        _until_quiet(turns, PATIENCE)
    waiting = [turn for turn in turns if turn.is_alive()]
    if waiting:
        raise TimeoutError(f"these have waited for {PATIENCE:g} s and nobody is left to end it:\n{_stacks(waiting)}")
    return [turn.result for turn in turns], [turn.error for turn in turns if turn.error is not None]


def _until_quiet(turns: list[_Turn], seconds: float) -> None:
    """Until all of ``turns`` have ended, or those that have not were asleep for ``seconds`` whenever looked at."""
    asleep = time.monotonic()
    for turn in turns:
        turn.join(_LOOK)
    while alive := [turn for turn in turns if turn.is_alive()]:
        if not all(turn.asleep() for turn in alive):
            asleep = time.monotonic()
        elif time.monotonic() - asleep > seconds:
            return
        alive[0].join(_LOOK)


def _stacks(turns: list[_Turn]) -> str:
    frames = sys._current_frames()
    lines = []
    for turn in turns:
        lines += [f"{turn.name}:", *(f"  {line}" for line in stack_lines(frames.get(turn.ident or 0)))]
    return "\n".join(lines)


@contextmanager
def _rare_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
