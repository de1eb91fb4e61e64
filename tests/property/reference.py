"""What the synchronisation objects of the standard library do, as small steps: every outcome a program of theirs can have.

Written from the documentation and from how the classes are implemented where that shows (who is notified first, what a
waiter that gave up still takes), and knows nothing of the engine. Time goes on only when nobody can do anything else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

#: A step that ends an operation with this value is not part of its thread's record.
SILENT = "(silent)"


class Operation(NamedTuple):
    """Call ``name`` of object number ``target`` with ``args``."""

    target: int
    name: str
    args: tuple[Any, ...] = ()


class Done(NamedTuple):
    """The operation is over with ``value``; the name of an exception stands for that exception."""

    value: object


class Phase(NamedTuple):
    """Where in its operation a thread is, and until when it stays there at most."""

    name: str = "arrived"
    deadline: int | None = None
    kept: int = 0


class Now(NamedTuple):
    """Who does a step, in which phase, at what time."""

    me: int
    phase: Phase
    time: int

    @property
    def expired(self) -> bool:
        return self.phase.deadline is not None and self.time >= self.phase.deadline

    def until(self, timeout: int | None) -> int | None:
        return None if timeout is None else self.time + max(timeout, 0)


Steps = Iterator[tuple[Any, Done | Phase]]


class Model:
    """An object: its first state, and the steps that a thread can do at an operation; none means that it has to wait."""

    start: Any = None

    def steps(self, state: Any, operation: Operation, now: Now) -> Steps:
        yield from getattr(self, operation.name)(state, now, *operation.args)

    def timeout(self, operation: Operation) -> int | None:
        """How long a thread that arrives at ``operation`` stays before it gives up."""
        if operation.name == "acquire" and len(operation.args) == 2 and operation.args[1] >= 0:
            return int(operation.args[1])
        return None

    def enter(self, state: Any, now: Now) -> Steps:
        for after, _ in self.acquire(state, now):  # type: ignore[attr-defined]
            yield after, Done(SILENT)

    def exit(self, state: Any, now: Now) -> Steps:
        yield from self.release(state, now)  # type: ignore[attr-defined]


class Lock(Model):
    start = False

    def acquire(self, state: bool, now: Now, blocking: bool = True, timeout: int = -1) -> Steps:
        if not state:
            yield True, Done(True)
        elif not blocking or now.expired:
            yield state, Done(False)

    def release(self, state: bool, now: Now) -> Steps:
        yield False, Done(None if state else "RuntimeError")

    def locked(self, state: bool, now: Now) -> Steps:
        yield state, Done(state)


class Held(NamedTuple):
    owner: int | None = None
    depth: int = 0
    waiters: tuple[int, ...] = ()


class RLock(Model):
    start = Held()

    def acquire(self, state: Held, now: Now, blocking: bool = True, timeout: int = -1) -> Steps:
        if state.owner in (None, now.me):
            yield state._replace(owner=now.me, depth=state.depth + 1), Done(True)
        elif not blocking or now.expired:
            yield state, Done(False)

    def release(self, state: Held, now: Now) -> Steps:
        if state.owner != now.me:
            yield state, Done("RuntimeError")
        else:
            depth = state.depth - 1
            yield state._replace(owner=now.me if depth else None, depth=depth), Done(None)


class Condition(RLock):
    def wait(self, state: Held, now: Now, timeout: int | None = None) -> Steps:
        name = now.phase.name
        if name == "arrived":
            if state.owner != now.me:
                yield state, Done("RuntimeError")
            else:
                phase = Phase("waits", now.until(timeout), state.depth)
                yield Held(waiters=(*state.waiters, now.me)), phase
            return
        if name == "waits" and now.me in state.waiters:
            if now.expired:  # it takes itself off the list only when it has the lock again
                yield state, Phase("expired", None, now.phase.kept)
        elif state.owner is None:
            waiters = tuple(waiter for waiter in state.waiters if waiter != now.me)
            yield Held(now.me, now.phase.kept, waiters), Done(name == "waits")

    def notify(self, state: Held, now: Now, number: int = 1) -> Steps:
        if state.owner != now.me:
            yield state, Done("RuntimeError")
        else:
            yield state._replace(waiters=state.waiters[number:]), Done(None)

    def notify_all(self, state: Held, now: Now) -> Steps:
        yield from self.notify(state, now, len(state.waiters))


class Semaphore(Model):
    def __init__(self, value: int, *, bounded: bool) -> None:
        self.start = value
        self._bounded = bounded

    def acquire(self, state: int, now: Now, blocking: bool = True, timeout: int = -1) -> Steps:
        if state:
            yield state - 1, Done(True)
        elif not blocking or now.expired:
            yield state, Done(False)

    def release(self, state: int, now: Now, number: int = 1) -> Steps:
        if self._bounded and state + number > self.start:
            yield state, Done("ValueError")
        else:
            yield state + number, Done(None)


class Signal(NamedTuple):
    flag: bool = False
    waiters: frozenset[int] = frozenset()


class Event(Model):
    start = Signal()

    def wait(self, state: Signal, now: Now, timeout: int | None = None) -> Steps:
        if now.phase.name == "arrived":
            if state.flag:
                yield state, Done(True)
            else:
                yield state._replace(waiters=state.waiters | {now.me}), Phase("waits", now.until(timeout))
        elif now.me not in state.waiters:
            yield state, Done(True)  # it was set meanwhile, whatever it is now
        elif now.expired:
            yield state._replace(waiters=state.waiters - {now.me}), Done(False)

    def set(self, state: Signal, now: Now) -> Steps:
        yield Signal(True), Done(None)

    def clear(self, state: Signal, now: Now) -> Steps:
        yield state._replace(flag=False), Done(None)

    def is_set(self, state: Signal, now: Now) -> Steps:
        yield state, Done(state.flag)


class Store(NamedTuple):
    items: tuple[int, ...] = ()
    unfinished: int = 0


class Queue(Model):
    """``order`` says which item comes out next: ``first``, ``last`` or ``least``."""

    start = Store()

    def __init__(self, order: str, maxsize: int = 0) -> None:
        self._order = order
        self._maxsize = maxsize

    def put(self, state: Store, now: Now, item: int, block: bool = True, timeout: int | None = None) -> Steps:
        if not self._maxsize or len(state.items) < self._maxsize:
            yield Store((*state.items, item), state.unfinished + 1), Done(None)
        elif not block or now.expired:
            yield state, Done("Full")

    def timeout(self, operation: Operation) -> int | None:
        timed = {"get": 2, "put": 3}.get(operation.name)
        return operation.args[-1] if timed == len(operation.args) else None

    def get(self, state: Store, now: Now, block: bool = True, timeout: int | None = None) -> Steps:
        if state.items:
            place = {"first": 0, "last": -1, "least": state.items.index(min(state.items))}[self._order]
            rest = list(state.items)
            item = rest.pop(place)
            yield state._replace(items=tuple(rest)), Done(item)
        elif not block or now.expired:
            yield state, Done("Empty")

    def qsize(self, state: Store, now: Now) -> Steps:
        yield state, Done(len(state.items))

    def task_done(self, state: Store, now: Now) -> Steps:
        if state.unfinished:
            yield state._replace(unfinished=state.unfinished - 1), Done(None)
        else:
            yield state, Done("ValueError")

    def join(self, state: Store, now: Now) -> Steps:
        if not state.unfinished:
            yield state, Done(None)


FILLING, DRAINING, RESETTING, BROKEN = "filling", "draining", "resetting", "broken"


class Gate(NamedTuple):
    mode: str = FILLING
    inside: int = 0


class Barrier(Model):
    start = Gate()

    def __init__(self, parties: int) -> None:
        self._parties = parties

    def wait(self, state: Gate, now: Now, timeout: int | None = None) -> Steps:
        if now.phase.name == "arrived":
            if state.mode == BROKEN:
                yield state, Done("BrokenBarrierError")
            elif state.mode == FILLING:
                index = state.inside
                if index + 1 == self._parties:
                    yield self._left(Gate(DRAINING, index + 1)), Done(index)
                else:
                    yield Gate(FILLING, index + 1), Phase("waits", now.until(timeout), index)
        elif state.mode == DRAINING:
            yield self._left(state), Done(now.phase.kept)
        elif state.mode != FILLING:
            yield self._left(state), Done("BrokenBarrierError")
        elif now.expired:
            yield self._left(state._replace(mode=BROKEN)), Done("BrokenBarrierError")

    @staticmethod
    def _left(state: Gate) -> Gate:
        inside = state.inside - 1
        empty = inside == 0 and state.mode in {DRAINING, RESETTING}
        return Gate(FILLING if empty else state.mode, inside)

    def reset(self, state: Gate, now: Now) -> Steps:
        if not state.inside:
            yield Gate(), Done(None)
        else:
            yield state._replace(mode=state.mode if state.mode == DRAINING else RESETTING), Done(None)

    def abort(self, state: Gate, now: Now) -> Steps:
        yield state._replace(mode=BROKEN), Done(None)

    def n_waiting(self, state: Gate, now: Now) -> Steps:
        yield state, Done(state.inside if state.mode == FILLING else 0)

    def broken(self, state: Gate, now: Now) -> Steps:
        yield state, Done(state.mode == BROKEN)


class Clock(Model):
    def sleep(self, state: None, now: Now, seconds: int) -> Steps:
        if now.expired:
            yield state, Done(None)

    def timeout(self, operation: Operation) -> int | None:
        return int(operation.args[0])


class Thread(NamedTuple):
    at: int
    phase: Phase
    record: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each thread got, how far it came, and what became of the objects if all came to their end."""

    records: tuple[tuple[object, ...], ...]
    ended: tuple[bool, ...]


