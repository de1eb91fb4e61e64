from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from pytest_gilcheck.scaling import clock
from pytest_gilcheck.scaling.clock import SystemClock, Usage


def test_usage_since_an_earlier_reading() -> None:
    used = Usage(cpu=3.0, delay=1.5, blocks=7).since(Usage(cpu=1.0, delay=0.5, blocks=4))
    assert used == Usage(cpu=2.0, delay=1.0, blocks=3)


@pytest.mark.parametrize(("earlier", "later"), [(None, 1.0), (1.0, None), (None, None)])
def test_a_figure_missing_on_either_side_is_missing(earlier: float | None, later: float | None) -> None:
    assert Usage(cpu=3.0, delay=later).since(Usage(cpu=1.0, delay=earlier)).delay is None


@pytest.mark.parametrize(("earlier", "later"), [(None, 1), (1, None), (None, None)])
def test_a_count_missing_on_either_side_is_missing(earlier: int | None, later: int | None) -> None:
    assert Usage(cpu=3.0, delay=None, blocks=later).since(Usage(cpu=1.0, delay=None, blocks=earlier)).blocks is None


@pytest.mark.skipif(sys.platform != "linux", reason="the count is there on Linux only")
def test_a_sleep_blocks_this_thread_and_no_other() -> None:
    system, sleeps = SystemClock(), 40

    def sleeps_often() -> None:
        for _ in range(sleeps):
            system.sleep(0.0005)

    before = system.usage()
    thread = threading.Thread(target=sleeps_often)
    thread.start()
    thread.join()
    # Starting and joining it may block this thread a few times. A sleep that is over before the thread leaves its CPU is no
    # block: 1 of 50 was seen on a busy machine, so that 20 of 40 are out of the question.
    beside = system.usage()
    sleeps_often()
    after = system.usage()
    assert (beside.since(before).blocks or 0) < sleeps / 2 < (after.since(beside).blocks or 0)


def test_elsewhere_nobody_counts_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "platform", "darwin")
        assert clock.voluntary_switches() is None


def test_the_run_queue_delay_is_the_second_field_in_nanoseconds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    schedstat = tmp_path / "schedstat"
    schedstat.write_bytes(b"111000000000 2500000 7\n")
    monkeypatch.setattr(clock, "_SCHEDSTAT", str(schedstat))
    assert clock.run_queue_delay() == pytest.approx(0.0025)


@pytest.mark.parametrize("text", [b"", b"12\n", b"1 two 3\n"])
def test_a_run_queue_delay_that_cannot_be_read_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: bytes) -> None:
    schedstat = tmp_path / "schedstat"
    schedstat.write_bytes(text)
    monkeypatch.setattr(clock, "_SCHEDSTAT", str(schedstat))
    assert clock.run_queue_delay() is None
    monkeypatch.setattr(clock, "_SCHEDSTAT", str(tmp_path / "nothing here"))
    assert clock.run_queue_delay() is None
    assert SystemClock().usage().delay is None


def test_sleeping_until_what_is_past_returns() -> None:
    SystemClock().sleep(-1.0)
    SystemClock().sleep(0.0)


def test_the_system_clock_counts_the_cpu_time_of_this_thread() -> None:
    system = SystemClock()
    before, process_before = system.usage(), system.process_cpu()
    total = sum(range(300_000))
    after = system.usage()
    assert total
    # The counters of some systems move in steps of a scheduler tick, so "not less" is all that is certain there.
    assert after.cpu >= before.cpu
    assert system.process_cpu() >= process_before
    if sys.platform == "linux":
        assert after.cpu > before.cpu


def test_bytes_to_storage_are_told_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Process:
        def io_counters(self) -> SimpleNamespace:
            return SimpleNamespace(read_bytes=100, write_bytes=20, read_count=3, other_bytes=4)

    monkeypatch.setattr(psutil, "Process", Process)
    assert SystemClock().disk_bytes() == 120
    monkeypatch.delattr(Process, "io_counters")  # as on macOS
    assert SystemClock().disk_bytes() is None
    monkeypatch.setattr(Process, "io_counters", refuse, raising=False)
    assert SystemClock().disk_bytes() is None


def refuse(_: object) -> None:
    raise psutil.AccessDenied
