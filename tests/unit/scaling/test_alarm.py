"""The alarm, on the real timer: what is to be interrupted lasts until it is."""

from __future__ import annotations

import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from pytest_gilcheck.scaling.alarm import Alarm, alarm, available

AMPLE = 60.0
BRIEF = 0.05

pytestmark = pytest.mark.skipif(not available(), reason="no timer signals in this thread of this system")


@pytest.fixture(autouse=True)
def _no_timer_is_left() -> Iterator[None]:
    handler = signal.getsignal(signal.SIGALRM)
    yield
    left = signal.setitimer(signal.ITIMER_REAL, 0.0)
    kept = signal.getsignal(signal.SIGALRM)
    signal.signal(signal.SIGALRM, handler)
    assert left == (0.0, 0.0)
    assert kept == handler


def waits_for_a_lock() -> None:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire(timeout=AMPLE)


def waits_for_an_event() -> None:
    threading.Event().wait(AMPLE)


def sleeps() -> None:
    time.sleep(AMPLE)


def loops() -> None:
    for _ in itertools.repeat(None):
        pass


def catches_every_exception() -> None:
    end = time.monotonic() + AMPLE
    while time.monotonic() < end:
        with suppress(Exception):
            time.sleep(AMPLE)


@pytest.mark.parametrize("body", [waits_for_a_lock, waits_for_an_event, sleeps, loops, catches_every_exception])
def test_whatever_goes_on_is_ended(body: Callable[[], None]) -> None:
    with pytest.raises(Alarm, match=r"^not done after 0\.05 s$"), alarm(BRIEF):
        body()


def test_what_is_done_in_time_is_left_alone() -> None:
    with alarm(AMPLE):
        left, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 0.0 < left <= AMPLE


def test_what_is_raised_inside_comes_out() -> None:
    with pytest.raises(LookupError, match="why"), alarm(AMPLE):
        raise LookupError("why")


def rings_on(_number: int, _frame: object) -> None:
    raise AssertionError("this timer has an hour left")


@pytest.fixture
def _with_a_timer_of_its_own() -> Iterator[None]:
    """As in a test suite with a time limit for every test."""
    before = signal.signal(signal.SIGALRM, rings_on)
    signal.setitimer(signal.ITIMER_REAL, 3600.0)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_with_a_timer_of_its_own")
@pytest.mark.parametrize("body", [lambda: None, sleeps], ids=["done in time", "ended"])
def test_the_timer_that_was_there_before_is_put_back(body: Callable[[], None]) -> None:
    with suppress(Alarm), alarm(BRIEF if body is sleeps else AMPLE):
        body()
    assert signal.getsignal(signal.SIGALRM) is rings_on
    left, _ = signal.getitimer(signal.ITIMER_REAL)
    assert AMPLE < left <= 3600.0


def test_one_alarm_inside_another_leaves_that_one_running() -> None:
    def sleeps_twice() -> None:
        with suppress(Alarm), alarm(BRIEF):
            sleeps()
        sleeps()

    with pytest.raises(Alarm, match=r"^not done after 0\.1 s$"), alarm(2 * BRIEF):
        sleeps_twice()


def test_there_is_none_in_another_thread() -> None:
    said: list[bool] = []
    thread = threading.Thread(target=lambda: said.append(available()))
    thread.start()
    thread.join()
    assert said == [False]


def test_there_is_none_without_timer_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert available()
    with monkeypatch.context() as windows:
        windows.delattr(signal, "setitimer")
        assert not available()
