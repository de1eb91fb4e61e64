from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest

from pytest_gilcheck.scaling.clock import Usage
from pytest_gilcheck.scaling.probe import (
    LATE_SECONDS,
    NAP_SECONDS,
    TIMER_SLACK_SECONDS,
    GilProbe,
    GilSample,
    switch_interval,
)
from pytest_gilcheck.scaling.reading import Kind, Reading, Run

AMPLE = 60.0


class ScriptedClock:
    """A clock on which the probe wakes so late, nap by nap; afterwards it is on time until it is stopped.

    On time is as late as the timer's slack.
    """

    def __init__(self, late: list[float], delay: float | None = 0.0) -> None:
        self._late = list(late)
        self._delay = delay
        self._now = 100.0
        self.finished = threading.Event()

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        if self._late:
            self._now += seconds + self._late.pop(0)
            return
        # By the second nap on time the last late wake has been written down.
        self._now += seconds + TIMER_SLACK_SECONDS
        self.finished.set()
        threading.Event().wait(0.001)

    def usage(self) -> Usage:
        used = 0.0 if not self.finished.is_set() else self._delay
        return Usage(cpu=0.0, delay=None if self._delay is None else used)

    def process_cpu(self) -> float:
        return 0.0

    def disk_bytes(self) -> int | None:
        return None


def watched(clock: ScriptedClock, target: threading.Thread | None = None) -> GilProbe:
    """A probe that has been through the whole script."""
    probe = GilProbe(clock)
    with probe.watch(target or threading.current_thread()):
        assert clock.finished.wait(AMPLE)
    return probe


def a_run_from(released: float, end: float, delay: float = 0.0, *, late: float = 0.0) -> Run:
    """A run that is ``late`` after its release."""
    reading = Reading(start=released + late, end=end, cpu=end - released, delay=delay, process_cpu=end - released)
    return Run(kind=Kind.SOLO, released=released, repeats=1, readings=(reading,), process_cpu=end - released)


def sampled(late: list[float], *, released: float = 100.0, end: float = 101.0, delay: float | None = 0.0) -> GilSample:
    return watched(ScriptedClock(late, delay)).sample(a_run_from(released, end))


def test_late_wakes_add_up_with_their_naps() -> None:
    sample = sampled([0.005, 0.0, 0.005])
    assert sample.held == sample.late == pytest.approx(2 * (0.005 + NAP_SECONDS))
    assert sample.wall == sample.watched == pytest.approx(1.0)
    assert len(sample.wakes) == 2


def test_the_timers_own_slack_is_no_held_gil() -> None:
    assert sampled([LATE_SECONDS * 0.9] * 10).late == 0.0
    assert sampled([LATE_SECONDS * 1.1] * 10).late > 0.0


def test_wakes_are_cut_to_the_run() -> None:
    # Naps from 100.0: wake 1 is waited for from 100.0 to 100.0105, wake 2 from there to 100.021.
    nap = NAP_SECONDS
    late = [0.01, 0.01]
    assert sampled(late, released=100.004, end=101.0).held == pytest.approx(0.01 + nap - 0.004 + 0.01 + nap)
    assert sampled(late, released=100.0, end=100.015).held == pytest.approx(0.015)
    assert sampled(late, released=100.0105, end=100.015).held == pytest.approx(0.0045)


def test_wakes_outside_of_the_run_are_not_its_own() -> None:
    assert sampled([0.01], released=100.02, end=100.03).wakes == ()
    assert sampled([0.0, 0.0, 0.01], released=99.0, end=100.001).wakes == ()


def test_a_share_is_never_more_than_all() -> None:
    sample = sampled([0.005] * 4, released=100.0, end=100.0201)
    assert sample.held == sample.late == sample.wall == sample.watched == pytest.approx(0.0201)


#: How late two wakes of 5 ms were beyond the timer's slack.
TWO_WAKES = 2 * (0.005 - TIMER_SLACK_SECONDS)


