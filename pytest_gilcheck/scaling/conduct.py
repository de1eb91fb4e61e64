"""Lead worker processes through one run: prepare, release all at one moment, gather; notice the dead and the hung."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Protocol, cast

from pytest_gilcheck.scaling.clock import Clock
from pytest_gilcheck.scaling.failures import ProcessesUnavailable, WorkerFailure, WorkersFailed
from pytest_gilcheck.scaling.reading import Kind, Reading, Run

# The release message must have reached every worker, on a busy machine too, before the common start time.
_LEAD_SECONDS = 0.004
_LEAD_SECONDS_PER_WORKER = 0.0005

#: A worker that needs longer than this to set its test up is given up.
SETUP_LIMIT_SECONDS = 60.0

Message = Mapping[str, object]
_Replies = dict[int, dict[str, object]]


class Channel(Protocol):
    """The conductor's end of one worker process."""

    name: str
    connection: Connection

    def obituary(self) -> str:
        """How the process ended, in a few words ("killed by signal 11 (SIGSEGV)"), and its last output."""

    def kill(self) -> None:
        """End the process at once."""


def send(connection: Connection, message: Message) -> None:
    """Send one message: exact builtins, as JSON."""
    connection.send_bytes(json.dumps(message).encode())


def receive(connection: Connection) -> dict[str, object]:
    """The next message; raises ``EOFError`` or ``OSError`` when the other side is gone."""
    message = json.loads(connection.recv_bytes())
    assert isinstance(message, dict)
    return message


def conduct(channels: Sequence[Channel], requests: Sequence[Message], repeats: int, clock: Clock, limit: float) -> Run:
    """Run the body that ``requests`` name in all ``channels`` at once.

    Raises :class:`ProcessesUnavailable` when it cannot be set up there, and :class:`WorkersFailed` with every worker that
    raised, died or was not done after ``limit`` seconds. Workers that did not answer are killed.
    """
    conductor = _Conductor(channels, clock)
    prepared = conductor.exchange(lambda index: requests[index], SETUP_LIMIT_SECONDS)
    refusals = conductor.unprepared(prepared)
    if refusals:
        conductor.dismiss(prepared)
        raise ProcessesUnavailable(refusals[0])
    released = clock.now() + _LEAD_SECONDS + _LEAD_SECONDS_PER_WORKER * len(channels)
    done = conductor.exchange(lambda _: {"op": "run", "released": released, "repeats": repeats}, limit)
    failures = conductor.failures(done, limit)
    if failures:
        raise WorkersFailed(failures, f"{len(channels)} processes")
    declined = [str(reply["declined"]) for reply in done.values() if "declined" in reply]
    if declined:
        raise ProcessesUnavailable(f"it skips itself there: {declined[0]}")
    readings = tuple(_reading(done[index]) for index in range(len(channels)))
    process_cpu = sum(_number(done[index]["process_cpu"]) for index in range(len(channels)))
    return Run(kind=Kind.PROCESSES, released=released, repeats=repeats, readings=readings, process_cpu=process_cpu)


class _Conductor:
    def __init__(self, channels: Sequence[Channel], clock: Clock) -> None:
        self._channels = channels
        self._clock = clock
        self._late: set[int] = set()

    def exchange(self, message: Callable[[int], Message], limit: float) -> _Replies:
        """Send each worker its message and gather the answers; who died or timed out is missing from the result."""
        waiting = {}
        for index, channel in enumerate(self._channels):
            try:
                send(channel.connection, message(index))
            except OSError:
                continue
            waiting[channel.connection] = index
        replies: _Replies = {}
        deadline = self._clock.now() + limit
        while waiting and (left := deadline - self._clock.now()) > 0:
            for connection in wait(list(waiting), left):
                # Of the type that was sent to: a pipe's own on Windows.
                ready = cast("Connection", connection)
                index = waiting.pop(ready)
                try:
                    replies[index] = receive(ready)
                except (EOFError, OSError):
                    continue
        self._late = set(waiting.values())
        return replies

    def unprepared(self, replies: _Replies) -> list[str]:
        """Why the workers that did not get ready did not."""
        reasons = []
        for index, channel in enumerate(self._channels):
            reply = replies.get(index)
            if reply is None:
                reasons.append(f"{channel.name} {self._gone(index, SETUP_LIMIT_SECONDS, 'get ready')[0]}")
            elif "unavailable" in reply:
                reasons.append(f"{channel.name}: {reply['unavailable']}")
        return reasons

    def dismiss(self, replies: _Replies) -> None:
        """Tell the workers that are ready that there will be no run."""
        for index, reply in replies.items():
            if "unavailable" not in reply:
                with suppress(OSError):  # it has died since; the next run will notice
                    send(self._channels[index].connection, {"op": "dismiss"})

    def failures(self, replies: _Replies, limit: float) -> tuple[WorkerFailure, ...]:
        """Every worker without a reading."""
        found = []
        for index, channel in enumerate(self._channels):
            reply = replies.get(index)
            if reply is None:
                what, details = self._gone(index, limit, "finish")
                hung = index in self._late
                found.append(WorkerFailure(worker=channel.name, what=what, details=details, hung=hung))
            elif "failed" in reply:
                found.append(
                    WorkerFailure(worker=channel.name, what=str(reply["failed"]), details=str(reply.get("details", "")))
                )
        return tuple(found)

    def _gone(self, index: int, limit: float, verb: str) -> tuple[str, str]:
        channel = self._channels[index]
        late = index in self._late
        if late:
            channel.kill()
        how, _, output = channel.obituary().partition("\n")
        return (f"did not {verb} within {limit:.3g} s and was killed" if late else f"died: {how}"), output


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _reading(reply: dict[str, object]) -> Reading:
    delay = reply["delay"]
    return Reading(
        start=_number(reply["start"]),
        end=_number(reply["end"]),
        cpu=_number(reply["cpu"]),
        delay=None if delay is None else _number(delay),
        process_cpu=_number(reply["process_cpu"]),
    )
