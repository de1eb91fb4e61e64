"""Quiet: no automatic garbage collection and no tracer around executions; and the means to see that all was put back."""

from __future__ import annotations

import gc
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from pytest_gilcheck.races.functions import all_functions
from pytest_gilcheck.tracers import TOOLS, aside, callbacks_of, monitoring

#: What the compiler makes constants of; anything else in code was put there by somebody.
_CONSTANTS = (type(None), bool, int, float, complex, str, bytes, tuple, frozenset, slice, type(...), CodeType)

#: Modules that schedulers of threads like to patch.
_WATCHED = ("threading", "time", "queue", "builtins", "importlib._bootstrap")

#: So many container objects more than at the last sweep make the next one due.
SWEEP_OBJECTS = 5_000


class quiet(aside):  # noqa: N801 - used like a function: with quiet():
    """Around one or more executions: the garbage collector does not start by itself, and no tracer sees anything.

    To be used with ``with`` in the thread that starts the executions. ``debuggable`` leaves tracers on, for a debugger.
    A finalizer that runs, or a line that is counted, at another moment of each execution would make them unequal; and
    a coverage tool would count lines that only a schedule of ours reached.
    """

    def __init__(self, *, debuggable: bool = False) -> None:
        super().__init__(tracers=not debuggable)

    def _prepare(self, undo: ExitStack) -> None:
        if gc.isenabled():
            gc.disable()
            undo.callback(gc.enable)
        else:
            undo.callback(gc.disable)


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
        "sys.monitoring": None if monitoring is None else tuple(map(_tool, TOOLS)),
    }


def _tool(number: int) -> object:
    """The name, the events and the callbacks of a tool."""
    name = monitoring.get_tool(number)
    if name is None:
        return None
    callbacks = callbacks_of(number)
    for tool, event, callback in callbacks:
        monitoring.register_callback(tool, event, callback)
    return name, monitoring.get_events(number), tuple(callbacks)