class State(NamedTuple):
    """All there is: the time, the state of each object, and where each thread is."""

    time: int
    objects: tuple[Any, ...]
    threads: tuple[Thread, ...]


class Machine:
    """A program: what each thread does, over which objects."""

    def __init__(self, models: list[Model], programs: list[list[Operation]]) -> None:
        self._models = models
        self._programs = programs
        threads = tuple(Thread(0, self._arrive(number, 0, 0), ()) for number in range(len(programs)))
        self.start = State(0, tuple(model.start for model in models), threads)

    def after(self, state: State) -> list[State]:
        """All states that one step leads to; when nobody can do one, the one in which time has gone on."""
        found = [next_state for number in range(len(state.threads)) for next_state in self._steps(state, number)]
        if not found:
            waiting = [
                thread.phase.deadline for number, thread in enumerate(state.threads) if not self._over(number, thread)
            ]
            later = [deadline for deadline in waiting if deadline is not None and deadline > state.time]
            if later:
                found.append(state._replace(time=min(later)))
        return found

    def outcome(self, state: State) -> Outcome:
        """What ``state``, after which there is none, means."""
        ended = tuple(self._over(number, thread) for number, thread in enumerate(state.threads))
        return Outcome(tuple(thread.record for thread in state.threads), ended)

    def _steps(self, state: State, number: int) -> Iterator[State]:
        thread = state.threads[number]
        if self._over(number, thread):
            return
        operation = self._programs[number][thread.at]
        target = operation.target
        now = Now(number, thread.phase, state.time)
        for changed, result in self._models[target].steps(state.objects[target], operation, now):
            if isinstance(result, Phase):
                moved = thread._replace(phase=result)
            else:
                record = thread.record if result.value is SILENT else (*thread.record, result.value)
                moved = Thread(thread.at + 1, self._arrive(number, thread.at + 1, state.time), record)
            objects = (*state.objects[:target], changed, *state.objects[target + 1 :])
            yield State(state.time, objects, (*state.threads[:number], moved, *state.threads[number + 1 :]))

    def _over(self, number: int, thread: Thread) -> bool:
        return thread.at == len(self._programs[number])

    def _arrive(self, number: int, at: int, time: int) -> Phase:
        if at == len(self._programs[number]):
            return Phase()
        operation = self._programs[number][at]
        timeout = self._models[operation.target].timeout(operation)
        return Phase("arrived", None if timeout is None else time + timeout)


def outcomes(models: list[Model], programs: list[list[Operation]], most_states: int) -> set[Outcome] | None:
    """All outcomes that some order of steps leads to; ``None`` when there are too many states to look at."""
    machine = Machine(models, programs)
    found: set[Outcome] = set()
    seen = {machine.start}
    left = [machine.start]
    while left:
        state = left.pop()
        following = machine.after(state)
        if not following:
            found.add(machine.outcome(state))
        new = set(following) - seen
        seen |= new
        left += new
        if len(seen) > most_states:
            return None
    return found
