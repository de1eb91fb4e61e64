"""What crosses between processes comes out as it went in, and is exact builtins."""

from __future__ import annotations

import json
import multiprocessing
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from unit.scaling.fakes import FakeClock

from pytest_gilcheck.scaling.conduct import conduct, receive, send
from pytest_gilcheck.scaling.failures import Declined, WorkersFailed, raised
from pytest_gilcheck.scaling.processes import describe_exit, perform
from pytest_gilcheck.scaling.reading import Reading, Run

FINITE = st.floats(allow_nan=False, allow_infinity=False)
# Text of any kind: user messages may hold lone surrogates, as file names do.
TEXT = st.text(st.characters(), max_size=40)
SCALARS = st.none() | st.booleans() | st.integers() | FINITE | TEXT
MESSAGES = st.dictionaries(TEXT, st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5), max_size=4)


@given(MESSAGES)
def test_a_message_comes_out_as_it_went_in(message: dict[str, Any]) -> None:
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        send(ours, message)
        assert receive(theirs) == message


def builtins_only(value: object) -> bool:
    if isinstance(value, dict):
        return type(value) is dict and all(type(key) is str and builtins_only(item) for key, item in value.items())
    return value is None or type(value) in {bool, int, float, str}


def performed(repeats: int, released: float, body: Any, clock: FakeClock) -> dict[str, object]:
    """The answer to an order as it arrives on the other side."""
    order = json.loads(json.dumps({"op": "run", "released": released, "repeats": repeats}))
    answer = perform(body, order, clock)
    assert builtins_only(answer)
    arrived: dict[str, object] = json.loads(json.dumps(answer))
    assert arrived == answer
    return arrived


class Answering:
    """One worker process that has answered already, whatever it is asked."""

    name = "process 1"

    def __init__(self, *answers: dict[str, object]) -> None:
        self.connection, self._theirs = multiprocessing.Pipe()
        for answer in answers:
            send(self._theirs, answer)

    def obituary(self) -> str:
        return ""

    def kill(self) -> None: ...

    def close(self) -> None:
        self.connection.close()
        self._theirs.close()


def conducted(answer: dict[str, object], repeats: int) -> Run:
    channel = Answering({"ready": True}, answer)
    try:
        return conduct([channel], [{"op": "prepare"}], repeats, FakeClock(), 60.0)
    finally:
        channel.close()


@given(st.integers(1, 10), st.floats(2.0, 1e6), st.floats(0.0, 1e3), st.floats(0.0, 1e3), st.floats(0.0, 1e3), st.booleans())
def test_a_reading_crosses_unchanged(
    repeats: int, released: float, seconds: float, cpu: float, delay: float, tells: bool
) -> None:
    clock = FakeClock(tells_delay=tells)
    answer = performed(repeats, released, lambda: clock.work(seconds, cpu=cpu, delay=delay), clock)
    run = conducted(answer, repeats)
    expected = Reading(
        start=answer["start"],  # type: ignore[arg-type]
        end=answer["end"],  # type: ignore[arg-type]
        cpu=answer["cpu"],  # type: ignore[arg-type]
        delay=answer["delay"],  # type: ignore[arg-type]
        process_cpu=answer["process_cpu"],  # type: ignore[arg-type]
    )
    assert run.readings == (expected,)
    assert (run.readings[0].delay is None) is not tells
    assert run.process_cpu == answer["process_cpu"]


@given(TEXT, st.sampled_from([ValueError, SystemExit, KeyboardInterrupt, OSError]))
def test_a_failure_crosses_in_one_line(text: str, kind: type[BaseException]) -> None:
    error = kind(text)

    def body() -> None:
        raise error

    answer = performed(1, 2.0, body, FakeClock())
    try:
        conducted(answer, 1)
    except WorkersFailed as failed:
        (failure,) = failed.failures
        assert failure.what == raised(error)
        assert len(failure.what.splitlines()) == 1
        assert kind.__name__ in failure.details
    else:
        raise AssertionError("a failed body passed")


@given(TEXT)
def test_a_reason_to_decline_crosses(text: str) -> None:
    def body() -> None:
        raise Declined(text)

    assert performed(1, 2.0, body, FakeClock()) == {"declined": text}


@given(TEXT)
def test_what_an_error_says_is_always_one_line_with_its_type(text: str) -> None:
    said = raised(ValueError(text))
    assert said.startswith("raised ValueError")
    assert len(said.splitlines()) == 1


@given(st.none() | st.integers())
def test_every_exit_has_words(code: int | None) -> None:
    words = describe_exit(code)
    assert len(words.splitlines()) == 1
    if code is not None:
        assert str(abs(code)) in words
        assert words.startswith("killed by signal" if code < 0 else "exit status")
