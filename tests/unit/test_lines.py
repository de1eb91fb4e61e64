"""Which lines a recorder notes, in which threads, and that it leaves nothing behind."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pytest_gilcheck.lines import Recorder, Unavailable, countable, own
from pytest_gilcheck.tracers import monitoring

TEXT = """\
def alone():
    first = 1
    return first

def shared(n):
    if n:
        n = 2
    return n

def others():
    return 3
"""

needs_monitoring = pytest.mark.skipif(monitoring is None, reason="sys.monitoring is new in Python 3.12")


@pytest.fixture
def module(tmp_path: Path) -> dict[str, Any]:
    file = tmp_path / "module.py"
    space: dict[str, Any] = {"FILE": str(file)}
    exec(compile(TEXT, str(file), "exec"), space)
    return space


def everything() -> bool:
    return True


def nothing() -> bool:
    return False


def in_thread(recorder: Recorder, *functions: Any) -> None:
    def run() -> None:
        for function in functions:
            function()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_all_lines_that_run_and_those_with_others_beside(module: dict[str, Any]) -> None:
    main = threading.get_ident()
    recorder = Recorder(mine=everything, concurrent=lambda: threading.get_ident() != main)
    with recorder.on():
        module["alone"]()
        module["shared"](0)
        in_thread(recorder, lambda: module["shared"](1))
    module["others"]()
    assert recorder.reached == {module["FILE"]: {2, 3, 6, 7, 8}, __file__: recorder.reached[__file__]}
    assert recorder.together[module["FILE"]] == {6, 7, 8}


def test_what_is_not_mine_does_not_count_and_is_not_lost(module: dict[str, Any]) -> None:
    main = threading.get_ident()
    recorder = Recorder(mine=lambda: threading.get_ident() == main, concurrent=everything)
    with recorder.on():
        in_thread(recorder, module["alone"], module["others"])
        module["alone"]()
    assert recorder.together[module["FILE"]] == recorder.reached[module["FILE"]] == {2, 3}


def test_a_line_that_ran_alone_is_looked_at_again_until_it_is_brief(module: dict[str, Any]) -> None:
    beside = False
    recorder = Recorder(mine=everything, concurrent=lambda: beside)
    with recorder.on():
        module["alone"]()
        recorder.brief = True
        module["alone"]()
        module["shared"](0)
        beside = True
        module["shared"](1)
    assert recorder.reached[module["FILE"]] == {2, 3, 6, 7, 8}
    if monitoring is not None:  # else each thread is left to whoever starts it
        assert recorder.together[module["FILE"]] == {7}


def test_one_after_another(module: dict[str, Any]) -> None:
    for _ in range(3):
        recorder = Recorder(mine=everything, concurrent=everything)
        with recorder.on():
            module["alone"]()
        assert recorder.reached[module["FILE"]] == {2, 3}


@needs_monitoring
def test_nothing_is_left(module: dict[str, Any]) -> None:
    def tools() -> list[str | None]:
        return [monitoring.get_tool(tool) for tool in range(6)]

    before = tools()
    with Recorder(mine=everything, concurrent=nothing).on():
        module["alone"]()
        here = [tool for tool, (was, now) in enumerate(zip(before, tools(), strict=True)) if was != now]
    assert tools() == before
    assert len(here) == 1
    monitoring.use_tool_id(here[0], "other")
    try:
        assert monitoring.get_events(here[0]) == 0
        assert monitoring.get_local_events(here[0], module["alone"].__code__) == 0
    finally:
        monitoring.free_tool_id(here[0])


def test_the_trace_function_is_gone_afterwards(module: dict[str, Any]) -> None:
    before, new = sys.gettrace(), threading.gettrace()
    if before is not None:
        pytest.skip("somebody traces these tests")
    with Recorder(mine=everything, concurrent=nothing).on():
        module["alone"]()
    assert (sys.gettrace(), threading.gettrace()) == (None, new)


@needs_monitoring
def test_where_all_places_are_taken_it_says_who_has_them() -> None:
    taken = [tool for tool in range(6) if monitoring.get_tool(tool) is None]
    for tool in taken:
        monitoring.use_tool_id(tool, f"tool {tool}")
    try:
        with pytest.raises(Unavailable, match=f"tool {taken[0]}"), Recorder(mine=everything, concurrent=nothing).on():
            pass
    finally:
        for tool in taken:
            monitoring.free_tool_id(tool)


def test_what_counts(tmp_path: Path) -> None:
    assert countable(str(tmp_path / "module.py"))
    assert own(str(tmp_path / "module.py"))
    assert countable(str(Path(pytest.__file__)))
    assert not own(str(Path(pytest.__file__)))
    assert not countable(json.__file__)
    assert not countable("<string>")
    assert not countable(str(Path(sys.modules["pytest_gilcheck"].__file__ or "")))
