from __future__ import annotations

import gc
import json
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from pytest_gilcheck.races.quiet import differences, quiet, snapshot, sweep
from unit.races.alone import alone

CALLED = """
def inside():
    return 1  # inside

def both(quiet):
    if quiet:
        return 2  # inside
    return 3

def after():
    return 4
"""

CALLER = """
import threading
from called import inside, both, after
from pytest_gilcheck.races.quiet import quiet

def main():
    first = 1
    with quiet():
        inside()  # inside
        both(True)  # inside
        thread = threading.Thread(target=inside)  # inside
        thread.start()  # inside
        thread.join()  # inside
    straight_after = 2
    after()
    both(False)
    thread = threading.Thread(target=after)
    thread.start()
    thread.join()
    return 3

main()
last = 4
"""

MEASURE = """
import os, json, coverage
measured = coverage.Coverage(branch=BRANCH, data_file=None, include=["called.py", "caller.py"])
measured.start()
import caller
measured.stop()
print(json.dumps({name: measured.analysis(name)[2] for name in ("called.py", "caller.py")}))
"""


@pytest.mark.parametrize("core", ["ctrace", "pytrace", "sysmon"])
def test_coverage_misses_the_lines_inside_and_no_others(tmp_path: Path, core: str) -> None:
    pytest.importorskip("coverage")
    if core == "sysmon" and sys.version_info < (3, 12):
        pytest.skip("sys.monitoring is new in 3.12")
    branch = core != "sysmon" or sys.version_info >= (3, 14)  # older ones fall back to another core
    if core == "ctrace":
        pytest.importorskip("coverage.tracer", reason="coverage is installed without its C tracer")
    (tmp_path / "called.py").write_text(CALLED)
    (tmp_path / "caller.py").write_text(CALLER)
    expected = {
        name: [number for number, line in enumerate(text.splitlines(), 1) if "# inside" in line]
        for name, text in (("called.py", CALLED), ("caller.py", CALLER))
    }

    assert json.loads(alone(tmp_path, MEASURE.replace("BRANCH", str(branch)), COVERAGE_CORE=core)) == expected


