from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_gilcheck.scaling.clock import Usage
from pytest_gilcheck.scaling.work import work
from unit.scaling.fakes import FakeClock


def test_the_body_runs_so_often_and_is_timed_from_the_common_start() -> None:
    clock = FakeClock()
    calls = []

    def body() -> None:
        calls.append(clock.now())
        clock.work(0.5, cpu=0.2, delay=0.1, other=0.3)

    reading = work(body, 3, 5.0, clock)
    assert calls == pytest.approx([5.0, 5.6, 6.2])
    assert reading.start == pytest.approx(5.0)
    assert reading.end == pytest.approx(6.8)
    assert reading.cpu == pytest.approx(0.6)
    assert reading.delay == pytest.approx(0.3)
    assert reading.process_cpu == pytest.approx(1.5)


def test_only_what_the_process_uses_from_then_on_counts() -> None:
    clock = FakeClock()
    clock.work(0.0, cpu=7.0, other=3.0)
    reading = work(lambda: clock.work(0.5), 1, 5.0, clock)
    assert (reading.cpu, reading.process_cpu) == (0.5, 0.5)


def test_how_often_it_blocked_is_kept() -> None:
    class CountingClock(FakeClock):
        blocks = 5

        def usage(self) -> Usage:
            return replace(super().usage(), blocks=self.blocks)

    clock = CountingClock()

    def body() -> None:
        clock.blocks += 2

    assert work(body, 3, 5.0, clock).blocks == 6
    assert work(lambda: None, 1, 5.0, FakeClock()).blocks is None


def test_a_start_that_is_past_is_not_waited_for() -> None:
    clock = FakeClock()
    clock.sleep(9.0)
    assert work(lambda: None, 1, 5.0, clock).start == pytest.approx(10.0)


def test_a_late_wake_up_counts_as_delay() -> None:
    class LateClock(FakeClock):
        def sleep(self, seconds: float) -> None:
            self.work(seconds, cpu=0.0, delay=0.25)

    reading = work(lambda: None, 1, 5.0, LateClock())
    assert reading.delay == pytest.approx(0.25)
    assert reading.start == pytest.approx(5.25)


def test_without_run_queue_delays_there_is_none() -> None:
    assert work(lambda: None, 1, 5.0, FakeClock(tells_delay=False)).delay is None


def test_what_the_body_raises_comes_out() -> None:
    def body() -> None:
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        work(body, 1, 0.0, FakeClock())
