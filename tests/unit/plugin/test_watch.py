from __future__ import annotations

import threading
from pathlib import Path

import pytest

from pytest_gilcheck.plugin import watch
from pytest_gilcheck.plugin.fixture import Gilcheck
from unit.races.alone import alone

START = threading.Thread.start


def _start(*, also: bool = False) -> None:
    thread = threading.Thread(target=_start if also else lambda: None)
    thread.start()
    thread.join()


def test_nothing_is_noted_of_a_plain_body() -> None:
    with watch.ordinary_run(threads=True) as seen:
        pass
    assert not seen.concurrent
    assert threading.Thread.start is START


def test_a_thread_is_noted_and_nothing_stays_behind() -> None:
    def fails() -> None:
        _start(also=True)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), watch.ordinary_run(threads=True) as seen:
        fails()
    assert seen.started_thread
    assert seen.concurrent
    assert threading.Thread.start is START


def test_threads_that_others_start_are_theirs() -> None:
    go, done = threading.Event(), threading.Event()

    def serve() -> None:
        go.wait(5)
        _start()
        done.set()

    server = threading.Thread(target=serve)
    server.start()
    with watch.ordinary_run(threads=True) as seen:
        go.set()
        assert done.wait(5)
    server.join()
    assert not seen.concurrent


def test_threads_are_left_alone_unless_it_matters() -> None:
    with watch.ordinary_run(threads=False) as seen:
        assert threading.Thread.start is START
        _start()
    assert not seen.concurrent


def test_a_call_of_run_is_noted_in_an_ordinary_run_only() -> None:
    Gilcheck().run(int)
    with watch.ordinary_run(threads=False) as seen:
        Gilcheck().run(int)
    assert seen.called_run
    assert seen.concurrent


def test_a_start_that_somebody_else_has_replaced_meanwhile_stays_theirs() -> None:
    def other(self: threading.Thread) -> None: ...

    try:
        with watch.ordinary_run(threads=True):
            threading.Thread.start = other  # type: ignore[method-assign]
        assert threading.Thread.start is other
    finally:
        threading.Thread.start = START  # type: ignore[method-assign]


def test_what_somebody_else_puts_back_later_goes_with_its_first_call() -> None:
    with pytest.MonkeyPatch.context() as patch, watch.ordinary_run(threads=True):
        patch.setattr(threading.Thread, "start", START)
    assert threading.Thread.start is not START
    _start()
    assert threading.Thread.start is START


def test_the_race_engine_gets_to_know_threads_before_their_start_is_watched(tmp_path: Path) -> None:
    program = """
    import threading
    start = threading.Thread.start
    from pytest_gilcheck.plugin import watch
    with watch.ordinary_run(threads=True):
        from pytest_gilcheck.races import primitives
    assert id(start) in primitives.FUNCTIONS
    """
    alone(tmp_path, program)