def test_a_tracer_goes_on_in_the_frames_that_it_was_in() -> None:
    seen: list[tuple[str, int]] = []

    def tracer(frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code.co_filename == __file__ and event == "line":
            seen.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        return tracer

    def body() -> None:
        with quiet():
            helper()
        helper()

    def helper() -> None:
        pass

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        body()
    finally:
        sys.settrace(before)
    assert [line for name, line in seen if name == "helper"] == [1]
    assert ("body", 3) in seen
    assert ("body", 2) not in seen


def test_calls_and_returns_that_a_tracer_sees_stay_in_balance() -> None:
    events: list[str] = []

    def tracer(frame: FrameType, event: str, _: object) -> Any:
        events.append(event)
        return tracer

    def body() -> None:
        with quiet():
            len("")

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        body()
    finally:
        sys.settrace(before)
    assert events.count("call") == events.count("return")


def test_everything_is_as_before_even_when_the_body_raises() -> None:
    before = snapshot()

    def body() -> None:
        with quiet():
            assert not gc.isenabled()
            assert sys.gettrace() is threading.gettrace() is sys.getprofile() is threading.getprofile() is None
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        body()
    assert differences(before) == []


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with quiet():
            gc.enable()  # by the code under test
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_profilers_and_hooks_of_new_threads_are_put_aside() -> None:
    calls: list[str] = []

    def hook(frame: FrameType, event: str, _: object) -> Any:
        calls.append(event)
        return None

    before = threading.gettrace(), threading.getprofile(), sys.getprofile()
    threading.settrace(hook)
    threading.setprofile(hook)
    sys.setprofile(hook)
    try:
        with quiet():
            calls.clear()
            thread = threading.Thread(target=len, args=("",))
            thread.start()
            thread.join()
            seen = list(calls)
        assert threading.gettrace() is threading.getprofile() is sys.getprofile() is hook
    finally:
        threading.settrace(before[0])  # type: ignore[arg-type,unused-ignore]
        threading.setprofile(before[1])
        sys.setprofile(before[2])
    assert seen == []


def test_a_profiler_in_c_goes_on_afterwards(tmp_path: Path) -> None:
    printed = alone(
        tmp_path,
        """
        import cProfile, pstats
        from pytest_gilcheck.races.quiet import quiet
        def inside(): pass
        def outside(): pass
        profile = cProfile.Profile()
        profile.enable()
        with quiet():
            inside()
        outside()
        profile.disable()
        print(sorted(name for _, _, name in pstats.Stats(profile).stats if name in {"inside", "outside"}))
        """,
    )
    assert printed == "['outside']\n"


def test_debuggable_leaves_tracers_on() -> None:
    def tracer(*_: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        with quiet(debuggable=True):
            inside = sys.gettrace(), gc.isenabled()
    finally:
        sys.settrace(before)
    assert inside == (tracer, False)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is new in 3.12")
def test_other_tools_get_no_events_and_all_of_them_afterwards(tmp_path: Path) -> None:
    printed = alone(
        tmp_path,
        """
        import sys
        from pytest_gilcheck.races.quiet import quiet
        m = sys.monitoring
        def f(x):
            if x:
                return 1
        for names in (["BRANCH"], ["BRANCH_LEFT", "BRANCH_RIGHT"], ["LINE", "PY_START"]):
            events = [getattr(m.events, name, None) for name in names]
            if None in events: continue
            seen = []
            def callback(code, *_):
                if code is f.__code__: seen.append(code.co_name)
                return m.DISABLE
            m.use_tool_id(0, "debugger")
            for event in events: m.register_callback(0, event, callback)
            m.set_events(0, sum(events))
            m.restart_events()
            with quiet():
                f(1); f(0)
            assert seen == [], names
            f(1); f(0)
            assert seen, names
            m.set_events(0, 0)
            for event in events: m.register_callback(0, event, None)
            m.free_tool_id(0)
        print("ok")
        """,
    )
    assert printed == "ok\n"


class Node:
    me: Node


def test_sweeping_collects_only_when_much_was_made() -> None:
    with quiet():
        gc.collect()
        node = Node()
        node.me = node
        gone = weakref.ref(node)
        del node
        assert not sweep(10_000)
        assert gone() is not None
        ballast: list[list[int]] = [[] for _ in range(11_000)]
        assert sweep(10_000)
        assert gone() is None
    del ballast


def test_sweeping_keeps_memory_bounded() -> None:
    """Garbage that is old enough to have left the youngest generation goes as well."""

    class Cycle(Node):
        pass

    alive = weakref.WeakSet[Cycle]()
    most = 0
    with quiet():
        for _ in range(300):
            kept = []
            for _ in range(20):
                cycle = Cycle()
                cycle.me = cycle
                alive.add(cycle)
                kept.append(cycle)
            sweep(100)  # while they live, so that they grow old
            kept.clear()
            del cycle
            most = max(most, len(alive))
    assert most < 300 * 20 // 2


@pytest.fixture
def restored() -> Iterator[None]:
    real = time.time
    yield
    time.time = real


@pytest.mark.usefixtures("restored")
def test_differences_name_what_was_left_behind() -> None:
    def function() -> int:
        return 1

    before = snapshot()
    assert differences(before) == []
    function.__code__ = (lambda: 2).__code__
    time.time = lambda: 0.0
    gc.disable()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    made = eval("lambda: 0")
    made.__code__ = made.__code__.replace(co_consts=(*made.__code__.co_consts, print))
    try:
        found = "\n".join(differences(before))
    finally:
        gc.enable()
        stop.set()
        thread.join()
    for part in (
        "function: other code",
        "<lambda>: made of rewritten code",
        "time.time: changed",
        "collection: False",
        "threads: ",
    ):
        assert part in found
