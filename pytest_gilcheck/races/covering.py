"""Which lines the executions of race checks run: whose doings count, and when threads are at once under way."""

from __future__ import annotations

from _thread import get_ident
from contextlib import AbstractContextManager

from pytest_gilcheck import lines
from pytest_gilcheck.lines import Recorder
from pytest_gilcheck.races.free import noise
from pytest_gilcheck.races.run import run

#: After so many executions each line is looked at once more only: most have been seen by then in all threads that run them.
#: Where it is dear to look (before Python 3.12), nobody does any more, but for schedules that failed.
FULL_EXECUTIONS = 20


def recorder() -> Recorder:
    """What records the lines of all executions under control, and of free runs where ``sys.monitoring`` exists."""
    return Recorder(mine=_mine, concurrent=_concurrent)


def executed(recorder: Recorder, number: int) -> None:
    """So many executions have ended."""
    recorder.brief = number >= FULL_EXECUTIONS


def _mine() -> bool:
    if run.active:
        return run.current == get_ident() and not run.stopping
    return noise.walker() is not None


def _concurrent() -> bool:
    """Whether two threads or more of the execution have been started and have not ended, be it that they wait."""
    if run.active:
        return sum(not thread.done for thread in run.threads) > 1
    now = noise.now.noise
    return now is not None and now.several()


def thread(watching: AbstractContextManager[None], *, always: bool) -> AbstractContextManager[None]:
    """``watching``, and inside of it a trace function if lines are recorded. ``always``: even where many executions were."""
    recorder = lines.now.recorder
    return watching if recorder is None or (recorder.brief and not always) else _Both(watching, recorder.traced())


class _Both:
    """Two contexts, one in the other. No generator of contextlib, whose code would be seen to run."""

    def __init__(self, outer: AbstractContextManager[None], inner: AbstractContextManager[None]) -> None:
        self._outer = outer
        self._inner = inner

    def __enter__(self) -> None:
        self._outer.__enter__()
        self._inner.__enter__()

    def __exit__(self, *_: object) -> None:
        self._inner.__exit__(None, None, None)
        self._outer.__exit__(None, None, None)
