"""What is said of threads that cannot go on: who holds what, who waits for what, at which lines, and the cycle."""

from __future__ import annotations

import linecache
import re
import sys
import sysconfig
from collections.abc import Hashable
from functools import cache
from itertools import dropwhile
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from pytest_gilcheck.races.peeking import plain
from pytest_gilcheck.races.threads import Controlled

if TYPE_CHECKING:
    from pytest_gilcheck.races.state import State

_LIBRARY = tuple({sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")})
_ENGINE = str(Path(__file__).parents[1])
_INSTALLED = "-packages"
# Who calls the code under test.
_RUNNERS = frozenset(str(Path(__file__).with_name(name)) for name in ("execution.py", "crew.py", "workers.py"))
# Names that threads get when they are not given one; a number in them may differ from one execution to the next.
_BY_DEFAULT = re.compile(r"|Thread-\d+( \(.*\))?|gilcheck-\d+|Dummy-\d+")
# What the functions of the standard library are called in a report when a thread waits inside one of them.
_WAITS = {
    ("threading.py", "Condition.wait"): "a notification of a condition",
    ("threading.py", "Condition.wait_for"): "a notification of a condition",
    ("threading.py", "Event.wait"): "an event to be set",
    ("threading.py", "Semaphore.acquire"): "a semaphore",
    ("threading.py", "Barrier.wait"): "the other parties of a barrier",
    ("queue.py", "Queue.get"): "an item of a queue",
    ("queue.py", "Queue.put"): "room in a queue",
    ("queue.py", "Queue.join"): "the tasks of a queue to be done",
    ("_base.py", "Future.result"): "the result of a future",
    ("_base.py", "Future.exception"): "the result of a future",
    ("_base.py", "wait"): "futures to be done",
    ("thread.py", "_worker"): "work of an executor",
}


def frames(frame: FrameType | None) -> list[FrameType]:
    """The frames from ``frame`` outwards, without the engine's own."""
    found = []
    while frame is not None:
        if not is_engines(frame.f_code.co_filename):
            found.append(frame)
        frame = frame.f_back
    return found


def stack_lines(frame: FrameType | None) -> list[str]:
    """A stack as text, outermost first, without what runs the code under test."""
    lines = []
    while frame is not None and is_engines(frame.f_code.co_filename):
        frame = frame.f_back  # it waits there
    while frame is not None and frame.f_code.co_filename not in _RUNNERS:
        lines.append(frame)
        frame = frame.f_back
    inner = [f for f in reversed(lines) if not is_engines(f.f_code.co_filename)]
    if frame is not None:
        # Between the engine and the test there is what calls it, such as pytest.
        inner = (
            list(dropwhile(lambda f: not is_users(f.f_code.co_filename) or _INSTALLED in f.f_code.co_filename, inner))
            or inner
        )
    return [f"{_line(f.f_code.co_filename, f.f_lineno)} in {f.f_code.co_qualname}" for f in inner]


def label(thread: Controlled) -> str:
    """What a thread is called: by its number, and its name if it was given one."""
    name = plain(str.__str__(thread.name)) if isinstance(thread.name, str) else ""
    if not thread.number:
        return "main thread"
    return f"thread {thread.number}" + ("" if _BY_DEFAULT.fullmatch(name) else f" '{name}'")


def frame_of(thread: Controlled) -> FrameType | None:
    """Where ``thread`` is."""
    return sys._current_frames().get(thread.ident)


def is_engines(file: str) -> bool:
    """Whether it is part of this package."""
    return file.startswith(_ENGINE)


@cache
def is_users(file: str) -> bool:
    """Whether code of ``file`` is neither the engine's nor the standard library's."""
    return not file.startswith((_ENGINE, "<frozen")) and (not file.startswith(_LIBRARY) or "-packages" in file)


def users_line(frame: FrameType | None) -> tuple[str, int] | None:
    """The file and line of the innermost frame that is not in the standard library."""
    found = users_place(frame)
    return None if found is None else found[:2]


def users_place(frame: FrameType | None) -> tuple[str, int, str] | None:
    """The same, and the name of the function."""
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_qualname
        frame = frame.f_back
    return None


def waits_for(thread: Controlled) -> tuple[str, str]:
    """What ``thread`` waits for, and ``file:line`` of where."""
    stack = frames(frame_of(thread))
    what = thread.wait.what if thread.wait is not None else "something outside"
    for frame in stack:
        known = _WAITS.get((Path(frame.f_code.co_filename).name, frame.f_code.co_qualname))
        if known is None:
            break
        what = known
    at = users_line(stack[0]) if stack else None
    if at is not None:
        return what, _line(*at)
    where = _line(stack[0].f_code.co_filename, stack[0].f_lineno) if stack else "?"
    born = thread.born
    if born is None and thread.starter is not None:
        born = users_line(frame_of(thread.starter))
    return what, where if born is None else f"{where}, started at {_line(*born)}"


def _line(file: str, number: int) -> str:
    source = linecache.getline(file, number).strip()
    return f"{file}:{number}" + (f" ({source})" if source else "")


def describe(run: State, thread: Controlled) -> str:
    """One line on what ``thread`` waits for and holds."""
    what, where = waits_for(thread)
    awaited = joins(run, thread)
    if awaited is not None:
        what = f"{label(awaited)} to end"
    text = f"{label(thread)} waits for {what} at {where}"
    holder = run.holder(thread.wait.lock) if thread.wait is not None and thread.wait.lock is not None else None
    if holder is not None and thread.wait is not None and thread.wait.kind == "lock":
        _, site = holder.holding[id(thread.wait.lock)]
        who = "itself" if holder is thread else label(holder) + (", which has ended," if holder.done else "")
        text += f", held by {who} since {holder.held_at(site)}"
    return text


def runs(thread: Controlled) -> str:
    """One line on a thread that goes round in a loop."""
    return f"{label(thread)} runs in a loop at {waits_for(thread)[1]}"


def explain(run: State) -> tuple[str, list[str]]:
    """Why nobody can go on: the kind, and a line for every thread that waits, then the cycle if there is one."""
    stuck = [thread for thread in run.threads if not thread.done and (thread.wait is None or thread.wait.kind != "run")]
    lines = [describe(run, thread) for thread in stuck]
    for first in stuck:
        cycle = _cycle(run, first)
        if cycle:
            kind = "self-deadlock" if len(cycle) == 1 else "deadlock"
            if len(cycle) > 1:
                names = " -> ".join(label(thread) for thread in [*cycle, cycle[0]])
                lines.append(f"cycle: {names}")
            return kind, lines
    left = [t for t in stuck if t.wait is not None and t.wait.kind == "lock" and _ended_holder(run, t)]
    return ("lock-left-held" if left else "lost-wakeup"), lines


def _ended_holder(run: State, thread: Controlled) -> bool:
    holder = _waited_on(run, thread)
    return holder is not None and holder.done


def _waited_on(run: State, thread: Controlled) -> Controlled | None:
    wait = thread.wait
    if wait is None:
        return None
    if wait.kind == "lock" and wait.lock is not None:
        return run.holder(wait.lock)
    if wait.kind == "join":
        return next((other for other in run.threads if other.thread is wait.lock and wait.lock is not None), None)
    return None


def joins(run: State, thread: Controlled) -> Controlled | None:
    """The thread whose end ``thread`` waits for."""
    return _waited_on(run, thread) if thread.wait is not None and thread.wait.kind == "join" else None


def in_cycle(run: State, thread: Controlled) -> bool:
    """Whether it waits for itself in the end."""
    return thread in _cycle(run, thread)


def _cycle(run: State, first: Controlled) -> list[Controlled]:
    chain: list[Controlled] = []
    thread: Controlled | None = first
    while thread is not None and not thread.done:
        if thread in chain:
            return chain[chain.index(thread) :]
        chain.append(thread)
        thread = _waited_on(run, thread)
    return []


_VALUES = frozenset(map(id, (int, str, float, bool, bytes, type(None))))
# Frames further out than this do not change while a loop goes round.
_DEPTH = 12


def snapshot(frame: FrameType | None, *, numbers: bool = True) -> Hashable:
    """The state of a thread as far as it can be told: where its frames are, and what their variables refer to; without
    ``numbers``, strings and the like, only the objects among them.

    Equal snapshots with nothing written in between mean that the thread will do the same again.
    """
    state: list[Hashable] = []
    for inner in frames(frame)[:_DEPTH]:
        values = tuple(
            (name, value if id(type(value)) in _VALUES else id(value))
            for name, value in inner.f_locals.items()
            if numbers or id(type(value)) not in _VALUES
        )
        state.append((id(inner.f_code), inner.f_lasti, values))
    return tuple(state)
