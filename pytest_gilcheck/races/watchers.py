"""How the interpreter says which code starts: one global event from 3.12 on, a profile function for each thread before."""

from __future__ import annotations

import sys
import threading
from _thread import get_ident
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import CodeType, FrameType

from pytest_gilcheck.tracers import TOOL, monitoring, put_profile_aside

#: Ids of tools, those first that nobody else is meant to have.
_IDS = (3, 4, 5, 2, 1, 0)

#: Calls of functions in C after which a thread is not watched any further, where watching has a price.
_MOST_EVENTS = 10_000

Notice = Callable[[CodeType], bool]


class Profiler:
    """A profile function in each watched thread; that of somebody else is put aside meanwhile."""

    free = False

    def __init__(self) -> None:
        self._function: Callable[[FrameType, str, object], None] | None = None
        self._events: dict[int, int] = {}  # by thread; nothing may be left in a thread, as with a threading.local

    def start(self, notice: Notice, *, afresh: bool) -> None:
        """From now on tell ``notice``; the threads have to be entered."""
        if self._function is not None and not afresh:
            return
        done: dict[int, CodeType] = {}  # with the code, so that its id stays its own

        def profile(frame: FrameType, event: str, _: object) -> None:
            if event != "call":
                if event == "c_call":
                    self._weary()
                return
            code = frame.f_code
            if id(code) not in done and notice(code):
                done[id(code)] = code

        self._function = profile

    def _weary(self) -> None:
        """Code that runs for long is seen in the beginning; to look at every call of it would take many times as long."""
        number = get_ident()
        events = self._events[number] = self._events.get(number, 0) + 1
        if events > _MOST_EVENTS:
            sys.setprofile(None)

    def stop(self) -> None:
        """Nothing is left on outside of :meth:`thread`."""
        self._function = None

    def thread(self) -> AbstractContextManager[None]:
        """Watch the calling thread."""
        self._events[get_ident()] = 0
        return _Profiled(self._function)

    def newcomers(self) -> AbstractContextManager[None]:
        """Watch the threads that are started while this lasts, by ``threading``."""
        return _ProfiledNewcomers(self._function)


class _Profiled:
    """A profile function in the calling thread. No generator of contextlib, whose code would be seen to run."""

    def __init__(self, function: Callable[[FrameType, str, object], None] | None) -> None:
        self._function = function

    def __enter__(self) -> None:
        self._resume = put_profile_aside()
        sys.setprofile(self._function)

    def __exit__(self, *_: object) -> None:
        if sys.getprofile() in {self._function, None}:  # it is off where there was too much to see
            sys.setprofile(None)
            self._resume()


class _ProfiledNewcomers:
    """A profile function in each thread that ``threading`` starts."""

    def __init__(self, function: Callable[[FrameType, str, object], None] | None) -> None:
        self._function = function

    def __enter__(self) -> None:
        self._before = threading.getprofile()
        threading.setprofile(self._function)

    def __exit__(self, *_: object) -> None:
        threading.setprofile(self._before)


class Nothing:
    """A context for what needs none."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


class Monitor:
    """The event "a function starts" of all threads, switched off for each code object that need not be told again."""

    free = True

    def __init__(self, tool: int) -> None:
        self._tool = tool

    @classmethod
    def available(cls) -> Monitor | None:
        """One with an id that is free; ``None`` when there is none, or no such event in this Python."""
        for tool in _IDS if monitoring is not None else ():
            if monitoring.get_tool(tool) is None:
                monitoring.use_tool_id(tool, TOOL)
                return cls(tool)
        return None

    def start(self, notice: Notice, *, afresh: bool) -> None:
        """From now on tell ``notice``; ``afresh``, also about what was switched off, which goes for all tools."""

        def started(code: CodeType, _: int) -> object:
            return monitoring.DISABLE if notice(code) else None

        monitoring.register_callback(self._tool, monitoring.events.PY_START, started)
        monitoring.set_events(self._tool, monitoring.events.PY_START)
        if afresh:
            monitoring.restart_events()

    def stop(self) -> None:
        """Switch the events off and give the id back."""
        monitoring.set_events(self._tool, monitoring.events.NO_EVENTS)
        monitoring.register_callback(self._tool, monitoring.events.PY_START, None)
        monitoring.free_tool_id(self._tool)

    def thread(self) -> AbstractContextManager[None]:
        """All threads are watched."""
        return Nothing()

    def newcomers(self) -> AbstractContextManager[None]:
        """See :meth:`thread`."""
        return Nothing()