@pytest.mark.parametrize(
    ("delay", "gil_part"),
    [
        (0.0, 1.0),
        (TWO_WAKES / 2, 0.5),  # half of the lateness was spent waiting for a CPU
        (TWO_WAKES, 0.0),
        (1.0, 0.0),  # a counter ahead of the clock
        (None, 1.0),  # the system does not tell
    ],
)
def test_waits_for_a_cpu_are_no_waits_for_the_gil(delay: float | None, gil_part: float) -> None:
    sample = sampled([0.005, 0.005], delay=delay)
    late = 2 * (0.005 + NAP_SECONDS)
    assert sample.late == pytest.approx(late)
    assert sample.watched == pytest.approx(1.0)
    assert sample.held == pytest.approx(gil_part * late, abs=1e-9)
    # The naps have been slept, so that only the rest of the lateness is taken from the time.
    assert sample.wall == pytest.approx(1.0 - (1.0 - gil_part) * 2 * 0.005)


def test_a_body_that_waits_for_a_cpu_is_not_watched_meanwhile() -> None:
    probe = watched(ScriptedClock([0.3]))
    sample = probe.sample(a_run_from(100.0, 101.0, delay=0.25))
    assert (sample.watched, sample.wall) == pytest.approx((0.75, 1.0))
    starved = probe.sample(a_run_from(100.0, 101.0, delay=0.9))
    assert starved.late == starved.watched == pytest.approx(0.1)
    assert starved.held == pytest.approx(0.3 + NAP_SECONDS)


def test_a_body_that_is_not_started_yet_is_not_watched() -> None:
    probe = watched(ScriptedClock([0.3]))
    # A quarter of a second without a CPU before the start is in the delay, not in the time from start to end.
    sample = probe.sample(a_run_from(100.0, 101.0, delay=0.5, late=0.25))
    assert sample.wall == pytest.approx(0.75)
    assert sample.watched == pytest.approx(0.5)
    assert sample.held == pytest.approx(0.3 + NAP_SECONDS - 0.25)
    # A start that was late for another reason is no delay.
    assert probe.sample(a_run_from(100.0, 101.0, delay=0.0, late=0.25)).watched == pytest.approx(0.75)


def test_a_probe_that_is_never_late_saw_nothing() -> None:
    sample = sampled([], delay=0.5)
    assert sample.held == sample.late == 0.0
    assert sample.wakes == ()
    assert sample.wall == pytest.approx(1.0)


def test_a_wake_knows_where_the_body_was() -> None:
    inside, leave = threading.Event(), threading.Event()

    def innermost() -> None:
        inside.set()
        leave.wait(AMPLE)

    def body() -> None:
        innermost()

    thread = threading.Thread(target=body)
    thread.start()
    try:
        assert inside.wait(AMPLE)
        probe = watched(ScriptedClock([0.005]), thread)
    finally:
        leave.set()
        thread.join()
    (wake,) = probe.sample(a_run_from(100.0, 101.0)).wakes
    functions = [function.rpartition(".")[2] for _, _, function in wake.stack]
    assert functions.index("innermost") < functions.index("body")
    file, line, _ = wake.stack[functions.index("body")]
    assert file == __file__
    assert line == body.__code__.co_firstlineno + 1
    assert wake.woke - wake.planned == pytest.approx(0.005)


def test_a_wake_beside_a_finished_thread_has_no_place() -> None:
    probe = watched(ScriptedClock([0.005]), threading.Thread())
    (wake,) = probe.sample(a_run_from(100.0, 101.0)).wakes
    assert wake.stack == ()


def test_an_error_in_the_probe_comes_out_where_the_measurement_is() -> None:
    class BrokenClock(ScriptedClock):
        def sleep(self, seconds: float) -> None:
            self.finished.set()
            raise OSError("no timer")

    with pytest.raises(OSError, match="no timer"):
        watched(BrokenClock([]))


def test_no_probe_thread_stays() -> None:
    watched(ScriptedClock([0.005]))
    assert "gilcheck probe" not in {thread.name for thread in threading.enumerate()}


@pytest.fixture
def _interval_kept() -> Iterator[None]:
    before = sys.getswitchinterval()
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_interval_kept")
def test_the_switch_interval_is_put_back_whatever_happens() -> None:
    sys.setswitchinterval(0.004)

    def inside() -> None:
        with switch_interval(0.0005):
            assert sys.getswitchinterval() == pytest.approx(0.0005)
            assert sampled([]).switch_interval == pytest.approx(0.0005)
            raise LookupError

    with pytest.raises(LookupError):
        inside()
    assert sys.getswitchinterval() == pytest.approx(0.004)
