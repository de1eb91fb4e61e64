"""Quiet: no automatic garbage collection and no tracer around executions; and the means to see that all was put back."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Self

from pytest_gilcheck.races.functions import all_functions
from pytest_gilcheck.races.watchers import TOOL, monitoring, put_profile_aside

#: What the compiler makes constants of; anything else in code was put there by somebody.
_CONSTANTS = (type(None), bool, int, float, complex, str, bytes, tuple, frozenset, slice, type(...), CodeType)

#: Modules that schedulers of threads like to patch.
_WATCHED = ("threading", "time", "queue", "builtins", "importlib._bootstrap")

#: So many container objects more than at the last sweep make the next one due.
SWEEP_OBJECTS = 5_000


class quiet:  # noqa: N801 - used like a function: with quiet():
    """Around one or more executions: the garbage collector does not start by itself, and no tracer sees anything.

    To be used with ``with`` in the thread that starts the executions. ``debuggable`` leaves tracers on, for a debugger.
    A finalizer that runs, or a line that is counted, at another moment of each execution would make them unequal; and
    a coverage tool would count lines that only a schedule of ours reached.
    """

    def __init__(self, *, debuggable: bool = False) -> None:
        self._debuggable = debuggable
        self._undo = ExitStack()
        self._tracing: tuple[Any, Any] | None = None

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            if gc.isenabled():
                gc.disable()
                undo.callback(gc.enable)
            else:
                undo.callback(gc.disable)
            if not self._debuggable:
                undo.callback(_hooks_aside())
                undo.callback(put_profile_aside())
                undo.callback(_monitors_aside())
            self._undo = undo.pop_all()
        if not self._debuggable:
            # Last, and in this very frame: see __exit__.
            frame = sys._getframe()
            self._tracing = (sys.gettrace(), frame.f_trace)
            sys.settrace(None)
        return self

    def __exit__(self, *_: object) -> None:
        self._undo.close()
        if self._tracing is not None:
            # Tracers count calls and returns. The last that this one saw was the call of __enter__, so the return from
            # here has to be the next, as if it had been on all the time. One that is written in C takes over at a call only.
            tracer, sys._getframe().f_trace = self._tracing
            self._tracing = None
            sys.settrace(tracer)
            if tracer is not None:
                _call()


def sweep(limit: int = SWEEP_OBJECTS) -> bool:
    """Collect garbage between executions if more than ``limit`` objects came since; whether it did.

    Older generations take part as often as the interpreter's thresholds say, so memory stays bounded.
    """
    young, *counts = gc.get_count()
    if young <= limit:
        return False
    generation = 0
    for count, threshold in zip(counts, gc.get_threshold()[1:], strict=True):
        if not threshold or count <= threshold:
            break
        generation += 1
    gc.collect(generation)
    return True


def _call() -> None:
    """Something to call."""


def _hooks_aside() -> Callable[[], None]:
    """Take away what ``threading`` gives to new threads; returns what puts it back."""
    tracer, profiler = threading.gettrace(), threading.getprofile()
    threading.settrace(None)
    threading.setprofile(None)

    def resume() -> None:
        threading.settrace(tracer)
        threading.setprofile(profiler)

    return resume


def _monitors_aside() -> Callable[[], None]:
    """Take the callbacks of other tools away; returns what puts them back.

    Their events stay switched on, so that nothing is disabled for good that happens meanwhile.
    """
    taken = [] if monitoring is None else [taken for tool in range(6) for taken in _take(tool)]

    def resume() -> None:
        for tool, event, callback in taken:
            if monitoring.get_tool(tool) is not None:
                monitoring.register_callback(tool, event, callback)

    return resume


def _take(tool: int) -> list[tuple[int, int, Any]]:
    if monitoring.get_tool(tool) in {None, TOOL}:
        return []
    taken = []
    for event in _events():
        callback = monitoring.register_callback(tool, event, None)
        if callback is not None:
            taken.append((tool, event, callback))
    return taken


def _events() -> list[int]:
    """All events, one bit each; from 3.14 on the one that stands for two others comes last and has nothing of its own."""
    values = {value for name, value in vars(monitoring.events).items() if name.isupper()}
    return sorted(value for value in values if value and value & (value - 1) == 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How things stand in this process and thread; it keeps all live functions alive."""

    functions: dict[int, tuple[FunctionType, CodeType]]
    namespaces: dict[str, dict[str, Any]]
    state: dict[str, object]


def snapshot() -> Snapshot:
    """What has to be the same again after a search."""
    functions = {id(function): (function, function.__code__) for function in all_functions()}
    namespaces = {name: dict(vars(module)) for name in _WATCHED if (module := sys.modules.get(name))}
    return Snapshot(functions=functions, namespaces=namespaces, state=_state())


def differences(before: Snapshot) -> list[str]:
    """What is not as it was, one line each; new functions count if their code has something in it that is no constant."""
    now = snapshot()
    found = [
        f"function {function.__qualname__}: other code"
        for function, code in before.functions.values()
        if function.__code__ is not code
    ]
    found += [
        f"function {function.__qualname__}: made of rewritten code"
        for key, (function, code) in now.functions.items()
        if key not in before.functions and _is_rewritten(code)
    ]
    for name, space in before.namespaces.items():
        after = now.namespaces.get(name, {})
        changed = [key for key in space.keys() | after.keys() if space.get(key, found) is not after.get(key, found)]
        found += [f"{name}.{key}: changed" for key in sorted(changed)]
    found += [f"{key}: {now.state[key]!r}, was {value!r}" for key, value in before.state.items() if now.state[key] != value]
    return found


def _is_rewritten(code: CodeType) -> bool:
    return any(
        not isinstance(constant, _CONSTANTS) or (isinstance(constant, CodeType) and _is_rewritten(constant))
        for constant in code.co_consts
    )


def _state() -> dict[str, object]:
    return {
        "threads": frozenset(threading.enumerate()),
        "automatic garbage collection": gc.isenabled(),
        "sys.gettrace": sys.gettrace(),
        "sys.getprofile": sys.getprofile(),
        "threading.gettrace": threading.gettrace(),
        "threading.getprofile": threading.getprofile(),
        "sys.monitoring": None if monitoring is None else tuple(map(_tool, range(6))),
    }


def _tool(number: int) -> object:
    """The name, the events and the callbacks of a tool."""
    name = monitoring.get_tool(number)
    if name is None:
        return None
    callbacks = _take(number)
    for tool, event, callback in callbacks:
        monitoring.register_callback(tool, event, callback)
    return name, monitoring.get_events(number), tuple(callbacks)
