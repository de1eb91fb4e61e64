"""What a check leaves changed in a process: ``python -m programs.race_leftovers NAME`` (from ``tests/``) tries one program.

It prints the verdict and the differences as JSON. The snapshot uses nothing of the engine's own.
"""

from __future__ import annotations

import _thread
import builtins
import concurrent.futures.thread
import contextlib
import functools
import gc
import importlib
import importlib._bootstrap  # type: ignore[import-not-found, unused-ignore]
import importlib._bootstrap_external
import json
import os
import queue
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import types
import warnings
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from pytest_gilcheck.races import Budget, explore, replay

SPACES: tuple[Any, ...] = (
    _thread, builtins, concurrent.futures.thread, contextlib, functools, importlib._bootstrap, importlib._bootstrap_external,
    os, queue, random, selectors, signal, socket, subprocess, tempfile, threading, time, types, warnings, weakref,
    threading.Thread, threading.Event, threading.Condition, threading.Semaphore, threading.Barrier, threading.Timer,
    queue.Queue, concurrent.futures.ThreadPoolExecutor,
)  # fmt: skip
#: Names that the stdlib itself binds anew whenever threads come and go.
OF_THE_STDLIB = {"_shutdown_locks", "_counter", "tempdir", "__warningregistry__", "_main_thread", "_name_sequence"}
ENGINE = "pytest_gilcheck.races"


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """``functions`` keeps each function with its code, by identity."""

    functions: dict[int, tuple[FunctionType, CodeType]]
    names: dict[tuple[str, str], object]
    settings: dict[str, object]
    threads: set[int | None]


def snapshot() -> Snapshot:
    gc.collect()
    return Snapshot(functions=_functions(), names=_names(), settings=_settings(), threads=_threads())


def _functions() -> dict[int, tuple[FunctionType, CodeType]]:
    return {id(found): (found, found.__code__) for found in gc.get_objects() if type(found) is FunctionType}


def _names() -> dict[tuple[str, str], object]:
    return {
        (space.__name__, name): value
        for space in SPACES
        for name, value in vars(space).items()
        if name not in OF_THE_STDLIB
    }  # fmt: skip


def _settings() -> dict[str, object]:
    monitoring = getattr(sys, "monitoring", None)
    found: dict[str, object] = {
        "trace": sys.gettrace(),
        "profile": sys.getprofile(),
        "threads' trace": threading.gettrace(),
        "threads' profile": threading.getprofile(),
        "monitoring": [monitoring.get_tool(number) for number in range(6)] if monitoring else [],
        "collector": gc.isenabled(),
        "collector's thresholds": gc.get_threshold(),
        "collector's callbacks": list(gc.callbacks),
        "collector's debug flags": gc.get_debug(),
        "switch interval": sys.getswitchinterval(),
        "recursion limit": sys.getrecursionlimit(),
        "folder": os.getcwd(),
        "environment": {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "warning filters": list(warnings.filters),
        "import path": list(sys.path),
        "finders": [list(sys.meta_path), list(sys.path_hooks)],
        "fault handler": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGALRM, signal.SIGUSR1)],
    }
    for name in ("excepthook", "unraisablehook", "breakpointhook", "displayhook", "stdin", "stdout", "stderr"):
        found[f"sys.{name}"] = getattr(sys, name)
    return found


def _threads() -> set[int | None]:
    return {thread.ident for thread in threading.enumerate()}


def differences(before: Snapshot) -> list[str]:
    """What is not as it was; threads that are about to end get a moment to do so."""
    found = [
        f"code of {function.__module__}.{function.__qualname__}"
        for function, code in before.functions.values()
        if function.__code__ is not code
    ]
    # A function that a program made in an execution, and that lives on, must not keep rewritten code.
    found += [f"code of new {function.__qualname__}" for function, code in _functions().values() if _has_hooks(code)]
    names = _names()
    found += [f"{space}.{name}" for (space, name), value in before.names.items() if names.get((space, name)) is not value]
    found += [f"new {space}.{name}" for space, name in names.keys() - before.names.keys()]
    settings = _settings()
    found += [
        f"{name}: {settings[name]!r}, was {value!r}" for name, value in before.settings.items() if settings[name] != value
    ]
    end = time.monotonic() + 2.0
    while _threads() - before.threads and time.monotonic() < end:
        time.sleep(0.01)
    return [*found, *(f"thread {thread.name}" for thread in threading.enumerate() if thread.ident not in before.threads)]


def _has_hooks(code: CodeType) -> bool:
    return any(
        isinstance(constant, Callable) and str(getattr(constant, "__module__", "")).startswith(ENGINE)  # type: ignore[arg-type]
        for constant in code.co_consts
    )


def check(name: str) -> tuple[str, list[str]]:
    """Explore one program, replay what it found; how that ended, and what is different."""
    from programs.races import containers, hangs, hangs_outside, locking, new_code, process_wide, updates, waiting, workers

    modules = (containers, hangs, hangs_outside, locking, new_code, process_wide, updates, waiting, workers)
    scenario = next(vars(module)[name] for module in modules if name in vars(module))
    hangs.BEFORE.get(name, lambda: None)()
    endless = name == "keyboard_interrupt"
    before = snapshot()
    try:
        found = explore(scenario, name=name, budget=Budget(seconds=1.0, schedules=10**9 if endless else 60, limit=1.0))
    except KeyboardInterrupt:
        return "KeyboardInterrupt", differences(before)
    if found.token is not None:
        replay(scenario, found.token, name=name, limit=1.0)
    verdict = str(found.verdict)
    del found  # its failure keeps functions of the last execution
    return verdict, differences(before)


if __name__ == "__main__":
    print(json.dumps(check(sys.argv[1])))
